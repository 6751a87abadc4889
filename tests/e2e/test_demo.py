"""`oracul demo`, run twice: what was planted is found, what was recorded is counted once."""

import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from oracul.demo.places import load_manifest
from oracul.settings import Settings, WarehouseSettings
from oracul.warehouse import Client, connect
from oracul.warehouse.embedded import stop

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]

MANIFEST = load_manifest()
ORACUL = str(Path(sys.executable).with_name("oracul"))
COUNTED_TABLES = (
    "raw.blocks", "raw.transactions", "raw.logs", "raw.prices_spot", "raw.token_metadata",
    "curated.erc20_transfers", "curated.nft_transfers", "curated.odd_transfers", "curated.tokens",
    "marts.token_metrics_daily", "marts.address_flows_daily", "marts.network_metrics_daily",
)  # fmt: skip


@dataclass(frozen=True)
class Shown:
    """A warehouse after the demo ran twice, what both runs printed, and the tables after each."""

    client: Client
    printed: list[str]
    tables: list[dict[str, Any]]

    def rows(self, sql: str) -> list[Any]:
        return list(self.client.query(sql).result_rows)

    def number(self, sql: str) -> int:
        return int(self.rows(sql)[0][0])


@pytest.fixture(scope="module")
def shown(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shown]:
    home = tmp_path_factory.mktemp("demo")
    settings = Settings(home=home, warehouse=WarehouseSettings(port=0), _env_file=None)
    environment = {k: v for k, v in os.environ.items() if not k.startswith("ORACUL_")}
    environment |= {"ORACUL_HOME": str(home), "ORACUL_WAREHOUSE__PORT": "0", "COLUMNS": "200"}
    printed, tables = [], []
    try:
        client = connect(settings)
        for _ in range(2):
            ended = subprocess.run(
                [ORACUL, "demo"], env=environment, cwd=home, capture_output=True, text=True
            )
            assert ended.returncode == 0, ended.stdout[-3000:] + ended.stderr[-3000:]
            printed.append(ended.stdout)
            tables.append({name: content(client, name) for name in COUNTED_TABLES})
        yield Shown(client, printed, tables)
    finally:
        stop(settings)


def content(client: Client, table: str) -> Any:
    """Hash of all rows, whatever their order; instants of landing are left out."""
    columns = client.query(
        "select name from system.columns where concat(database, '.', table) = {table:String}"
        " and name not in ('ingested_at', 'built_at') order by position",
        parameters={"table": table},
    ).result_rows
    names = ", ".join(name for (name,) in columns)
    final = " final" if table.startswith("raw.") else ""
    # As one text: the hash of several values is NULL, and left out of the sum, when one is NULL.
    query = f"select count(), sum(sipHash64(toString(tuple({names})))) from {table}{final}"
    return client.query(query).result_rows[0]


def test_every_recorded_block_is_canonical_and_proven(shown) -> None:
    pointers = "meta.canonical_blocks final where chain = 'devnet'"
    assert shown.number(f"select count() from {pointers}") == MANIFEST["counts"]["blocks"]
    tip = shown.rows(f"select block_hash from {pointers} order by block_number desc limit 1")
    assert tip[0][0] == MANIFEST["tip_hash"]
    unproven = "select count() from curated.blocks where chain = 'devnet' and not is_proven"
    assert shown.number(unproven) == 0


def test_decoded_transfers_are_those_recorded(shown) -> None:
    kinds = dict(
        shown.rows("select transfer_type, count() from curated.erc20_transfers group by 1")
    )
    counts = MANIFEST["counts"]
    assert kinds["transfer"] + kinds["mint"] + kinds["burn"] == counts["erc20_logs"]
    assert (kinds["wrap"], kinds["unwrap"]) == (counts["wrap_logs"], counts["unwrap_logs"])
    assert shown.number("select count() from curated.nft_transfers") == counts["erc721_logs"]
    assert shown.number("select count() from curated.odd_transfers") == counts["odd_logs"]


def test_reorganisation_is_followed_and_kept_as_fact(shown) -> None:
    reorg = MANIFEST["reorg"]
    found = shown.rows("select fork_block_number, depth, outcome from meta.reorgs final")
    assert found == [(reorg["common_block"], reorg["depth"], "followed")]
    lost = ", ".join(f"'{name}'" for name in reorg["orphaned_hashes"])
    kept = f"select uniqExact(block_hash) from raw.blocks where block_hash in ({lost})"
    assert shown.number(kept) == reorg["depth"]


def test_falsified_answers_are_refused(shown) -> None:
    faults = {n for blocks in MANIFEST["endpoint_faults"].values() for n in blocks}
    refused = shown.rows("select key from meta.rejected_rows where table = 'raw.blocks'")
    assert refused
    assert {int(key.split("/")[1]) for (key,) in refused} <= faults


def test_lying_price_source_is_refused_in_its_hours_only(shown) -> None:
    lie = MANIFEST["price_faults"]["lie"]
    refused = shown.rows("select source, key from meta.rejected_rows where table like '%prices%'")
    assert len(refused) == lie["hours"]
    assert {source for source, _ in refused} == {lie["source"]}


def test_price_source_that_was_out_is_made_up_for(shown) -> None:
    hours = MANIFEST["day_count"] * 24 * len(MANIFEST["assets"])
    landed = "select count() from raw.prices_spot final where source = 'kraken'"
    assert shown.number(landed) == hours


def test_curated_seed_overrides_the_chain(shown) -> None:
    wrong = MANIFEST["nuisances"]["wrong_onchain_decimals"]
    token = next(t for t in MANIFEST["tokens"] if t["key"] == wrong["token"])
    where = f"where token_address = '{token['address']}'"
    assert shown.number(f"select decimals from curated.tokens {where}") == wrong["is"]
    assert shown.number(f"select any(decimals) from raw.token_metadata {where}") == wrong["says"]


def test_missing_decimals_stay_unknown(shown) -> None:
    address = next(t["address"] for t in MANIFEST["tokens"] if t["key"] == "pts")
    found = shown.rows(f"select decimals from curated.tokens where token_address = '{address}'")
    assert found == [(None,)]


def test_every_planted_event_is_found_in_its_metrics(shown) -> None:
    found = {
        (str(day), entity, metric)
        for day, entity, metric in shown.rows(
            "select date, entity_id, metric from meta.anomalies final"
            " where is_active and method = 'ensemble'"
        )
    }
    planted = {
        (event["date"], event["entity_id"], metric)
        for event in MANIFEST["events"]
        for metric in event["metrics"]
    }
    assert planted - found == set()


def test_markers_and_bands_of_charts_are_those_of_the_anomalies(shown) -> None:
    numbers = (
        "block_date, entity_type, entity_id, metric, value, expected, lower_bound, upper_bound,"
        " severity"
    )
    told = shown.rows(
        f"select {numbers} from marts.anomalies where method = 'ensemble' order by all"
    )
    marked = shown.rows(
        f"select {numbers} from marts.metric_bands_daily where anomaly_value = value order by all"
    )
    assert marked == told != []
    judged = shown.number("select count() from marts.metric_bands_daily")
    assert f"judged {judged:,} values" in shown.printed[0]


def test_nothing_else_is_critical(shown) -> None:
    expected = {(e["date"], e["entity_id"]) for e in MANIFEST["events"]}
    expected |= {(e["date"], a) for e in MANIFEST["events"] for a in e["addresses"]}
    dead = next(event for event in MANIFEST["events"] if event["kind"] == "dead")
    critical = shown.rows(
        "select date, entity_id from meta.anomalies final"
        " where is_active and method = 'ensemble' and severity = 'critical'"
    )
    for day, entity in critical:
        is_dead = entity == dead["entity_id"] and str(day) >= dead["date"]
        assert is_dead or (str(day), entity) in expected


def test_second_run_changes_nothing(shown) -> None:
    assert shown.tables[0] == shown.tables[1]


def test_demo_says_what_it_found(shown) -> None:
    planted = len(MANIFEST["events"])
    for text in shown.printed:
        assert f"Planted events found: {planted} of {planted}" in text
        assert "oracul status" in text
