"""The kinds of checks the suites are made of, each with a name and words for people."""

from pathlib import Path
from typing import Any

import great_expectations.expectations as gxe
from great_expectations.expectations.row_conditions import Column

from expectations.scope import Scope, Severity

SQL_DIR = Path(__file__).with_name("suites") / "sql"

ADDRESS = r"^0x[0-9a-f]{40}$"
HASH = r"^0x[0-9a-f]{64}$"
HEX = r"^0x([0-9a-f]{2})*$"


def no_rows(
    scope: Scope,
    name: str,
    expected: str,
    *,
    severity: Severity = "critical",
    template: str = "",
    **columns: str,
) -> gxe.Expectation:
    """`suites/sql/<name>.sql` selects what is wrong; `{batch}` in it is the guarded table.

    Checks that differ in columns only share the file `template`, where `:<word>` stands for them.
    """
    sql = SQL_DIR.joinpath(f"{template or name}.sql").read_text(encoding="utf-8")
    for word, column in columns.items():
        sql = sql.replace(f":{word}", column)
    return gxe.UnexpectedRowsExpectation(
        unexpected_rows_query=scope.fill(sql), **_words(name, expected, severity)
    )


def count_is_proven(scope: Scope, things: str, index_column: str) -> gxe.Expectation:
    """Each canonical block has as many rows as its proof covered: `things` is the singular."""
    return no_rows(
        scope,
        f"{things}_count_is_proven",
        f"each canonical block has the {things}s its proof covered",
        template="count_is_proven",
        proven_column=f"{things}_count",
        index_column=index_column,
    )


def days_are_built(scope: Scope, source: str) -> gxe.Expectation:
    """The table was built again since a day of `source` changed, within a day and two hours."""
    return no_rows(
        scope,
        "days_are_built",
        f"each day of {source} that changed is built again within 26 hours",
        source=f"'{source}'",
    )


def matches(
    column: str, pattern: str, expected: str, *, landed: Scope | None = None
) -> gxe.Expectation:
    """Every value matches a regular expression or is NULL; of rows landed since, with `landed`."""
    condition = {}
    if landed and landed.since:
        condition = {"row_condition": Column("ingested_at") >= landed.since.replace(tzinfo=None)}
    return gxe.ExpectColumnValuesToMatchRegex(
        column=column, regex=pattern, **condition, **_words(f"{column}_format", expected)
    )


def one_of(column: str, values: list[str], **options: Any) -> gxe.Expectation:
    """Every value is one of a list."""
    return gxe.ExpectColumnValuesToBeInSet(
        column=column,
        value_set=values,
        **_words(f"{column}_is_known", f"one of {', '.join(values)}", **options),
    )


def _words(name: str, expected: str, severity: Severity = "critical") -> dict[str, Any]:
    return {
        "severity": severity,
        "description": f"{name.replace('_', ' ')}: {expected}",
        "meta": {"check": name, "expected": expected},
    }
