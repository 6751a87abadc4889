"""What a run shows on its page in the Prefect UI: how far it is, and tables of what it did."""

import threading
import time
from contextlib import closing
from datetime import timedelta
from typing import Any
from uuid import UUID

from prefect.artifacts import create_markdown_artifact, create_table_artifact
from prefect.client.orchestration import SyncPrefectClient, get_client
from prefect.client.schemas.actions import ArtifactCreate, ArtifactUpdate
from prefect.exceptions import PrefectException
from prefect.runtime import flow_run

from flows.links import links_of
from flows.steps import Outcome
from flows.tables import step_rows, tables_of
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


def show_outcomes(settings: Settings, run_id: str, outcomes: list[Outcome]) -> None:
    """Tables of a run: how each step ended, of each what it did, and where to look further."""
    show_table(
        "steps",
        [row for outcome in outcomes for row in step_rows(outcome)],
        f"Run {run_id}: how each step ended.",
    )
    for outcome in outcomes:
        for key, rows, description in tables_of(outcome):
            if rows:
                show_table(key, rows, description)
    if links := links_of(settings, outcomes):
        create_markdown_artifact(
            key=f"{_flow()}-links",
            markdown="\n".join(f"- [{words}]({address})" for words, address in links),
            description="Where to look further. `oracul docs` serves models and checks.",
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


def _flow() -> str:
    return (flow_run.flow_name or "flow").replace("_", "-")
