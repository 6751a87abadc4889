"""Viewers who go through the dashboards at the same time, each with choices of their own.

A viewer opens a page (a dashboard, or one of its tabs), whose panels the browser asks for a few at
a time, looks at it for a while, and opens the next.
"""

import json
import random
import statistics
import threading
import time
from collections import defaultdict
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

import httpx

from benchmarks.dashboards.panels import Panel
from oracul.settings import Settings
from oracul.warehouse import Client, connection_environment

# Days back: the default, mostly; a week, a month, a quarter, half a year, a year.
_WINDOWS = (*[60] * 15, 7, 30, 90, 180, 365)
# What a browser has open to one server, and how many answers Superset makes at once.
_BROWSER_CONNECTIONS = 6
_SUPERSET_THREADS = 8
_PATIENCE_SECONDS = 120


@dataclass(frozen=True)
class Choices:
    """What viewers choose among: labels of tokens and addresses, the busiest of each first."""

    tokens: Sequence[str]
    addresses: Sequence[str]


@dataclass
class Measured:
    """What one panel took each time, ms over its statements, and the most rows it read."""

    times: list[float] = field(default_factory=list)
    rows: int = 0

    def percentile(self, share: float) -> float:
        """The time that this share of the panel's answers came within."""
        ordered = sorted(self.times)
        return ordered[min(len(ordered) - 1, int(share * len(ordered)))]

    @property
    def median(self) -> float:
        """The time that half of the answers came within."""
        return statistics.median(self.times)


def choices_of(client: Client) -> Choices:
    """Every token, and addresses of the newest day: those that are judged and a sample of all."""
    tokens = client.query(
        "select concat(symbol, ' on ', chain, ' ', token_address) from made.tokens order by rank"
    ).result_rows
    addresses = client.query(
        "select address from marts.address_flows_daily"
        " where block_date = (select max(block_date) from marts.address_flows_daily)"
        " order by inflow_count desc, address limit 4000"
    ).result_rows
    return Choices([str(row[0]) for row in tokens], [str(row[0]) for row in addresses])


def replay(
    settings: Settings,
    panels: Sequence[Panel],
    choices: Choices,
    viewers: int,
    rounds: int,
    pause_seconds: float,
) -> dict[tuple[str, str], Measured]:
    """What each panel took, by dashboard and name, after a round that does not count.

    A viewer looks at a page for half to one and a half times the pause. Raises RuntimeError when a
    statement fails.
    """
    measured: dict[tuple[str, str], Measured] = defaultdict(Measured)
    lock, free_threads = threading.Lock(), threading.Semaphore(_SUPERSET_THREADS)

    def ask(http: httpx.Client, panel: Panel, statements: list[str], turn: int) -> None:
        with free_threads:
            milliseconds, rows = _ask(http, statements)
        if turn:
            with lock:
                one = measured[panel.dashboard, panel.name]
                one.times.append(milliseconds)
                one.rows = max(one.rows, rows)

    def view(number: int) -> None:
        dice = random.Random(number)
        with _reader(settings) as http, ThreadPoolExecutor(_BROWSER_CONNECTIONS) as browser:
            for turn in range(rounds + 1):
                for page in _pages(panels, dice):
                    asked = [
                        browser.submit(ask, http, panel, _varied(panel, choices, dice), turn)
                        for panel in page
                    ]
                    for one in asked:
                        one.result()
                    time.sleep(pause_seconds * dice.uniform(0.5, 1.5))

    with ThreadPoolExecutor(viewers) as pool:
        for done in [pool.submit(view, number) for number in range(viewers)]:
            done.result()
    return measured


def _pages(panels: Sequence[Panel], dice: random.Random) -> list[list[Panel]]:
    """All pages with their panels, in an order of this viewer's own."""
    pages: dict[tuple[str, str], list[Panel]] = defaultdict(list)
    for panel in panels:
        pages[panel.dashboard, panel.tab].append(panel)
    return dice.sample(list(pages.values()), len(pages))


def _varied(panel: Panel, choices: Choices, dice: random.Random) -> list[str]:
    """A panel's statements with other choices in its filters."""
    others = {
        "token": f"'{_pick(choices.tokens, dice)}'",
        "address": f"'{_pick(choices.addresses, dice)}'",
        "days": f"<= {dice.choice(_WINDOWS) - dice.randrange(6)}",
    }
    statements = panel.statements
    for name, value in panel.chosen.items():
        literal = f"<= {value}" if name == "days" else f"'{value}'"
        statements = [statement.replace(literal, others[name]) for statement in statements]
    return statements


def _pick(ordered: Sequence[str], dice: random.Random) -> str:
    """One of them, the first ones more often, as people do."""
    return ordered[int(len(ordered) ** dice.random()) - 1]


def _reader(settings: Settings) -> httpx.Client:
    """A connection of the user that Superset is."""
    known = connection_environment(settings, reader=True)
    return httpx.Client(
        base_url=f"http://{known['ORACUL_CLICKHOUSE__HOST']}:{known['ORACUL_CLICKHOUSE__PORT']}",
        headers={
            "X-ClickHouse-User": known["ORACUL_CLICKHOUSE__USER"],
            "X-ClickHouse-Key": known["ORACUL_CLICKHOUSE__PASSWORD"],
        },
        # As deployments/superset/superset_config.py asks for dashboards.
        params={
            "database": "marts",
            "default_format": "Native",
            "optimize_move_to_prewhere": "0",
        },
        timeout=_PATIENCE_SECONDS,
    )


def _ask(http: httpx.Client, statements: Sequence[str]) -> tuple[float, int]:
    """Milliseconds and rows read of statements one after the other."""
    spent, rows = 0.0, 0
    for statement in statements:
        began = time.perf_counter()
        answer = http.post("/", content=statement.encode())
        spent += time.perf_counter() - began
        if answer.status_code != 200:
            raise RuntimeError(f"{answer.text[:500]}\n{statement}")
        rows += int(json.loads(answer.headers["X-ClickHouse-Summary"])["read_rows"])
    return spent * 1000, rows
