"""Every panel of the dashboards over years of history, for eight viewers at once:
`python -m benchmarks.dashboards`

Makes history in a warehouse of its own (kept for the next run), starts Superset on it, opens every
dashboard and tab in Chromium as a viewer, and takes down what each panel and filter asks. Then
eight viewers ask the embedded warehouse the same, each with tokens, addresses and windows of their
own: they open a page, look at it for five seconds (--pause) and open the next. Printed are rows
read, median and 95th percentile of each panel, its ratio to the limit, and what it takes through
Superset past its cache. Exit code 1 when a panel is over the limit.

`--full` is 3 years of 500 tokens and a year of 200,000 addresses a day (73 M rows in each of two
marts): half an hour and 25 GB the first time. Needs `make setup` and Chromium.
"""

import argparse
import json
import os
import shutil
import sys
from dataclasses import asdict
from pathlib import Path

from benchmarks.dashboards import history
from benchmarks.dashboards.panels import Panel, capture
from benchmarks.dashboards.viewers import Measured, choices_of, replay
from oracul.settings import Settings
from oracul.warehouse import Client, connect
from oracul.warehouse.embedded import stop
from tests.fixtures.superset import superset_settings

LIMIT_MS = 300.0


def main() -> int:
    """Measure and print."""
    given = _arguments()
    size = history.FULL if given.full else history.QUICK
    home = given.home or Path(".oracul") / f"dashboards-{'full' if given.full else 'quick'}"
    home = home.absolute()
    if given.clean:
        stop(superset_settings(home))
        shutil.rmtree(home, ignore_errors=True)
        return 0
    home.mkdir(parents=True, exist_ok=True)
    settings = superset_settings(home)
    # One that an interrupted run left listens on another port than Superset is told.
    stop(settings)
    client = connect(settings)
    try:
        history.prepare(settings, client, size, _say)
        for table, rows, megabytes in history.sizes(client)[: None if given.full else 8]:
            print(f"  {table:36}{rows:>14,} rows {megabytes:>9,.0f} MB")
        return measure(settings, client, given)
    finally:
        client.close()
        stop(settings)


def _arguments() -> argparse.Namespace:
    words = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    words.add_argument("--full", action="store_true", help="the whole history, not a tenth of it")
    words.add_argument("--viewers", type=int, default=8, help="how many at once (%(default)s)")
    words.add_argument("--rounds", type=int, default=5,
                       help="times each viewer goes through all pages (%(default)s)")  # fmt: skip
    words.add_argument("--pause", type=float, default=5.0, metavar="SECONDS",
                       help="how long a page is looked at (%(default)s)")  # fmt: skip
    words.add_argument("--only", default="", metavar="TEXT",
                       help="panels whose dashboard or name has this text in it")  # fmt: skip
    words.add_argument("--asked", action="store_true",
                       help="what was asked last time, without starting Superset")  # fmt: skip
    words.add_argument("--home", type=Path,
                       help="where (.oracul/dashboards-quick or -full)")  # fmt: skip
    words.add_argument("--clean", action="store_true", help="remove that folder and end")
    return words.parse_args()


def measure(settings: Settings, client: Client, given: argparse.Namespace) -> int:
    """Ask as viewers do and print the table; 1 when a panel is over the limit."""
    kept = settings.home / "panels.json"
    if not given.asked:
        _say("starting Superset and opening the dashboards")
        kept.write_text(json.dumps([asdict(one) for one in capture(settings)], indent=1))
    panels = [Panel(**one) for one in json.loads(kept.read_text(encoding="utf-8"))]
    panels = [one for one in panels if given.only in f"{one.dashboard} {one.name}"]
    _say(f"{given.viewers} viewers, {given.rounds} rounds of {len(panels)} panels and filters")
    busy_before = os.getloadavg()[0]
    measured = replay(
        settings, panels, choices_of(client), given.viewers, given.rounds, given.pause
    )
    _say("")
    slow = _print_table(panels, measured)
    load = f"load {busy_before:.1f} before, {os.getloadavg()[0]:.1f} after"
    verdict = "ok" if not slow else f"MISSED by {slow}"
    print(
        f"p95 of every panel under {LIMIT_MS:.0f} ms, {given.viewers} viewers,"
        f" {given.pause:g} s a page: {verdict}   ({os.cpu_count()} cores, {load})"
    )
    return 1 if slow else 0


def _print_table(panels: list[Panel], measured: dict[tuple[str, str], Measured]) -> int:
    """One line a panel, the slowest of each dashboard first; how many are over the limit."""
    slow = 0
    dashboard = ""
    print(f"{'':32}{'rows read':>12}{'p50 ms':>9}{'p95 ms':>9}{'p95/limit':>11}{'Superset ms':>13}")
    for panel in sorted(
        panels, key=lambda one: (one.dashboard, -measured[one.dashboard, one.name].percentile(0.95))
    ):
        one = measured[panel.dashboard, panel.name]
        p95 = one.percentile(0.95)
        slow += p95 > LIMIT_MS
        if panel.dashboard != dashboard:
            dashboard = panel.dashboard
            print(dashboard)
        print(
            f"  {panel.name:30}{one.rows:>12,}{one.median:>9.0f}{p95:>9.0f}"
            f"{p95 / LIMIT_MS:>11.2f}{panel.superset_ms:>13.0f}"
            + ("   MISSED" if p95 > LIMIT_MS else "")
        )
    return slow


def _say(text: str) -> None:
    """Show where it is: on one line in a terminal, on lines of their own in a log."""
    if sys.stderr.isatty():
        print(f"\r\033[K{text}", end="", file=sys.stderr, flush=True)
    elif text:
        print(text, file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
