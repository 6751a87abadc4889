"""Decoding logs to transfers against a plain insert-select of the same rows:
`python -m benchmarks.decode`

Lands made days, then fills `curated.erc20_transfers` with its model (FINAL, pointer join, decoding,
labels, prices) and, in turn, a copy of its rows into an equal table. The limit is twice the copy.
"""

import argparse
import tempfile
import time
from pathlib import Path

from benchmarks.made_days import add_days, scratch_settings
from oracul.warehouse import connect, migrate
from oracul.warehouse.dbt import raise_first_failure, run_dbt
from oracul.warehouse.embedded import stop

LIMIT_RATIO = 2.0


def main() -> None:
    """Decode and copy in turn; print the fastest of each and their ratio."""
    words = argparse.ArgumentParser(description=__doc__)
    words.add_argument("--days", type=int, default=4)
    words.add_argument("--logs-a-day", type=int, default=500_000)
    words.add_argument("--rounds", type=int, default=7)
    asked = words.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        settings = scratch_settings(Path(folder))
        client = connect(settings)
        try:
            migrate(client)
            add_days(client, 0, asked.days, logs_a_day=asked.logs_a_day)
            words_of_dbt = ["build", "--exclude-resource-type", "test", "unit_test", "--select"]
            raise_first_failure(run_dbt(settings, [*words_of_dbt, "+erc20_transfers"]))
            decode = (settings.home / "dbt/target/compiled/oracul/models/curated"
                      / "erc20_transfers.sql").read_text(encoding="utf-8")  # fmt: skip
            copy = "select * from curated.erc20_transfers"
            seconds: dict[str, list[float]] = {copy: [], decode: []}
            client.command("create table default.filled as curated.erc20_transfers")
            for _ in range(asked.rounds):
                for sql in seconds:
                    client.command("truncate table default.filled")
                    began = time.perf_counter()
                    client.command(f"insert into default.filled {sql}",
                                   settings={"join_use_nulls": 1})  # fmt: skip
                    seconds[sql].append(time.perf_counter() - began)
            rows = client.query("select count() from default.filled").result_rows[0][0]
        finally:
            stop(settings)
    copied, decoded = (min(s) for s in seconds.values())
    print(
        f"{rows:,} rows: copy {copied:.2f} s, decode {decoded:.2f} s ({rows / decoded:,.0f} rows/s)"
    )
    print(f"decode against a plain insert-select: {decoded / copied:.2f} (limit {LIMIT_RATIO})")


if __name__ == "__main__":
    main()
