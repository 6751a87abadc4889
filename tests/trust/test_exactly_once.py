"""Promise: exactly-once outcome. Whatever the nodes do, the tables end as after a clean run; and
the oracle that says so notices one row, one copy and one byte.
"""

import pytest

import extractors.evm.landing
from extractors.evm.follow import follow
from oracul.errors import OraculError
from tests.fixtures.chain_landing import empty, landing, with_urls
from tests.fixtures.content import contents, differences
from tests.fixtures.fault_scenarios import COUNT, HONEST, LASTING, SCENARIOS, world

NAME = "exactly-once outcome"
TABLES = ("raw", "meta")
PATIENT = {"deadline_seconds": 30.0, "request_timeout_seconds": 1.0}
# A number without a common factor spreads a small count over all kinds.
_STRIDE = 11


@pytest.fixture
def clean(warehouse_settings, empty_chain_tables):
    """What the tables say after a clean run; they are empty again afterwards."""
    client = empty_chain_tables
    with landing(warehouse_settings, client, "devnet", HONEST) as landed:
        landed.follow()
    found = contents(client, TABLES)
    empty(client)
    return found


def run(settings, client, urls):
    """One round; returns the error that ended it, if one did."""
    try:
        follow(with_urls(settings, "devnet", urls, **PATIENT), client, "devnet", run_id="test")
    except OraculError as error:
        return error
    return None


def forged_rows(client, clean_hashes):
    """Canonical blocks that are not of the honest chain."""
    (found,) = client.query(
        "select countIf(block_hash not in {known:Array(String)}) from meta.canonical_blocks final",
        parameters={"known": clean_hashes},
    ).result_columns
    return found[0]


def outcome(settings, client, name, seed, clean):
    """Sentences about what is not as it should be after a scenario; none means: equal."""
    honest_hashes = [block.hash for block in HONEST.blocks]
    with world(name, seed) as (urls, honest):
        error = run(settings, client, urls)
        told = [f"{n} rows of another chain" for n in [forged_rows(client, honest_hashes)] if n]
        if name in LASTING:
            error = run(settings, client, [honest])
    told += differences(clean, contents(client, TABLES))
    return [f"{name}, seed {seed}: {error or ''} {fault}" for fault in told]


def test_every_fault_ends_as_a_clean_run(promise, clean, warehouse_settings, empty_chain_tables):
    names = sorted(SCENARIOS)
    trial = promise(NAME, small=5, full=5 * len(names), unit="faults × seeds")
    unequal, broken = 0, []
    for index in range(trial.count):
        name = names[index * _STRIDE % len(names)]
        empty(empty_chain_tables)
        told = outcome(warehouse_settings, empty_chain_tables, name, index // len(names), clean)
        unequal += bool(told)
        broken += told
    kinds = min(trial.count, len(names))
    trial.saw(f"{trial.count - unequal} equal, {unequal} not; {kinds} kinds of fault")
    assert broken == []


SABOTAGE = {
    "a row dropped": "delete from raw.logs where block_number = 7",
    "a pointer dropped": "delete from meta.canonical_blocks where block_number = 7",
    "a row doubled": "insert into raw.logs select * replace (99 as log_index) from raw.logs"
    " where block_number = 7",
    "a byte changed": "insert into raw.logs select * replace ("
    "concat(substring(data, 1, 65), 'f') as data, now64(3) + 60 as ingested_at)"
    " from raw.logs where block_number = 7",
    "NULL for a value": "insert into raw.transactions select * replace ("
    "null as to_address, now64(3) + 60 as ingested_at) from raw.transactions"
    " where block_number = 7",
    "another finality": "insert into meta.canonical_blocks select * replace ("
    "'finalized' as finality, version + 1 as version) from meta.canonical_blocks final"
    " where block_number = 7",
}


@pytest.mark.parametrize("fault", SABOTAGE)
def test_oracle_notices(fault, clean, warehouse_settings, empty_chain_tables):
    client = empty_chain_tables
    with landing(warehouse_settings, client, "devnet", HONEST) as landed:
        landed.follow()
    assert differences(clean, contents(client, TABLES)) == []
    client.command(SABOTAGE[fault])
    assert len(differences(clean, contents(client, TABLES))) == 1


def test_copy_of_a_row_in_a_plain_table_counts_as_doubled(warehouse_client, fresh_database):
    table = f"{fresh_database}.plain"
    warehouse_client.command(
        f"create table {table} (block_date Date, k UInt8, v String)"
        " engine = MergeTree partition by block_date order by k"
    )
    warehouse_client.command(
        f"insert into {table} values ('2024-01-01', 1, 'a'), ('2024-01-02', 1, 'a')"
    )
    before = contents(warehouse_client, (fresh_database,))
    assert before[table].doubled == 0
    warehouse_client.command(f"insert into {table} values ('2024-01-02', 1, 'a')")
    (told,) = differences(before, contents(warehouse_client, (fresh_database,)))
    assert "0 doubled became 1" in told


def lossy(insert_arrow):
    """A client's insert that loses the last row of a table of logs."""

    def insert(name, table, **options):
        kept = table.slice(0, table.num_rows - 1) if name == "logs" else table
        return insert_arrow(name, kept, **options)

    return insert


@pytest.mark.parametrize("reads_back", [True, False])
def test_lost_insert_is_noticed_by_the_read_back_alone(
    reads_back, monkeypatch, clean, warehouse_settings, empty_chain_tables
):
    """The control: with the read-back removed, a row that the store lost stays unnoticed."""
    client = empty_chain_tables
    monkeypatch.setattr(client, "insert_arrow", lossy(client.insert_arrow))
    if not reads_back:
        monkeypatch.setattr(extractors.evm.landing, "check_landed", lambda *_: None)
    with landing(warehouse_settings, client, "devnet", HONEST) as landed:
        if reads_back:
            with pytest.raises(OraculError, match="were proven"):
                landed.follow()
            assert landed.pointers() == {}
        else:
            landed.follow()
            assert len(landed.pointers()) == COUNT
            assert differences(clean, contents(client, TABLES))
