"""`oracul status`: what is there, what is missing, how old it is, how the last runs went."""

import json as json_module
from datetime import datetime
from pathlib import Path
from textwrap import shorten
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from oracul.stack import PartState
    from oracul.warehouse import Client

NOTE_WIDTH = 120
COVERAGE_SQL = Path(__file__).with_name("status.sql")
RUNS_SQL = """
select step, chain, status, started_at, finished_at, rows_out, error
from meta.pipeline_runs final
order by started_at desc limit 1 by step, chain limit 20
"""
REJECTED_SQL = "select uniqExact(source, table, key, reason, rejected_at) from meta.rejected_rows"
CHECKS_SQL = """
select suite, countIf(status = 'pass'), countIf(status = 'warn'), countIf(status = 'fail')
from meta.data_quality_checks final
where (suite, run_id) in (
    -- run ids begin with their time: two runs may be judged at the same instant, as in the demo
    select suite, argMax(run_id, (checked_at, run_id)) from meta.data_quality_checks group by suite
)
group by suite order by suite
"""


def status(
    json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Show the stack, coverage, gaps, lag and proof rate by chain, the last runs and findings,
    and today's requests by provider with what they used of the day's quota.
    """
    from oracul.cli.console import settings
    from oracul.cli.usage import usage_facts
    from oracul.stack import part_states
    from oracul.times import utc_now
    from oracul.warehouse import connect, connection_environment, migrate

    loaded = settings()
    client = connect(loaded)
    migrate(client)
    where = connection_environment(loaded)
    address = f"{where['ORACUL_CLICKHOUSE__HOST']}:{where['ORACUL_CLICKHOUSE__PORT']}"
    now = utc_now()
    facts = {
        "address": address,
        "stack": [_stack_facts(state) for state in part_states(loaded)],
        **read_status(client, now),
        "usage": usage_facts(loaded, client, now),
    }
    if json:
        typer.echo(json_module.dumps(facts, default=str, indent=2))
    else:
        _show(facts)


def read_status(client: "Client", now: datetime) -> dict[str, Any]:
    """Everything `oracul status` shows, as plain values; lag in seconds against `now`."""
    coverage = client.query(COVERAGE_SQL.read_text(encoding="utf-8"))
    chains = [dict(zip(coverage.column_names, row, strict=True)) for row in coverage.result_rows]
    for chain in chains:
        chain["lag_seconds"] = (now - _aware(chain["last_block_timestamp"])).total_seconds()
    runs = client.query(RUNS_SQL)
    checks = client.query(CHECKS_SQL).result_rows
    anomalies = client.query(
        "select severity, count() from meta.anomalies final"
        " where is_active and method = 'ensemble' group by severity"
    ).result_rows
    return {
        "warehouse": f"ClickHouse {client.server_version}",
        "chains": chains,
        "runs": [dict(zip(runs.column_names, row, strict=True)) for row in runs.result_rows],
        "checks": {suite: {"pass": p, "warn": w, "fail": f} for suite, p, w, f in checks},
        "anomalies": {str(severity): int(count) for severity, count in anomalies},
        "rejected_answers": _count(client, REJECTED_SQL),
        "reorgs": _count(
            client, "select count() from meta.reorgs final where outcome = 'followed'"
        ),
    }


def _show(facts: dict[str, Any]) -> None:
    from rich.table import Table

    from oracul.cli.console import MARKS, out, plain
    from oracul.cli.usage import show_usage
    from oracul.units import seconds_text

    out.print(f"{facts['warehouse']} at {facts['address']}")
    _show_stack(facts["stack"])
    if not facts["chains"]:
        show_usage(facts["usage"])
        out.print("No blocks yet. Try `oracul demo`, or `oracul run --chain ethereum`.")
        return
    table = Table(title="Chains", header_style="bold", title_justify="left")
    for name in ("Chain", "Blocks", "From", "To", "Gaps", "Proven", "Final", "Newest block"):
        table.add_column(name, justify="left" if name == "Chain" else "right")
    for chain in facts["chains"]:
        table.add_row(
            plain(chain["chain"]),
            f"{chain['block_count']:,}",
            f"{chain['first_block']:,}",
            f"{chain['last_block']:,}",
            f"{chain['gap_count']:,}",
            f"{chain['proven_ratio'] or 0:.1%}",
            f"{chain['finalized_ratio'] or 0:.1%}",
            f"{seconds_text(chain['lag_seconds'])} ago",
        )
    out.print(table)
    runs = Table(title="Last run of each step", header_style="bold", title_justify="left")
    for name in ("", "Step", "Chain", "Started (UTC)", "Took", "Rows", "Note"):
        runs.add_column(name)
    for run in facts["runs"]:
        took = (
            (run["finished_at"] - run["started_at"]).total_seconds() if run["finished_at"] else None
        )
        runs.add_row(
            MARKS.get(run["status"], "…"),
            run["step"],
            run["chain"],
            f"{run['started_at']:%Y-%m-%d %H:%M}",
            seconds_text(took) if took is not None else run["status"],
            f"{run['rows_out']:,}",
            plain(shorten(run["error"], NOTE_WIDTH, placeholder=" …")),
        )
    out.print(runs)
    show_usage(facts["usage"])
    for suite, counts in facts["checks"].items():
        out.print(
            f"Checks {suite}: {counts['pass']} passed, {counts['warn']} warned,"
            f" {counts['fail']} failed"
        )
    if any(run["status"] in ("failed", "degraded") for run in facts["runs"]):
        out.print("What to do about ✗ and !: docs/runbooks, or type the command of the step again.")
    found = ", ".join(f"{count} {severity}" for severity, count in facts["anomalies"].items())
    out.print(f"Anomalies: {found or 'none'}")
    out.print(
        f"Answers refused: {facts['rejected_answers']:,} · reorgs followed: {facts['reorgs']:,}"
    )


def _stack_facts(state: "PartState") -> dict[str, Any]:
    return {
        "part": state.part.name,
        "process": state.process.lower(),
        "is_healthy": state.is_healthy,
        "up_seconds": state.up_seconds,
        "address": state.part.address,
    }


def _show_stack(parts: list[dict[str, Any]]) -> None:
    from oracul.cli.console import MARKS, out
    from oracul.units import seconds_text

    if not parts:
        out.print("The stack is down: `oracul up` starts it.")
    for part in parts:
        mark = MARKS["done" if part["is_healthy"] else "failed"]
        since = f", up {seconds_text(part['up_seconds'])}" if part["is_healthy"] else ""
        out.print(f"{mark} {part['part']} {part['process']}{since} {part['address']}".rstrip())


def _aware(value: datetime) -> datetime:
    from datetime import UTC

    return value if value.tzinfo else value.replace(tzinfo=UTC)


def _count(client: "Client", sql: str) -> int:
    return int(client.query(sql).result_rows[0][0])
