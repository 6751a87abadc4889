"""Cost of building one changed day with a short and with a long history behind it:
`python -m benchmarks.day_rebuild`

Lands some days of made transfers, builds all, then changes one day's pointers and rebuilds it,
several times; then lands ten times as many days and does the same again. Printed are seconds over
the tables that are built by day (fastest of the rounds, one thread), their ratio (limit 1.2), and
apart from them what looking for changed days costs, which grows with the number of days.
"""

import argparse
import tempfile
from pathlib import Path

from benchmarks.made_days import add_days, scratch_settings
from oracul.settings import Settings
from oracul.warehouse import Client, connect, migrate
from oracul.warehouse.dbt import NodeResult, raise_first_failure, run_dbt
from oracul.warehouse.embedded import stop

LIMIT_RATIO = 1.2
CHANGED_DAY = "2024-01-03"


def main() -> None:
    """Run both histories and print the figures."""
    words = argparse.ArgumentParser(description=__doc__)
    words.add_argument("--days", type=int, default=6)
    words.add_argument("--logs-a-day", type=int, default=50_000)
    words.add_argument("--rounds", type=int, default=5)
    asked = words.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        settings = scratch_settings(Path(folder))
        client = connect(settings)
        try:
            migrate(client)
            add_days(client, 0, asked.days, logs_a_day=asked.logs_a_day)
            short = measure(settings, client, asked.rounds)
            add_days(client, asked.days, 9 * asked.days, logs_a_day=asked.logs_a_day)
            long = measure(settings, client, asked.rounds)
        finally:
            stop(settings)
    print(f"{'':28}{asked.days:>6} days {10 * asked.days:>8} days    ratio")
    for name in short:
        print(
            f"{name:28}{short[name]:>9.3f} s {long[name]:>11.3f} s {long[name] / short[name]:>8.2f}"
        )
    ratio = long["tables by day"] / short["tables by day"]
    print(f"one day's rebuild with 10x the history: {ratio:.2f} (limit {LIMIT_RATIO})")


def measure(settings: Settings, client: Client, rounds: int) -> dict[str, float]:
    """Build what is new, then rebuild the changed day; fastest seconds of each table, and sums."""
    build(settings)
    fastest: dict[str, float] = {}
    plans: list[float] = []
    for number in range(rounds):
        finality = ("finalized", "safe")[number % 2]
        client.command(
            "insert into meta.canonical_blocks select * replace ({f:String} as finality,"
            " version + 1 as version) from meta.canonical_blocks final"
            " where toDate(block_timestamp) = {day:Date}",
            parameters={"f": finality, "day": CHANGED_DAY},
        )
        nodes = build(settings)
        for node in nodes:
            if node.days_built in (1, 2):
                fastest[node.name] = min(node.seconds, fastest.get(node.name, 1e9))
        plans.append(sum(n.seconds for n in nodes if not n.days_built))
    total = sum(fastest.values())
    return {**fastest, "tables by day": total, "views and finding changes": min(plans)}


def build(settings: Settings) -> list[NodeResult]:
    """All models, one after the other."""
    words = ["build", "--exclude-resource-type", "test", "unit_test", "--threads", "1"]
    nodes = run_dbt(settings, words)
    raise_first_failure(nodes)
    return nodes


if __name__ == "__main__":
    main()
