"""Data Docs: nothing from elsewhere is loaded, and what strangers wrote stays text."""

from datetime import UTC, datetime

import pytest

from expectations.docs import index_page, offline, write_docs
from expectations.results import CheckRow, rows_of

NOW = datetime(2026, 3, 2, 5, tzinfo=UTC)
PAGE = """<html><head>
<link rel="stylesheet" href="https://cdn.example/bootstrap.css"/>
<link rel="shortcut icon" href="static/favicon.ico"/>
<script src="https://cdn.example/jquery.js"></script><script>$('#x').modal()</script>
</head><body><img class="a"
 src="https://assets.example/logo.png"/><a href="https://greatexpectations.io">GX</a>
<p>kept</p><footer><a href="https://x.example">ad</a></footer></body></html>"""


def row(**changed):
    facts = {
        "suite": "raw_door", "table": "raw.logs", "check": "gaps", "severity": "warning",
        "status": "warn", "observed": "1 wrong row", "expected": "none", "unexpected_count": 1,
    } | changed  # fmt: skip
    return CheckRow(**facts)


def test_page_loads_nothing_from_elsewhere():
    page = offline(PAGE)
    assert "https://" not in page
    assert "modal" not in page.partition("<body>")[2]


def test_page_keeps_its_text_and_gets_our_looks():
    page = offline(PAGE)
    assert "<p>kept</p>" in page
    assert "static/favicon.ico" in page
    assert "<style>" in page.partition("</head>")[0]


def test_examples_are_text():
    run = {"run_id": "<b>", "checked_at": "", "pages": {},
           "rows": [vars(row(details='{"symbol": "<script>alert(1)</script>"}'))]}  # fmt: skip
    page = index_page({"raw": run})
    assert "<script>" not in page
    assert "&lt;script&gt;" in page


def test_index_shows_the_last_run_of_both_doors(tmp_path):
    write_docs(tmp_path, "raw", [row()], run_id="first", now=NOW)
    index = write_docs(tmp_path, "marts", [row(table="marts.x", status="pass")], run_id="2",
                       now=NOW)  # fmt: skip
    text = index.read_text()
    assert "Run first, 2026-03-02 05:00 UTC" in text
    assert "Run 2, " in text


def test_index_leads_to_the_page_of_each_table(tmp_path):
    page = tmp_path / "raw" / "validations" / "raw" / "logs" / "r" / "t" / "result.html"
    page.parent.mkdir(parents=True)
    page.write_text(PAGE)
    index = write_docs(tmp_path, "raw", [row()], run_id="r", now=NOW)
    assert 'href="raw/validations/raw/logs/r/t/result.html"' in index.read_text()
    assert "https://" not in page.read_text()


def test_pictures_that_no_page_shows_are_left_out(tmp_path):
    static = tmp_path / "raw" / "static" / "images"
    static.mkdir(parents=True)
    for name in ("favicon.ico", "tour.gif"):
        static.joinpath(name).write_text("")
    write_docs(tmp_path, "raw", [row()], run_id="r", now=NOW)
    assert [path.name for path in static.iterdir()] == ["favicon.ico"]


def answer(**changed):
    return {
        "success": False, "exception_info": {"raised_exception": False},
        "expectation_config": {"type": "unexpected_rows_expectation", "severity": "critical",
                               "kwargs": {}, "meta": {"check": "gaps", "expected": "none"}},
        "result": {"observed_value": 2},
    } | changed  # fmt: skip


@pytest.mark.parametrize(
    ("success", "severity", "status"),
    [(True, "critical", "pass"), (False, "critical", "fail"), (False, "warning", "warn")],
)
def test_status_follows_success_and_severity(success, severity, status):
    result = answer(success=success)
    result["expectation_config"]["severity"] = severity
    assert rows_of("raw_door", "raw.logs", [result])[0].status == status


def test_wrong_rows_are_counted():
    (found,) = rows_of("raw_door", "raw.logs", [answer()])
    assert (found.check, found.observed, found.unexpected_count) == ("gaps", "2 wrong rows", 2)


@pytest.mark.parametrize("nested", [True, False])
def test_check_that_raised_says_why(nested):
    info = {"raised_exception": True, "exception_message": "no\n such column"}
    (found,) = rows_of("s", "t", [answer(exception_info={"m": info} if nested else info)])
    assert (found.status, found.observed) == ("fail", "could not be checked")
    assert found.details == "no such column"
