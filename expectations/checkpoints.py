"""Run the checks of a door: results as rows, as HTML, and as a verdict for whoever comes next."""

import json
from collections.abc import Container, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import ModuleType
from typing import Any

from expectations.results import CheckRow, rows_of
from expectations.scope import Door, Scope
from oracul.errors import WarehouseError
from oracul.progress import Progress, Silent
from oracul.settings import Settings
from oracul.units import plural
from oracul.warehouse import Client
from oracul.warehouse.publish import MART_GROUPS, MARTS, MARTS_NEXT

DOCS_FOLDER = "data-docs"
EXAMPLES = 5
# A door of some groups of marts only is recorded as `validate_marts:network+tokens`.
_LAST_ENDED_SQL = """
select started_at, status = 'done' as is_passed from meta.pipeline_runs final
where
    (step = {step:String} or (
        startsWith(step, concat({step:String}, ':'))
        and has(splitByChar('+', splitByChar(':', toString(step))[2]), {group:String})
    ))
    and status in ('done', 'failed')
order by started_at desc limit 1
"""


@dataclass(frozen=True)
class CheckReport:
    """How a door's checks ended. `docs_index` is the first page of the Data Docs; what was built
    after `judged_at` (the warehouse's clock) was not looked at.
    """

    door: Door
    rows: tuple[CheckRow, ...]
    docs_index: Path
    judged_at: datetime

    @property
    def failed_critical(self) -> tuple[CheckRow, ...]:
        """Checks that stop what comes after the door."""
        return tuple(row for row in self.rows if row.status == "fail")

    @property
    def failed_warnings(self) -> tuple[CheckRow, ...]:
        """Checks that a person should know of."""
        return tuple(row for row in self.rows if row.status == "warn")

    @property
    def sentence(self) -> str:
        """The report in one line, failed checks by name."""
        passed = sum(row.status == "pass" for row in self.rows)
        text = f"{passed} of {plural(len(self.rows), 'check')} passed"
        for word, rows in (("FAILED", self.failed_critical), ("warning", self.failed_warnings)):
            if rows:
                named = "; ".join(f"{row.table} {row.check}: {row.observed}" for row in rows[:5])
                text += f"; {word}: {named}" + (" …" if len(rows) > 5 else "")
        return text


def run_checks(
    settings: Settings,
    client: Client,
    *,
    door: Door,
    run_id: str,
    now: datetime,
    since: datetime | None = None,
    only: Container[str] | None = None,
    progress: Progress | None = None,
) -> CheckReport:
    """Check every table of a door, write `meta.data_quality_checks` and the Data Docs.

    A failed check is in the report, not an exception; a check that cannot run counts as failed.
    With `since` (see `last_passed`) only what was landed or built after it is looked at where whole
    tables would be slow. `only` names the tables to check; None = all of the door. Running again
    under the same `run_id` replaces the rows.
    """
    import great_expectations as gx

    from expectations.context import add_warehouse, new_context
    from expectations.docs import write_docs
    from expectations.inert import quieten_results
    from expectations.suites import suites_of

    progress = progress or Silent()
    judged_at = client.query("select now64(3, 'UTC')", tz_mode="aware").result_rows[0][0]
    followed = frozenset(name for name, chain in settings.chains.items() if chain.rpc_urls)
    scope = Scope(now.astimezone(UTC), followed, since)
    docs_dir = settings.home / DOCS_FOLDER
    context = new_context(docs_dir / door)
    warehouse = add_warehouse(context, settings)
    run = gx.RunIdentifier(run_name=run_id, run_time=scope.now)
    modules = [one for one in suites_of(door) if only is None or one.TABLE[1] in only]
    rows: list[CheckRow] = []
    progress.start(f"Checking {door}", len(modules), "tables")
    for module in modules:
        rows += _check_table(context, warehouse, client, module, scope, f"{door}_door", run)
        progress.advance(1, failed=sum(row.status == "fail" for row in rows))
    progress.finish()
    _record(client, rows, run_id, now)
    quieten_results(context)
    context.build_data_docs()
    docs_index = write_docs(docs_dir, door, rows, run_id=run_id, now=scope.now)
    return CheckReport(door, tuple(rows), docs_index, judged_at)


def last_passed(client: Client, door: Door, groups: Sequence[str] = MART_GROUPS) -> datetime | None:
    """When the last run of a door's checks began, if it passed, less an hour for clocks: of the
    groups of marts that which passed longest ago.

    None before the first and after a failed one: what failed may be older than the last pass, and
    must be looked at until it is mended. The time is this machine's, from `meta.pipeline_runs`.
    """
    begins: list[datetime] = []
    for group in groups if door == "marts" else ("",):
        asked = {"step": f"validate_{door}", "group": group}
        rows = client.query(_LAST_ENDED_SQL, parameters=asked).result_rows
        if not rows or not rows[0][1]:
            return None
        begins.append(rows[0][0].replace(tzinfo=UTC))
    return min(begins) - timedelta(hours=1) if begins else None


def _check_table(
    context: Any,
    warehouse: Any,
    client: Client,
    module: ModuleType,
    scope: Scope,
    suite: str,
    run: Any,
) -> list[CheckRow]:
    name = ".".join(module.TABLE)
    place = _place(client, *module.TABLE)
    if place is None:
        missing = CheckRow(
            suite,
            name,
            "table_exists",
            "critical",
            "fail",
            "no such table",
            "the table is there",
            1,
        )
        return [missing]
    suite_here = module.suite(replace(scope, table=".".join(place)))
    results = _validate(context, warehouse, place, suite_here, run)
    rows = rows_of(suite, name, results)
    return [
        _with_examples(client, row, result, ".".join(place))
        for row, result in zip(rows, results, strict=True)
    ]


def _place(client: Client, database: str, table: str) -> tuple[str, str] | None:
    """Where a guarded table's rows are: of a mart those about to be published, if there are any."""
    for candidate in (MARTS_NEXT, MARTS) if database == MARTS else (database,):
        if int(str(client.command(f"exists table {candidate}.{table}"))):
            return candidate, table
    return None


def _validate(
    context: Any, warehouse: Any, place: tuple[str, str], expectations: Any, run: Any
) -> list[dict[str, Any]]:
    import great_expectations as gx

    name = ".".join(place)
    asset = warehouse.add_table_asset(name, table_name=place[1], schema_name=place[0])
    definition = context.validation_definitions.add(
        gx.ValidationDefinition(
            name=name,
            data=asset.add_batch_definition_whole_table("whole table"),
            suite=context.suites.add(expectations),
        )
    )
    checkpoint = context.checkpoints.add(
        gx.Checkpoint(
            name=name,
            validation_definitions=[definition],
            actions=[],
            result_format={"result_format": "SUMMARY", "partial_unexpected_count": EXAMPLES},
        )
    )
    (answer,) = checkpoint.run(run_id=run).run_results.values()
    results: list[dict[str, Any]] = answer.to_json_dict()["results"]
    return results


def _with_examples(client: Client, row: CheckRow, result: dict[str, Any], name: str) -> CheckRow:
    """Add the first wrong rows, which Great Expectations does not hand out for a query."""
    sql = result["expectation_config"]["kwargs"].get("unexpected_rows_query")
    if row.status == "pass" or not sql or row.details:
        return row
    try:
        found = client.query(f"select * from ({sql.replace('{batch}', name)}) limit {EXAMPLES}")
    except WarehouseError:
        return row
    examples = [dict(zip(found.column_names, values, strict=True)) for values in found.result_rows]
    return replace(row, details=json.dumps(examples, default=str)[:4000])


def _record(client: Client, rows: list[CheckRow], run_id: str, now: datetime) -> None:
    if rows:
        client.insert(
            "data_quality_checks",
            [
                [now, r.suite, r.table, r.check, r.severity, r.status, r.observed, r.expected,
                 r.unexpected_count, r.details, run_id]
                for r in rows
            ],
            database="meta",
            column_names=[
                "checked_at", "suite", "table", "check", "severity", "status", "observed",
                "expected", "unexpected_count", "details", "run_id",
            ],
        )  # fmt: skip
