"""Stored rows are proven again: nothing wrong in clean ones, every planted damage found and mended.

The negative control is the damage itself: without it, the same verification passes.
"""

import json
import os
import random
import signal
import subprocess
import sys
from datetime import date
from functools import partial

import pytest

from extractors.evm.verify.report import DoesNotHold
from extractors.evm.verify.run import Scope, verify
from extractors.evm.verify.verdict import BRANCH, ROWS_FIT
from oracul.demo.recording import RecordedCall, Recording
from oracul.progress import Silent
from oracul.warehouse import connect, migrate
from tests.fixtures.chain_landing import TABLES, empty, landing
from tests.fixtures.content import contents, differences
from tests.fixtures.damage import change, columns, double_row, remove_row
from tests.fixtures.kinds_chain import CHAIN, CHAIN_ID, kinds_chain
from tests.fixtures.landing import land_blocks
from tests.fixtures.real_chain import load_recording, needs_shared_data
from tests.fixtures.toy_chain import address, word
from tests.fixtures.warehouse import own_warehouse

BLOCKS = 12
PROMISE = "damage in stored rows is found and mended"


@pytest.fixture(scope="module")
def landed(warehouse_settings, migrated_client):
    """The chain landed cleanly, its node still there, and what the tables then say."""
    empty(migrated_client)
    migrated_client.command("truncate table meta.verified_blocks")
    recording = Recording(CHAIN_ID, kinds_chain(BLOCKS))
    with landing(warehouse_settings, migrated_client, CHAIN, recording) as chain:
        chain.extract(0, BLOCKS)
        yield chain, contents(migrated_client, ("raw", "meta"))
    empty(migrated_client)


def look(chain, **scope):
    return verify(chain.settings, chain.client, Scope(CHAIN, **scope), run_id="test")


def faults_of(chain, **scope):
    """Faults by block, of a verification that must not pass."""
    with pytest.raises(DoesNotHold) as caught:
        look(chain, **scope)
    (report,) = caught.value.found
    return report


def stray_branch(chain, finality):
    """Three blocks of another branch on top, with pointers: a branch that the node never had."""
    other = kinds_chain(3, start=9, parent_hash=chain.pointers()[8], salt="x")
    land_blocks(chain.client, CHAIN, other, lambda _: finality)


def forget_stray_branch(chain, numbers=(9, 10, 11)):
    """Leave nothing of the other branch, and point at the node's again."""
    for table in ("blocks", "transactions", "logs", "withdrawals"):
        chain.client.command(
            f"delete from raw.{table} where chain = '{CHAIN}' and block_number in {numbers}"
            " and block_hash not in {mine:Array(String)}",
            parameters={"mine": [block.hash for block in kinds_chain(BLOCKS)]},
        )
    chain.client.command(
        f"delete from meta.canonical_blocks where chain = '{CHAIN}' and block_number in {numbers}"
    )
    chain.client.command("truncate table meta.reorgs")
    chain.extract(0, BLOCKS)


def canonical_rows(client):
    return client.query(
        "select block_number, block_hash from meta.canonical_blocks final order by 1"
    ).result_rows


def mended(chain, clean):
    """Repair, then compare with the clean landing."""
    (report,) = look(chain, repairs=True)
    assert report.holds
    return report, differences(clean, contents(chain.client, ("raw", "meta")))


def test_clean_rows_hold_in_full(landed):
    chain, _ = landed
    (report,) = look(chain)
    assert report.blocks == BLOCKS
    assert {state for _, state in +report.counts} == {"proven"}


def test_each_damaged_column_is_found_and_mended(landed, promise):
    chain, clean = landed
    every = [column for column in columns(chain.client) if column.name != "chain"]
    trial = promise(PROMISE, small=3, full=len(every), unit="columns")
    chosen = every if trial.count == len(every) else random.Random(7).sample(every, trial.count)
    found, equal, unlike = 0, 0, []
    for place, column in enumerate(chosen):
        number = 1 + place % (BLOCKS - 3)
        change(chain.client, column, CHAIN, number)
        report = faults_of(chain)
        names = {fault.table for faults in report.faults.values() for fault in faults}
        near = min(report.faults, default=0) in (number, number + 1) or report.missing
        found += bool(near and (column.table in names or report.missing or column.name != "data"))
        _, told = mended(chain, clean)
        equal += not told
        unlike += [f"{column.table}.{column.name}: {told}"] if told else []
    trial.saw(f"{found} found, {equal} equal after repair, of {len(chosen)}")
    assert (found, unlike) == (len(chosen), [])


@pytest.mark.slow
@pytest.mark.parametrize("table", ["raw.blocks", "raw.transactions", "raw.logs", "raw.withdrawals",
                                   "meta.canonical_blocks"])  # fmt: skip
def test_lost_row_is_found_and_mended(landed, table):
    chain, clean = landed
    remove_row(chain.client, table, CHAIN, 5)
    report = faults_of(chain, blocks=(0, BLOCKS))
    assert report.missing == 1 if table.startswith("meta") else set(report.faults) == {5}
    assert mended(chain, clean)[1] == []


@pytest.mark.slow
@pytest.mark.parametrize("table", ["raw.transactions", "raw.logs", "raw.withdrawals"])
def test_row_too_many_is_found_and_mended(landed, table):
    chain, clean = landed
    double_row(chain.client, table, CHAIN, 6, same_key=False)
    report = faults_of(chain)
    assert {fault.table for fault in report.faults[6]} >= {table}
    assert mended(chain, clean)[1] == []


def test_row_landed_twice_is_no_damage(landed):
    chain, clean = landed
    for table in TABLES:
        if table.startswith("raw.") and clean[table].rows:
            double_row(chain.client, table, CHAIN, 4, same_key=True)
    (report,) = look(chain)
    assert report.holds


@pytest.mark.slow
def test_missing_day_is_found_by_day_and_filled(landed):
    chain, clean = landed
    chain.client.command(f"delete from meta.canonical_blocks where chain = '{CHAIN}'"
                         " and block_number in (5, 6, 7, 8)")  # fmt: skip
    report = faults_of(chain)
    assert report.gaps == [range(5, 9)]
    report, told = mended(chain, clean)
    assert (report.filled, told) == (4, [])


def test_old_rows_without_signatures_are_partial_not_broken(landed):
    chain, _ = landed
    old = ("signature_v", "signature_r", "signature_s", "signed_chain_id", "access_list")
    nothing = ", ".join(f"cast(null, toTypeName({name})) as {name}" for name in old)
    later = "addMilliseconds(ingested_at, 1) as ingested_at"
    for table, replaced in (("transactions", nothing), ("blocks", "'' as rest_digest")):
        chain.client.command(
            f"insert into raw.{table} select * replace ({replaced}, {later}) from raw.{table}"
            f" final where chain = '{CHAIN}' and block_number = 3"
        )
    (report,) = look(chain, blocks=(3, 4))
    assert report.counts["transactions", "partial"] == 1
    assert report.counts["logs", "proven"] == 1
    chain.client.command(
        f"delete from meta.canonical_blocks where chain = '{CHAIN}' and block_number = 3"
    )
    look(chain, blocks=(3, 4), repairs=True)


def test_days_choose_their_blocks(landed):
    chain, _ = landed
    (report,) = look(chain, days=(date(2023, 11, 16), date(2023, 11, 16)))
    assert (report.start, report.end) == (5, 9)


@pytest.mark.slow
def test_rows_of_a_canonical_block_at_another_height_are_found(landed):
    chain, clean = landed
    chain.client.command(
        "insert into raw.logs select * replace (block_number + 1 as block_number)"
        f" from (select * from raw.logs final where chain = '{CHAIN}' and block_number = 7)"
    )
    report = faults_of(chain)
    assert [fault.check for fault in report.faults[8]] == [ROWS_FIT]
    assert mended(chain, clean)[1] == []


def test_other_branch_is_found_and_followed(landed):
    chain, clean = landed
    rows = canonical_rows(chain.client)
    stray_branch(chain, finality="latest")
    report = faults_of(chain)
    assert set(report.faults) == {9, 10, 11}
    assert {fault.check for faults in report.faults.values() for fault in faults} == {BRANCH}
    look(chain, repairs=True)
    assert canonical_rows(chain.client) == rows
    forget_stray_branch(chain)
    assert differences(clean, contents(chain.client, ("raw", "meta"))) == []


@pytest.mark.slow
def test_other_branch_is_left_to_people_when_it_was_final(landed):
    chain, _ = landed
    stray_branch(chain, finality="finalized")
    before = canonical_rows(chain.client)
    report = faults_of(chain, repairs=True)
    assert any("was final" in note for note in report.notes)
    assert canonical_rows(chain.client) == before
    forget_stray_branch(chain)


@pytest.mark.slow
def test_other_branch_is_not_seen_offline(landed):
    chain, _ = landed
    stray_branch(chain, finality="latest")
    (report,) = look(chain, is_offline=True)
    assert report.notes == ["no node was asked for its branch"]
    forget_stray_branch(chain)


@pytest.mark.slow
def test_wrong_pointer_below_a_confirmed_block_is_mended_though_it_was_final(landed):
    chain, clean = landed
    other = kinds_chain(1, start=6, parent_hash=chain.pointers()[5], salt="x")
    land_blocks(chain.client, CHAIN, other)
    report = faults_of(chain)
    assert [fault.check for fault in report.faults[6]] == [BRANCH]
    report, _ = mended(chain, clean)
    assert report.repaired == 1
    forget_stray_branch(chain, numbers=(6,))
    assert differences(clean, contents(chain.client, ("raw", "meta"))) == []


@pytest.mark.slow
def test_results_are_rows_and_a_passing_range_hides_no_damage_elsewhere(landed):
    chain, clean = landed
    remove_row(chain.client, "raw.logs", CHAIN, 2)
    faults_of(chain)
    look(chain, blocks=(6, 9))
    assert chain.rows(
        "select argMax(status, checked_at) from meta.data_quality_checks final"
        " where suite = 'verify' and table = 'raw.logs' and check = 'receiptsRoot and logsBloom'"
    ) == [("fail",)]
    assert mended(chain, clean)[1] == []
    assert chain.rows("select count() from meta.verified_blocks final where notEmpty(faults)") == [
        (0,)
    ]


@pytest.mark.parametrize(("claimed", "status"), [(0, "pass"), (5, "warn")])
def test_supply_is_sampled_at_the_node(warehouse_settings, migrated_client, claimed, status):
    empty(migrated_client)
    blocks = kinds_chain(4)
    minted = sum(1000 + number for number in (2, 3))
    calls = [
        RecordedCall(to=address("token"), data="0x18160ddd", result=word(supply), block_number=at)
        for at, supply in ((1, 77), (3, 77 + minted + claimed))
    ]
    codes = {address("token"): "0x00"}
    recording = Recording(CHAIN_ID, blocks, calls=calls, codes=codes)
    with landing(warehouse_settings, migrated_client, CHAIN, recording) as chain:
        chain.extract(2, 4)
        look(chain)
        ((found,),) = chain.rows(
            "select argMax(status, checked_at) from meta.data_quality_checks final"
            " where check = 'supply changes as minted and burned'"
        )
    assert found == status
    empty(migrated_client)


CURATED = (
    "create table curated.blocks (chain String, block_date Date, block_hash String)"
    " engine = MergeTree order by chain",
    "create table curated.erc20_transfers (chain String, block_date Date, block_number UInt64,"
    " token_address String, from_address String, to_address String, amount_raw UInt256,"
    " transfer_type String) engine = MergeTree order by chain",
    "insert into curated.blocks select chain, toDate(block_timestamp), block_hash from raw.blocks",
    "insert into curated.erc20_transfers select chain, toDate(block_timestamp), block_number,"
    " address, concat('0x', substring(topic1, 27)), concat('0x', substring(topic2, 27)),"
    " reinterpretAsUInt256(reverse(unhex(substring(data, 3)))), if(endsWith(topic1,"
    " repeat('0', 40)), 'mint', 'transfer') from raw.logs where length(data) = 66 and"
    " topic2 is not null",
)
FALSIFIED = {
    "a row gone": "delete from curated.erc20_transfers where block_number = 3 and"
    " transfer_type = 'mint'",
    "a receiver lost": "alter table curated.erc20_transfers update to_address ="
    f" '0x{'00' * 20}' where block_number = 3 and transfer_type = 'transfer'"
    " settings mutations_sync = 1",
}


@pytest.mark.slow
def test_totals_of_modelled_transfers_must_be_those_of_the_logs(tmp_path):
    with own_warehouse(tmp_path / "home") as settings:
        client = connect(settings)
        migrate(client)
        land_blocks(client, CHAIN, kinds_chain(6))
        for statement in CURATED:
            client.command(statement)
        scope = Scope(CHAIN, is_offline=True)
        (report,) = verify(settings, client, scope, run_id="clean")
        assert report.unequal_totals == 0
        for what, statement in FALSIFIED.items():
            client.command(statement)
            with pytest.raises(DoesNotHold, match="not the logs'"):
                verify(settings, client, scope, run_id=what)
            client.command("truncate table curated.erc20_transfers")
            client.command(CURATED[-1])
        client.close()


@needs_shared_data
def test_real_blocks_hold(warehouse_settings, migrated_client):
    empty(migrated_client)
    for chain, folder in (("ethereum", "jsonrpc_mainnet"), ("optimism", "jsonrpc_optimism")):
        blocks = load_recording(folder).blocks
        land_blocks(migrated_client, chain, blocks)
        try:
            scope = Scope(chain, is_offline=True)
            (report,) = verify(warehouse_settings, migrated_client, scope, run_id="test")
        except DoesNotHold as gaps_between_them:
            (report,) = gaps_between_them.found
        assert (report.blocks, report.broken) == (len(blocks), 0)
        for dataset in ("blocks", "transactions", "logs"):
            assert report.counts[dataset, "proven"] == report.blocks
    empty(migrated_client)


class StopAtOnce(Silent):
    """Presses Ctrl-C when the first blocks are done."""

    is_pressed = False

    def advance(self, done, **facts):
        if not self.is_pressed:
            self.is_pressed = True
            os.kill(os.getpid(), signal.SIGINT)


@pytest.mark.slow
def test_interrupted_verification_keeps_what_was_found(warehouse_settings, migrated_client):
    empty(migrated_client)
    migrated_client.command("truncate table meta.verified_blocks")
    many = 2_500
    land_blocks(migrated_client, CHAIN, kinds_chain(many))
    scope = Scope(CHAIN, is_offline=True)
    with pytest.raises(KeyboardInterrupt, match="looked at"):
        verify(warehouse_settings, migrated_client, scope, run_id="t", progress=StopAtOnce())
    ((kept,),) = migrated_client.query("select count() from meta.verified_blocks").result_rows
    assert 0 < kept < many
    empty(migrated_client)


@pytest.mark.slow
def test_command_fails_and_names_the_block(tmp_path):
    with own_warehouse(tmp_path / "home") as settings:
        client = connect(settings)
        migrate(client)
        land_blocks(client, CHAIN, kinds_chain(6))
        command = [sys.executable, "-m", "oracul.cli", "verify"]
        home = {"ORACUL_HOME": str(settings.home)}
        run = partial(subprocess.run, capture_output=True, text=True, env=os.environ | home)
        clean = run([*command, "--offline", "--json"])
        assert (clean.returncode, json.loads(clean.stdout)["holds"]) == (0, True)
        remove_row(client, "raw.logs", CHAIN, 3)
        broken = run([*command, "--offline"])
        assert broken.returncode == 1
        assert "devnet 3 raw.logs receiptsRoot and logsBloom" in broken.stderr
        reversed_days = run([*command, "--from", "2023-11-16", "--to", "2023-11-14"])
        assert reversed_days.returncode == 2
        client.close()
