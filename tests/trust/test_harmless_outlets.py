"""Hostile names of tokens come out of every outlet as text that nothing acts on.

What is for programs (JSON, CSV with --exact) stays exact; what is for eyes or spreadsheets does
nothing.
"""

import csv
import io
import json
import re
import unicodedata
from datetime import UTC, date, datetime
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from expectations.docs import index_page, offline
from expectations.results import CheckRow
from extractors.evm.token_decode import decode_token
from oracul import log
from oracul.alerts.messages import bundle
from oracul.alerts.rules import ActiveAnomaly, TroubledStep, anomaly_alerts, step_alerts
from oracul.cli.app import app
from oracul.cli.console import say_outcome, warn
from oracul.settings import Settings
from oracul.warehouse import Client, connection_environment
from tests.fixtures.hostile_names import HONEST, HOSTILE

ACTING = {"Cc", "Cf", "Co", "Cs", "Zl", "Zp"}
NOW = datetime(2026, 3, 2, 5, tzinfo=UTC)


def acting(text: str) -> set[str]:
    """Characters that a terminal acts on or that a reader cannot see."""
    return {c for c in text if unicodedata.category(c) in ACTING} - {"\n"}


@pytest.fixture(scope="module")
def names(warehouse_client: Client) -> str:
    """A table of hostile and honest names, and one query that reads it."""
    warehouse_client.command("create database if not exists hostile")
    warehouse_client.command(
        "create or replace table hostile.names (id UInt16, name String, low LowCardinality(String),"
        " listed Array(String), amount Int256, ratio Float64, day Nullable(Date))"
        " engine MergeTree order by id"
    )
    rows = [[i, n, n, [n], -(2**200) - i, -0.5, None] for i, n in enumerate(HOSTILE + HONEST)]
    warehouse_client.insert("hostile.names", rows)
    return "select * from hostile.names order by id"


@pytest.fixture
def ask(warehouse_settings: Settings, names: str, monkeypatch: pytest.MonkeyPatch) -> Any:
    """`oracul sql`, asked for all names in one format."""
    for name, value in connection_environment(warehouse_settings).items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("ORACUL_HOME", str(warehouse_settings.home))

    def run(*options: str) -> Any:
        done = CliRunner().invoke(app, ["sql", names, *options])
        assert done.exit_code == 0, done.output
        return done

    return run


def test_table_on_a_terminal_shows_what_would_act(ask: Any) -> None:
    done = ask()
    assert acting(done.stdout) == set()
    assert r"\x1b]0;owned" in done.stdout
    assert "[bold red]paid[/]" in done.stdout
    assert ":skull:" in done.stdout


def test_csv_runs_nothing_in_a_spreadsheet(ask: Any) -> None:
    done = ask("--format", "csv")
    rows = list(csv.DictReader(io.StringIO(done.stdout_bytes.decode(), newline="")))
    cells = [row[name] for row in rows for name in ("name", "low")]
    assert not [cell for cell in cells if cell[:1] and cell[0] in "=+-@\t\r"]
    assert [c.removeprefix("'") if c[1:2] in "=+-@\t\r" else c for c in cells[::2]] == [
        *HOSTILE, *HONEST,
    ]  # fmt: skip
    assert {row["amount"][:5] for row in rows} == {str(-(2**200))[:5]}
    assert "leading '" in done.stderr


def test_csv_for_programs_is_exact(ask: Any) -> None:
    done = ask("--format", "csv", "--exact")
    rows = csv.DictReader(io.StringIO(done.stdout_bytes.decode(), newline=""))
    assert [row["name"] for row in rows] == [*HOSTILE, *HONEST]


def test_json_is_exact(ask: Any) -> None:
    lines = ask("--format", "json").stdout_bytes.decode().splitlines()
    assert [json.loads(line)["name"] for line in lines] == [*HOSTILE, *HONEST]


@pytest.mark.parametrize("size", [1, 2, 3, 7, 64])
def test_formulas_are_found_wherever_the_stream_is_cut(size: int) -> None:
    from oracul.cli.spreadsheet import FormulaGuard

    text = b'"id","name"\n1,"=1"\n2,"a,""=1"\n3,"""=1"\n-4,"-5"\n5,""\n6,"@x\n""+y"\n'
    guard = FormulaGuard()
    cut = [text[i : i + size] for i in range(0, len(text), size)]
    assert b"".join(guard.guard(cut)) == (
        b'"id","name"\n1,"\'=1"\n2,"a,""=1"\n3,"""=1"\n-4,"\'-5"\n5,""\n6,"\'@x\n""+y"\n'
    )
    assert guard.changed == 3


class Acts(HTMLParser):
    """Collects tags and attributes that would run or fetch something."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in ("script", "iframe", "svg", "img", "object", "embed", "base", "form"):
            self.found.append(tag)
        self.found += [name for name, value in attrs if name.startswith("on")]
        self.found += [str(v) for _, v in attrs if str(v).lower().startswith("javascript:")]


def acts(page: str) -> list[str]:
    parser = Acts()
    parser.feed(page)
    return parser.found


def test_index_of_the_data_docs_runs_nothing() -> None:
    rows = [
        vars(CheckRow("s", f"t{n}", n, "warning", "warn", n, n, 1, json.dumps([n])))
        for n in HOSTILE
    ]
    page = index_page({"raw": {"run_id": HOSTILE[9], "checked_at": "", "pages": {}, "rows": rows}})
    assert acts(page) == []


def test_every_page_of_the_data_docs_lets_only_our_script_run() -> None:
    import base64
    import hashlib

    for page in (offline("<html><head></head><body></body></html>"), index_page({})):
        found = re.search(r"script-src 'sha256-([^']+)'", page)
        assert found is not None
        assert "default-src 'none'" in page
        for script in re.findall(r"<script>(.*?)</script>", page, re.S):
            digest = hashlib.sha256(script.encode()).digest()
            assert base64.b64encode(digest).decode() == found[1]


def messages() -> list[Any]:
    findings = [
        ActiveAnomaly("token", "devnet", f"0x{i:040x}", "volume_usd", date(2024, 5, 1), "high", 9.0,
                      f"{name} (devnet): volume 9 USD")
        for i, name in enumerate(HOSTILE)
    ]  # fmt: skip
    steps = [TroubledStep(n, n, "failed", f"the node says: {n}", "r", "r") for n in HOSTILE]
    return bundle([*step_alerts(steps), *anomaly_alerts(findings, "low")])


def test_alerts_hold_no_markup_of_any_chat() -> None:
    text = "\n".join(message.text for message in messages())
    assert acting(text) == set()
    assert not set("<>[]`*~|@") & set(text)
    assert "://" not in text
    assert not re.search(r":\w+:", text)


def test_alerts_of_anomalies_name_no_domain_that_a_chat_would_link() -> None:
    digest = messages()[-1]
    assert not re.search(r"\w\.[a-z]{2,}", digest.text)


def test_alerts_are_no_html() -> None:
    assert acts("\n".join(message.text for message in messages())) == []


def test_console_acts_on_no_summary_or_warning(capsys: pytest.CaptureFixture[str]) -> None:
    from flows.steps import Outcome

    for name in HOSTILE:
        say_outcome(Outcome("ingest_chain", "degraded", f"the node says {name}"))
        warn(name)
    said = capsys.readouterr()
    assert acting(said.out + said.err) - {"\t"} == set()
    assert "[bold red]paid" in said.out


@pytest.mark.parametrize("as_json", [False, True])
def test_logs_act_on_no_text(as_json: bool, capsys: pytest.CaptureFixture[str]) -> None:
    log.configure("info", json=as_json)
    for name in HOSTILE:
        log.get_logger().info("asked", answer=name)
    said = capsys.readouterr().err
    assert acting(said) - {"\t"} == set() if not as_json else True
    assert "\x1b" not in said
    if as_json:
        answers = [json.loads(line)["answer"] for line in said.splitlines()]
        assert answers == list(HOSTILE)


def test_prefect_gets_no_markup() -> None:
    from flows.artifacts import shown

    for name in HOSTILE:
        assert acting(shown(name)) == set()
        assert acts(shown(name)) == []


def test_names_are_stored_as_the_contract_gave_them() -> None:
    for name in ("<script>alert(1)</script>", "=1+1", "USD\u202eTHTE"):
        raw = name.encode()
        padded = raw + b"\0" * (-len(raw) % 32)
        answer = "0x" + (32).to_bytes(32).hex() + len(raw).to_bytes(32).hex() + padded.hex()
        token = decode_token({"symbol": answer, "name": answer, "decimals": None}, has_code=True)
        assert token.symbol == name


def test_check_sees_a_page_that_acts() -> None:
    """The control: without escaping, the check of pages is red."""
    assert all(acts(f"<p>{HOSTILE[i]}</p>") for i in (9, 10, 11, 13))


def test_no_page_of_great_expectations_acts(
    warehouse_settings: Settings, names: str, tmp_path: Path
) -> None:
    import great_expectations as gx

    from expectations.context import add_warehouse, new_context
    from expectations.docs import write_docs
    from expectations.inert import quieten_results

    context = new_context(tmp_path / "raw")
    asset = add_warehouse(context, warehouse_settings).add_table_asset(
        "names", table_name="names", schema_name="hostile"
    )
    expected = [
        gx.expectations.ExpectColumnValuesToBeInSet(column=column, value_set=[HOSTILE[10], "a"])
        for column in ("name", "low")
    ]
    definition = context.validation_definitions.add(
        gx.ValidationDefinition(
            name="names",
            data=asset.add_batch_definition_whole_table("whole table"),
            suite=context.suites.add(gx.ExpectationSuite(name="names", expectations=expected)),
        )
    )
    summary: Any = {"result_format": "SUMMARY", "partial_unexpected_count": 50}
    checkpoint = context.checkpoints.add(
        gx.Checkpoint(
            name="all", validation_definitions=[definition], actions=[], result_format=summary
        )
    )
    checkpoint.run()
    context.build_data_docs()
    raw = "".join(page.read_text() for page in tmp_path.rglob("*.html"))
    assert "<svg/onload=alert(1)>" in raw, "the control: without us these pages act"
    quieten_results(context)
    context.build_data_docs()
    write_docs(tmp_path, "raw", [], run_id="r", now=NOW)
    pages = [page.read_text() for page in tmp_path.rglob("*.html")]
    assert len(pages) > 1
    assert any("evil.example" in page for page in pages)
    assert all("</html>" in page for page in pages if "<html" in page)
    bare = [re.sub(r"<script>.*?</script>", "", page, flags=re.S) for page in pages]
    assert [found for page in bare for found in acts(page)] == []
