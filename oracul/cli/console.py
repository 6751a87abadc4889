"""What all verbs share in speaking to people: two streams, settings, a bar, the end of a step."""

import os
import shutil
import sys
from pathlib import Path
from time import monotonic
from typing import TYPE_CHECKING

from rich.console import Console
from rich.markup import escape
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    SpinnerColumn,
    TaskID,
    TextColumn,
    TimeRemainingColumn,
)

from oracul.errors import OraculError
from oracul.units import compact, plural
from oracul.visible import visible

if TYPE_CHECKING:
    from flows.steps import Outcome
    from oracul.settings import Settings

# A pipe has no width of its own; tables would be folded into 80 columns.
PIPE_WIDTH = 120
out = Console(highlight=False, emoji=False, width=None if sys.stdout.isatty() else PIPE_WIDTH)
err = Console(
    stderr=True,
    highlight=False,
    emoji=False,
    width=None if sys.stderr.isatty() else PIPE_WIDTH,
)

MARKS = {
    "done": "[green]✓[/]",
    "degraded": "[yellow]![/]",
    "failed": "[red]✗[/]",
    "skipped": "[dim]–[/]",
}
ALERT_STYLES = {"critical": "bold red", "high": "red", "medium": "yellow", "low": "dim"}
TITLES = {
    "ingest_chain": "Landed chain data",
    "ingest_tokens": "Asked tokens what they are",
    "ingest_prices": "Landed prices",
    "validate_raw": "Checked the raw tables",
    "transform": "Built the marts",
    "validate_marts": "Checked the marts",
    "publish": "Published the marts",
    "detect": "Looked for anomalies",
    "verify": "Proved again what is stored",
    "maintain": "Maintained the house",
    "alert": "Told people",
}


def settings() -> "Settings":
    """The settings of this process, with logging set up by them."""
    from oracul import log
    from oracul.settings import load_settings

    loaded = load_settings()
    log.configure(loaded.log_level, json=loaded.log_json)
    return loaded


def plain(text: str) -> str:
    """Text of strangers for these consoles: no markup, no escape sequence, no turned direction."""
    return escape(visible(text))


def command_name() -> str:
    """How this command is typed here: its bare name when the shell would find it, else its path."""
    started_as = Path(sys.argv[0])
    if shutil.which("oracul") or started_as.name != "oracul":
        return "oracul"
    return os.path.relpath(started_as)


def complain(error: OraculError) -> None:
    """An error as one paragraph: what is wrong, then what to do."""
    err.print(f"[bold red]Error:[/] {plain(error.message)} {plain(error.hint)}".rstrip())


def warn(text: str) -> None:
    """A line about something that is not as it should be, but did not stop the work."""
    err.print(f"[bold yellow]Warning:[/] {plain(text)}")


def say_outcome(outcome: "Outcome", *, is_brief: bool = False) -> None:
    """One line on how a step ended, an error's paragraph or new alerts (not if `is_brief`)."""
    title = TITLES.get(outcome.step, outcome.step)
    if outcome.status == "failed" and isinstance(outcome.detail, OraculError):
        out.print(f"{MARKS['failed']} [bold]{title}[/]: failed")
        complain(outcome.detail)
    else:
        out.print(f"{MARKS[outcome.status]} [bold]{title}[/]: {plain(outcome.summary)}")
    if outcome.step == "alert" and not is_brief:
        say_alerts(outcome)


def say_skipped(outcomes: "list[Outcome]") -> None:
    """One line on all steps that were left out, and for whose sake."""
    skipped = [TITLES.get(o.step, o.step) for o in outcomes if o.status == "skipped"]
    failed = [TITLES.get(o.step, o.step) for o in outcomes if o.status == "failed"]
    if skipped:
        what = plural(len(skipped), "step")
        out.print(f"{MARKS['skipped']} {what} left out, since this failed: {failed[0]}")


def say_alerts(outcome: "Outcome") -> None:
    """What people were not told yet, one message after the other."""
    from oracul.alerts import Told

    if not isinstance(outcome.detail, Told):
        return
    for message in outcome.detail.messages:
        style = ALERT_STYLES.get(message.severity, "")
        out.print(f"  [{style}]{message.severity}[/] [bold]{plain(message.title)}[/]")
        for line in message.lines:
            out.print(f"    {plain(line)}")


class Bar:
    """Progress drawn on standard error: done of total, rate, facts, time left. One at a time."""

    def __init__(self) -> None:
        self._progress: Progress | None = None
        self._task = TaskID(0)
        self._started = 0.0
        self._done = 0
        self._unit = ""

    def start(self, label: str, total: int | None, unit: str) -> None:
        """A new piece of work begins."""
        self.finish()
        self._progress = Progress(
            SpinnerColumn(),
            TextColumn("{task.description}"),
            BarColumn(bar_width=24),
            MofNCompleteColumn(),
            TextColumn("{task.fields[facts]}"),
            TimeRemainingColumn(compact=True),
            console=err,
            transient=True,
            disable=not err.is_terminal,
        )
        self._progress.start()
        self._task = self._progress.add_task(label, total=total, facts="")
        self._started, self._done, self._unit = monotonic(), 0, unit

    def advance(self, done: int, **facts: float | str) -> None:
        """More units are finished; the rate in units a second comes first among the facts."""
        if self._progress is None:
            return
        self._done += done
        rate = self._done / max(monotonic() - self._started, 1e-3)
        shown = [f"{compact(rate)} {self._unit}/s"]
        shown += [f"{_fact(value)} {name.replace('_', ' ')}" for name, value in facts.items()]
        self._progress.update(self._task, advance=done, facts=" · ".join(shown))

    def finish(self) -> None:
        """The piece of work is over; the bar goes, the line that tells how it ended comes."""
        if self._progress is not None:
            self._progress.stop()
            self._progress = None


def _fact(value: float | str) -> str:
    return value if isinstance(value, str) else compact(value)
