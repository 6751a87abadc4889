"""From an edited mart to its result: `python -m benchmarks.model_loop`

Fills the warehouse of a copy of the project with the demo, then edits a mart and says
`oracul dbt build --target dev --select state:modified+`, as one types it: start-up, parsing,
comparing with what is published, the model, its unit tests and data tests. Each round is another
edit, of a mart and of a curated table with the four marts that follow from it. Printed are the
fastest and the slowest round, and the ratio of the fastest mart to the limit.
"""

import argparse
import tempfile
from pathlib import Path
from time import perf_counter

from tests.fixtures.project_copy import ProjectCopy, project_copy

LIMIT_SECONDS = 10.0
MODELS = {
    "a mart": "dbt_project/models/marts/tokens/token_metrics_daily.sql",
    "a curated table and its marts": "dbt_project/models/curated/erc20_transfers.sql",
}
COMMAND = "oracul dbt build --target dev --select state:modified+"


def main() -> None:
    """Run the rounds and print the figures."""
    words = argparse.ArgumentParser(description=__doc__)
    words.add_argument("--rounds", type=int, default=5)
    asked = words.parse_args()
    with tempfile.TemporaryDirectory() as folder, project_copy(Path(folder) / "project") as project:
        project.expect("oracul demo")
        measured = {name: measure(project, path, asked.rounds) for name, path in MODELS.items()}
    for name, seconds in measured.items():
        print(f"{name:30} {min(seconds):6.1f} s to {max(seconds):.1f} s")
    ratio = min(measured["a mart"]) / LIMIT_SECONDS
    print(f"edit to result : {LIMIT_SECONDS:.0f} s is {ratio:.2f} (limit 1)")


def measure(project: ProjectCopy, path: str, rounds: int) -> list[float]:
    """Seconds of each round, the first one left out: it parses the project for this target."""
    model = project.root / path
    whole = model.read_text(encoding="utf-8")
    seconds = []
    for number in range(rounds + 1):
        # Another text each time, so that the table is built whole; the rows stay as they are.
        model.write_text(f"{whole}-- round {number}\n", encoding="utf-8")
        began = perf_counter()
        said = project.expect(COMMAND)
        seconds.append(perf_counter() - began)
        if "days built" not in said:
            raise SystemExit(f"Nothing was built:\n{said}")
    model.write_text(whole, encoding="utf-8")
    return seconds[1:]


if __name__ == "__main__":
    main()
