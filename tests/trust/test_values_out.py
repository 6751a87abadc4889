"""Promise: values are exact or refused, through every way out: the client, `oracul sql` as table,
CSV and JSON, and alerts.
"""

import csv
import io
import json
import math
from datetime import date, datetime
from decimal import Decimal

import pytest
from typer.testing import CliRunner

from oracul.alerts.messages import Message
from oracul.alerts.text import harmless
from oracul.cli.app import app
from oracul.units import compact
from tests.fixtures.edge_values import SHOWN

NAME = "values are exact or refused"
QUERY = "select " + ", ".join(f"{shown.sql} as c{i}" for i, shown in enumerate(SHOWN))


def same(found, expected):
    """Whether a value is the one meant, in the form its outlet gives it."""
    if isinstance(found, float) and isinstance(expected, float):
        both_nan = math.isnan(found) and math.isnan(expected)
        return both_nan or math.copysign(1, found) * found == math.copysign(1, expected) * expected
    if isinstance(found, Decimal):
        return f"{found:f}" == expected
    if isinstance(found, datetime):
        text = found.replace(tzinfo=None).isoformat(" ", "milliseconds")
        return text.removesuffix(".000") == expected
    if isinstance(found, date):
        return found.isoformat() == expected
    return type(found) is type(expected) and found == expected


@pytest.fixture
def oracul_sql(monkeypatch, warehouse_settings, warehouse_client):
    """Runs `oracul sql` with the query of all edges; returns its output as bytes."""
    monkeypatch.setenv("ORACUL_HOME", str(warehouse_settings.home))
    monkeypatch.setattr("oracul.cli.console.out.width", 100)

    def run(form):
        done = CliRunner().invoke(app, ["sql", QUERY, "--format", form])
        assert done.exit_code == 0, done.output
        return done.stdout_bytes

    return run


def tell(trial, wrong):
    trial.saw(f"{len(SHOWN) - len(wrong)} exact, {len(wrong)} otherwise")
    assert wrong == []


def test_client_reads_values_exactly(promise, warehouse_client):
    trial = promise(NAME, small=len(SHOWN), full=len(SHOWN), unit="values read by the client")
    ((*found,),) = warehouse_client.query(QUERY, query_formats={"String": "bytes"}).result_rows
    read = [v.decode() if isinstance(v, bytes) and v != b"\xffA" else v for v in found]
    wrong = [(s.sql, v) for s, v in zip(SHOWN, read, strict=True) if not same(v, s.python)]
    tell(trial, wrong)


def test_table_shows_values_exactly(promise, oracul_sql):
    trial = promise(NAME, small=len(SHOWN), full=len(SHOWN), unit="values in a table")
    lines = oracul_sql("table").decode().splitlines()
    shown = {line.partition("  ")[0].strip(): line.partition("  ")[2].strip() for line in lines}
    wrong = [
        (s.sql, shown.get(f"c{i}"))
        for i, s in enumerate(SHOWN)
        if shown.get(f"c{i}", "").strip() != s.table
    ]
    tell(trial, wrong)


def test_json_holds_values_exactly(promise, oracul_sql):
    trial = promise(NAME, small=len(SHOWN), full=len(SHOWN), unit="values in JSON")
    out = oracul_sql("json")
    with pytest.raises(UnicodeDecodeError):  # what is no text is no JSON, and that is not silent
        out.decode()
    found = json.loads(out.replace(b"\xff", b"\\\\xff"), parse_float=lambda text: text)
    wrong = []
    for i, shown in enumerate(SHOWN):
        value, meant = found[f"c{i}"], shown.python
        if meant == b"\xffA":
            meant = "\\xffA"
        if isinstance(meant, float):
            value = float(value)
        if not same(value, meant):
            wrong.append((shown.sql, value))
    tell(trial, wrong)


def test_csv_holds_values_exactly(promise, oracul_sql):
    trial = promise(NAME, small=len(SHOWN), full=len(SHOWN), unit="values in CSV")
    text = oracul_sql("csv").decode("utf-8", "backslashreplace")
    _, found = csv.reader(io.StringIO(text, newline=""))
    wrong = []
    for value, shown in zip(found, SHOWN, strict=True):
        meant = {None: "\\N", b"\xffA": "\\xffA"}.get(shown.python, shown.python)
        if isinstance(meant, float):
            value, meant = float(value), float(meant)
        elif isinstance(meant, bool):
            meant = str(meant).lower()
        else:
            meant = str(meant)
        if not same(value, meant):
            wrong.append((shown.sql, value))
    # NULL and the text \N are told apart by the quotes, which a reader of CSV drops.
    assert text.count("\\N") == 2
    assert text.count('"\\N"') == 1
    tell(trial, wrong)


ALERTED = [
    (0.0, "0"), (1e-30, "1e-30"), (-1e-30, "-1e-30"), (999.4, "999"), (999.6, "1 k"),
    (1.5e15, "1.500e+15"), (1.157e77, "1.157e+77"), (math.nan, "nan"), (math.inf, "inf"),
    (-math.inf, "-inf"),
]  # fmt: skip


def test_alerts_round_visibly_and_never_drop(promise):
    trial = promise(NAME, small=len(ALERTED), full=len(ALERTED), unit="values in alerts")
    wrong = [(v, compact(v)) for v, text in ALERTED if compact(v) != text]
    trial.saw(f"{len(ALERTED) - len(wrong)} to three digits, {len(wrong)} otherwise")
    assert wrong == []


def test_long_text_in_an_alert_ends_in_a_mark():
    title = harmless("x" * 10**7)
    message = Message("rule", "high", title, (), ())
    assert len(message.text) == 500
    assert message.text.endswith("…")
