"""Days of made transfers in a warehouse of a benchmark's own, inserted by the engine itself."""

from pathlib import Path

from oracul.settings import ClickHouseSettings, Settings, WarehouseSettings
from oracul.warehouse import Client
from oracul.warehouse.migrate import split_statements

BLOCKS_A_DAY = 500
_SQL = Path(__file__).with_suffix(".sql").read_text(encoding="utf-8")


def scratch_settings(home: Path) -> Settings:
    """An embedded warehouse in `home` on a free port."""
    return Settings(
        home=home,
        clickhouse=ClickHouseSettings(),
        warehouse=WarehouseSettings(port=0),
        _env_file=None,
    )


def add_days(
    client: Client,
    from_day: int,
    days: int,
    *,
    logs_a_day: int,
    blocks_a_day: int = BLOCKS_A_DAY,
    finality: str = "safe",
) -> None:
    """Land the days [from_day, from_day + days) after 2024-01-01 with their prices and pointers."""
    sizes = {
        "from_day": from_day, "days": days, "blocks": blocks_a_day, "logs": logs_a_day,
        "txs": logs_a_day // 2, "finality": finality,
    }  # fmt: skip
    for statement in split_statements(_SQL):
        client.command(statement, parameters=sizes)
