"""What a run shows on its page in the Prefect UI: how far it is, and tables of what it did."""

import threading
import time
from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta
from typing import Any
from uuid import UUID

from prefect.artifacts import (
    create_link_artifact,
    create_markdown_artifact,
    create_table_artifact,
)
from prefect.client.orchestration import SyncPrefectClient, get_client
from prefect.client.schemas.actions import ArtifactCreate, ArtifactUpdate
from prefect.exceptions import PrefectException
from prefect.runtime import flow_run

from flows.steps import Outcome
from oracul.alerts.text import harmless
from oracul.analytics.coverage import MARKS, NO_BLOCKS, heat_map, read_days
from oracul.errors import WarehouseError
from oracul.log import get_logger
from oracul.settings import Settings
from oracul.times import utc_now
from oracul.units import compact, seconds_text
from oracul.warehouse import connect

# Often enough to watch, seldom enough to cost the server nothing.
SHOWN_EVERY_SECONDS = 2.0
# The page draws every row at once.
MOST_ROWS = 500
LONGEST_CELL = 4000
# Days in one line of a map: wide enough to see weeks, narrow enough for the page.
_MAP_WIDTH = 100
_WORST_FIRST = ("fail", "warn", "pass")


class ShownProgress:
    """Progress as an artifact of the flow run: percent, rate and time left of each piece of work.

    A thread of its own sends it: the work reports from inside event loops, and must not wait. A
    server that is away costs the picture, not the run.
    """

    def __init__(self, key: str) -> None:
        self._key = key
        self._flow_run_id = UUID(flow_run.id) if flow_run.id else None
        self._over = threading.Event()
        self._sender: threading.Thread | None = None
        self._label, self._unit = "", ""
        self._total: int | None = None
        self._done, self._began = 0, 0.0
        self._facts: dict[str, float | str] = {}

    def start(self, label: str, total: int | None, unit: str) -> None:
        """A new piece of work begins."""
        self.finish()
        self._label, self._total, self._unit = label, total, unit
        self._done, self._began, self._facts = 0, time.monotonic(), {}
        self._over = threading.Event()
        self._sender = threading.Thread(target=self._send, args=(self._over,), daemon=True)
        self._sender.start()

    def advance(self, done: int, **facts: float | str) -> None:
        """More units are finished."""
        self._done += done
        self._facts |= facts

    def finish(self) -> None:
        """The piece of work is over: what is shown is how far it came."""
        self._over.set()
        if self._sender is not None:
            self._sender.join(timeout=10)
            self._sender = None

    @property
    def percent(self) -> float:
        """How much is done, 0 to 100; 0 while nobody knows of how much."""
        return min(100.0, 100.0 * self._done / self._total) if self._total else 0.0

    @property
    def text(self) -> str:
        """Done of total, rate, time left and facts in one line."""
        seconds = max(time.monotonic() - self._began, 1e-3)
        of = f" of {self._total:,}" if self._total is not None else ""
        parts = [
            f"{self._done:,}{of} {self._unit}",
            f"{compact(self._done / seconds)} {self._unit}/s",
        ]
        if self._total and 0 < self._done < self._total:
            left = seconds * (self._total - self._done) / self._done
            parts.append(f"about {seconds_text(left)} left")
        parts += [
            f"{value if isinstance(value, str) else compact(value)} {name.replace('_', ' ')}"
            for name, value in self._facts.items()
        ]
        return f"{self._label}: " + " · ".join(shown(part) for part in parts)

    def _send(self, over: threading.Event) -> None:
        try:
            with get_client(sync_client=True) as client:
                shown = self._create(client)
                while not over.wait(SHOWN_EVERY_SECONDS):
                    self._update(client, shown)
                self._update(client, shown)
        except (PrefectException, OSError) as error:
            get_logger().warning("progress_not_shown", because=type(error).__name__)

    def _create(self, client: SyncPrefectClient) -> UUID:
        artifact = ArtifactCreate(
            type="progress",
            key=self._key,
            description=self.text,
            data=self.percent,
            flow_run_id=self._flow_run_id,
        )
        return client.create_artifact(artifact).id

    def _update(self, client: SyncPrefectClient, shown: UUID) -> None:
        client.update_artifact(shown, ArtifactUpdate(description=self.text, data=self.percent))


def shown(value: object) -> str:
    """A value for Prefect's pages and logs: a node's words in it must not act there."""
    return harmless(str(value), longest=LONGEST_CELL)


def show_table(key: str, rows: list[dict[str, Any]], description: str) -> None:
    """A table on the page of the current flow run; cells are made harmless and cut."""
    more = f" The first {MOST_ROWS} of {len(rows):,}." if len(rows) > MOST_ROWS else ""
    create_table_artifact(
        key=f"{_flow()}-{key}",
        table=[{name: shown(value) for name, value in row.items()} for row in rows[:MOST_ROWS]],
        description=description + more,
    )


def show_outcomes(run_id: str, outcomes: list[Outcome]) -> None:
    """Tables of a run: how each step ended, and of each what it did."""
    show_table(
        "steps",
        [{"step": o.step, "status": o.status, "what": o.summary} for o in outcomes],
        f"Run {run_id}: how each step ended.",
    )
    for outcome in outcomes:
        for key, rows, description in tables_of(outcome):
            if rows:
                show_table(key, rows, description)
        docs = getattr(outcome.detail, "docs_index", None)
        if docs is not None:
            create_link_artifact(
                key=f"{_flow()}-data-docs", link=docs.as_uri(), link_text="Data Docs of the checks"
            )


def show_coverage(settings: Settings, chain: str | None = None) -> None:
    """The last year of each chain as `oracul coverage` draws it; nothing before the first build."""
    with closing(connect(settings)) as client:
        try:
            newest = utc_now().date() + timedelta(days=1)
            days = read_days(client, chain, newest - timedelta(days=366), newest)
        except WarehouseError:
            return
    for name in dict.fromkeys(day.chain for day in days):
        lines = heat_map([day for day in days if day.chain == name], _MAP_WIDTH)
        legend = "  ".join(f"{mark} {status}" for status, mark in MARKS.items())
        create_markdown_artifact(
            key=f"coverage-{name}",
            markdown="\n".join(["```", *lines, "", f"{legend}  {NO_BLOCKS} no blocks", "```"]),
            description=f"Days of {name} in UTC: what is proven, partial, missing or broken.",
        )


def tables_of(outcome: Outcome) -> Iterator[tuple[str, list[dict[str, Any]], str]]:
    """Key, rows and description of what a step's report has to show."""
    from extractors.evm.report import Extracted

    detail, step = outcome.detail, outcome.step
    reports = detail if isinstance(detail, list) else [detail]
    if nodes := getattr(detail, "nodes", None):
        yield "dbt-nodes", [
            {"node": n.name, "kind": n.kind, "status": n.status, "seconds": n.seconds,
             "days built": n.days_built, "message": n.message if n.is_failed else ""}
            for n in nodes
        ], "Models, seeds and tests that dbt ran."  # fmt: skip
    if hasattr(detail, "failed_critical"):
        yield step.replace("_", "-"), [
            {"status": r.status, "table": r.table, "check": r.check, "observed": r.observed,
             "expected": r.expected, "wrong rows": r.unexpected_count}
            for r in sorted(getattr(detail, "rows", ()), key=lambda r: _WORST_FIRST.index(r.status))
        ], f"Checks of {step.removeprefix('validate_')}, what failed first."  # fmt: skip
    if hasattr(detail, "by_severity"):
        yield (
            "anomalies",
            [
                {"severity": severity, "found": found}
                for severity, found in detail.by_severity.items()
            ],
            "Anomalies on the days that were judged.",
        )
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
            {"chain": one.chain, "reason": reason, "answers": f"{count:,}"}
            for one in landed
            for reason, count in one.reasons.most_common()
        ],
        "Answers of nodes that were not believed; meta.rejected_rows has them.",
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


def _flow() -> str:
    return (flow_run.flow_name or "flow").replace("_", "-")
