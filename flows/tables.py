"""Tables of what a step did, from its report. Pure; flows.artifacts puts them on the run's page.

The page cuts a table at its right edge: narrow columns come first, long texts last.
"""

from collections.abc import Iterator
from typing import Any

from extractors.evm.report import Extracted
from extractors.prices.report import ExtractedPrices
from flows.backfilling import BackfillPlan
from flows.steps import Outcome
from oracul.warehouse.publish import Published

Table = tuple[str, list[dict[str, Any]], str]
_WORST_FIRST = ("fail", "warn", "pass")


def step_rows(outcome: Outcome) -> Iterator[dict[str, str]]:
    """How a step ended. The page does not break lines: each part of a summary has its own."""
    first, *rest = outcome.summary.split("; ")
    yield {"step": outcome.step, "status": outcome.status, "what": first}
    for part in rest:
        yield {"step": "", "status": "", "what": part}


def tables_of(outcome: Outcome) -> Iterator[Table]:
    """Key, rows and description of what a step's report has to show."""
    detail = outcome.detail
    if isinstance(detail, BackfillPlan):
        yield "plan", detail.rows(), f"Dry run: {detail.sentence}."
    if isinstance(detail, ExtractedPrices):
        yield _sources(detail)
    if isinstance(detail, Published):
        yield (
            "published",
            [{"mart": f"marts.{mart}", "days": f"{days:,}"} for mart, days in detail.days.items()],
            "Days that were put in the place that people read.",
        )
    yield from _landed(detail if isinstance(detail, list) else [detail])
    yield from _judged(outcome.step, detail)


def _judged(step: str, detail: Any) -> Iterator[Table]:
    """What dbt, the checks and the detectors found, and what people were told of it."""
    if nodes := getattr(detail, "nodes", None):
        is_any_failed = any(node.is_failed for node in nodes)
        yield "dbt-nodes", [
            {"status": n.status, "kind": n.kind, "seconds": f"{n.seconds:.1f}",
             "days": n.days_built or "",
             **({"message": n.message if n.is_failed else ""} if is_any_failed else {}),
             "name": n.name}
            for n in sorted(nodes, key=lambda n: (not n.is_failed, -n.seconds))
        ], "Models, seeds and tests that dbt ran: what failed first, then the slowest."  # fmt: skip
    if hasattr(detail, "failed_critical"):
        checks = sorted(getattr(detail, "rows", ()), key=lambda r: _WORST_FIRST.index(r.status))
        yield step.replace("_", "-"), [
            {"status": r.status, "table": r.table, "check": r.check, "observed": r.observed,
             "expected": r.expected}
            for r in checks
        ], f"Checks of {step.removeprefix('validate_')}: failed first.{_pages(detail)}"  # fmt: skip
    if hasattr(detail, "by_severity"):
        yield (
            "anomalies",
            [{"severity": severity, "found": n} for severity, n in detail.by_severity.items()],
            "Anomalies on the days that were judged.",
        )
    if hasattr(detail, "messages"):
        yield (
            "told",
            [
                {"severity": m.severity, "rule": m.rule, "what": m.title, "page": m.runbook}
                for m in detail.messages
            ],
            "What people were told.",
        )


def _landed(reports: list[Any]) -> Iterator[Table]:
    """What was landed of each chain, and what was not believed."""
    landed = [one for one in reports if isinstance(one, Extracted)]
    yield (
        "landed-rows",
        [
            {"chain": one.chain, "table": f"raw.{table}", "rows": f"{rows:,}"}
            for one in landed
            if one.blocks
            for table, rows in one.rows.items()
        ],
        "Rows that were landed.",
    )
    yield (
        "rejected",
        [
            {"chain": one.chain, "answers": f"{count:,}", "reason": reason}
            for one in landed
            for reason, count in one.reasons.most_common()
        ],
        "Answers of nodes that were not believed; meta.rejected_rows has them.",
    )


def _sources(priced: ExtractedPrices) -> Table:
    rows = [
        {"source": name, "asked": f"{one.asked:,}", "landed": f"{one.landed:,}",
         "refused": f"{one.rejected:,}", "out because": one.error}
        for name, one in priced.sources.items()
    ]  # fmt: skip
    return "sources", rows, "Hourly prices by source."


def _pages(report: object) -> str:
    """Where the Data Docs are. In words: a browser follows no link from a server to a file."""
    index = getattr(report, "docs_index", None)
    return f" With examples in the Data Docs of the worker's machine: {index}" if index else ""
