"""Viewers who go through the dashboards at the same time, each with choices of their own."""

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

# The default, mostly; a month, a quarter, a year.
_WINDOWS = (60, 60, 60, 60, 7, 30, 90, 180, 365)
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
    settings: Settings, panels: Sequence[Panel], choices: Choices, viewers: int, rounds: int
) -> dict[tuple[str, str], Measured]:
    """What each panel took, by dashboard and name, after a round that does not count.

    Raises RuntimeError when a statement fails.
    """
    measured: dict[tuple[str, str], Measured] = defaultdict(Measured)
    lock = threading.Lock()

    def view(number: int) -> None:
        dice = random.Random(number)
        with _reader(settings) as http:
            for turn in range(rounds + 1):
                for panel in _visit(panels, dice):
                    milliseconds, rows = _ask(http, _varied(panel, choices, dice))
                    if turn == 0:
                        continue
                    with lock:
                        one = measured[panel.dashboard, panel.name]
                        one.times.append(milliseconds)
                        one.rows = max(one.rows, rows)

    with ThreadPoolExecutor(viewers) as pool:
        for done in [pool.submit(view, number) for number in range(viewers)]:
            done.result()
    return measured


def _visit(panels: Sequence[Panel], dice: random.Random) -> list[Panel]:
    """All panels: one dashboard after the other, each in an order of its own."""
    order = {slug: dice.random() for slug in sorted({panel.dashboard for panel in panels})}
    return sorted(panels, key=lambda panel: (order[panel.dashboard], dice.random()))


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
        params={"database": "marts", "default_format": "Native"},
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
