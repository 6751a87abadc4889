"""Years of made history in a warehouse of the benchmark's own, inserted by the engine itself."""

import json
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from oracul.settings import Settings
from oracul.warehouse import Client, migrate
from oracul.warehouse.dbt import raise_first_failure, run_dbt
from oracul.warehouse.migrate import split_statements

_HERE = Path(__file__).parent
_MODELS = ["--exclude-resource-type", "test", "unit_test"]
# Below ClickHouse's max_partitions_per_insert_block.
_CHUNK_DAYS = 90

Say = Callable[[str], None]


@dataclass(frozen=True)
class Size:
    """How much history: days of tokens and networks, of addresses, of transfers, and rows of a day.

    `active` addresses of `addresses` are there each day; a transfer is two rows.
    """

    days: int
    address_days: int
    transfer_days: int
    active: int
    addresses: int
    transfers: int
    dust_tokens: int
    ledger_days: int
    tokens: int = 500


QUICK = Size(120, 30, 30, 20_000, 200_000, 15_000, 10_000, 14)
FULL = Size(1096, 365, 180, 200_000, 1_000_003, 150_000, 100_000, 90)


def prepare(settings: Settings, client: Client, size: Size, say: Say) -> None:
    """Bring the home's tables and views up to the models, and make the history that is missing.

    A history that was begun and not ended is made from the start. Raises WarehouseError.
    """
    marker = settings.home / "history.json"
    migrate(client)
    if marker.exists():
        views = ["run", "--select", "config.materialized:view"]
        raise_first_failure(run_dbt(settings, views))
        return
    say("making the tables")
    _forget(client)
    raise_first_failure(run_dbt(settings, ["build", "--full-refresh", *_MODELS]))
    first = datetime.now(UTC).date() - timedelta(days=size.days)
    _make(client, size, first, say)
    marker.write_text(json.dumps({"first_day": str(first), **asdict(size)}, indent=1) + "\n")


def _forget(client: Client) -> None:
    """Empty the tables that dbt does not make."""
    rows = client.query(
        "select database, name from system.tables where database in ('meta', 'raw')"
        " and engine like '%MergeTree' and name not in ('migrations', 'schema_migrations')"
    ).result_rows
    for database, name in rows:
        client.command(f"truncate table {database}.{name}")


def _make(client: Client, size: Size, first: date, say: Say) -> None:
    shared = asdict(size) | {"first_date": first, "all_days": size.days}
    say("pointers, blocks, prices, runs and checks")
    _run(client, "ledger.sql", shared)
    for start in range(0, size.days, _CHUNK_DAYS):
        days = min(_CHUNK_DAYS, size.days - start)
        say(f"tokens and networks: day {start + days} of {size.days}")
        _run(client, "days.sql", shared | {"from_day": start, "days": days})
    began = time.monotonic()
    for number in range(size.address_days):
        day = first + timedelta(days=size.days - size.address_days + number)
        is_moving = size.address_days - number <= size.transfer_days
        today = {"date": day, "transfers": size.transfers if is_moving else 0}
        _run(client, "addresses.sql", shared | today)
        left = (time.monotonic() - began) / (number + 1) * (size.address_days - number - 1)
        say(f"addresses: day {number + 1} of {size.address_days}, {left / 60:.0f} min left")
    say("anomalies and weeks")
    _run(client, "outcome.sql", shared)


def _run(client: Client, name: str, parameters: dict[str, object]) -> None:
    for statement in split_statements((_HERE / name).read_text(encoding="utf-8")):
        # With parameters that a statement does not name, the client takes its % for theirs.
        named = {key: value for key, value in parameters.items() if f"{{{key}:" in statement}
        client.command(statement, parameters=named or None)


def sizes(client: Client) -> list[tuple[str, int, float]]:
    """(table, rows, MB on disk) of what was made, the largest first."""
    return [
        (str(name), int(rows), float(size))
        for name, rows, size in client.query(
            "select concat(database, '.', table), sum(rows), sum(bytes_on_disk) / 1e6"
            " from system.parts where active and database in ('raw', 'meta', 'curated', 'marts')"
            " group by database, table having sum(rows) > 0 order by sum(bytes_on_disk) desc"
        ).result_rows
    ]
