"""`oracul verify`: prove again what is stored."""

import json as json_module
from dataclasses import replace
from typing import TYPE_CHECKING, Annotated, Any

import typer

from oracul.cli.options import AnyChainOption, FirstDayOption, LastDayOption, blocks_of_chain

if TYPE_CHECKING:
    from extractors.evm.verify.report import Verified
    from flows.steps import Outcome

FAULTS_SHOWN = 20


def verify(
    chain: AnyChainOption = None,
    blocks: Annotated[
        str | None,
        typer.Option(
            "--blocks",
            "-b",
            metavar="FIRST:END",
            help="Blocks to look at, END left out. Default: everything that landed.",
        ),
    ] = None,
    first_day: FirstDayOption = None,
    last_day: LastDayOption = None,
    offline: Annotated[
        bool, typer.Option("--offline", help="Ask no node whether the branch is still its own.")
    ] = False,
    repair: Annotated[
        bool, typer.Option("--repair", help="Land again what does not hold, and look again.")
    ] = False,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Prove stored rows again: hashes and roots, links, counts, the nodes' branch, totals.

    Without blocks or days everything that landed is looked at; `--from` alone is that one day.
    Results go to `meta.verified_blocks` and `meta.data_quality_checks`; coverage by day is in
    `marts.coverage_daily`. Exit code 1 when something does not hold.
    """
    span = blocks_of_chain(blocks, chain)
    from oracul.cli.steps import new_run, run_quietly

    run = replace(
        new_run(chain=chain, blocks=span),
        days=_days(first_day, last_day, span),
        is_offline=offline,
        repairs=repair,
    )
    outcome = run_quietly(run, "verify")
    reports = _reports(outcome)
    if json:
        typer.echo(json_module.dumps(_plain(outcome, reports), indent=2))
    else:
        _show(outcome, reports)
    if outcome.status == "failed":
        raise typer.Exit(getattr(outcome.detail, "exit_code", 1))


def _days(first: str | None, last: str | None, span: tuple[int, int] | None) -> Any:
    from oracul.errors import ConfigError
    from oracul.spans import parse_day

    start, end = parse_day(first), parse_day(last)
    if start is None and end is None:
        return None
    if span is not None:
        raise ConfigError("Give blocks or days, not both.")
    if start is None:
        raise ConfigError("--to needs --from.", hint="Write both as YYYY-MM-DD, in UTC.")
    if end is not None and end < start:
        raise ConfigError(f"The days end ({end}) before they begin ({start}).")
    return start, end or start


def _reports(outcome: "Outcome") -> "list[Verified]":
    from extractors.evm.verify.report import DoesNotHold

    detail = outcome.detail
    if isinstance(detail, DoesNotHold):
        return detail.found
    return detail if isinstance(detail, list) else []


def _show(outcome: "Outcome", reports: "list[Verified]") -> None:
    from rich.table import Table

    from extractors.evm.verify.verdict import DATASETS
    from oracul.cli.console import err, out, say_outcome

    table = Table(title="Blocks by table", header_style="bold", title_justify="left")
    for name in ("Chain", "Blocks", "Table", "Proven", "Partial", "Broken", "Missing"):
        table.add_column(name, justify="left" if name in ("Chain", "Blocks", "Table") else "right")
    for report in reports:
        for dataset in DATASETS:
            count = {s: report.counts[dataset, s] for s in ("proven", "partial", "broken")}
            missing = report.counts[dataset, "missing"] + report.missing
            place = (
                (report.chain, f"{report.start}:{report.end}") if dataset == "blocks" else ("", "")
            )
            table.add_row(*place, dataset, *(f"{n:,}" for n in count.values()), f"{missing:,}")
    if reports:
        out.print(table)
    for report in reports:
        for number, faults in list(report.faults.items())[:FAULTS_SHOWN]:
            for fault in faults:
                err.print(f"  {report.chain} {number} {fault.text}", markup=False)
        if report.broken > FAULTS_SHOWN:
            err.print(f"  … and {report.broken - FAULTS_SHOWN:,} more in meta.verified_blocks")
    say_outcome(outcome)


def _plain(outcome: "Outcome", reports: "list[Verified]") -> dict[str, Any]:
    return {
        "holds": outcome.status == "done",
        "status": outcome.status,
        "summary": outcome.summary,
        "chains": [
            {
                "chain": r.chain,
                "start": r.start,
                "end": r.end,
                "blocks": r.blocks,
                "broken": r.broken,
                "missing": r.missing,
                "repaired": r.repaired,
                "filled": r.filled,
                "endpoints": r.endpoints,
                "blocks_per_second": round(r.blocks / max(r.duration_seconds, 1e-3), 1),
                "states": {
                    f"{dataset} {state}": n for (dataset, state), n in r.counts.items() if n
                },
                "gaps": [[gap.start, gap.stop] for gap in r.gaps],
                "faults": {str(n): [f.text for f in faults] for n, faults in r.faults.items()},
                "notes": r.notes,
            }
            for r in reports
        ],
    }
