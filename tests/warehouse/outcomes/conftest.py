"""A warehouse of its own for the rooms that read the marts, with tables as dbt would make them."""

from collections.abc import Iterator

import pytest

from oracul.settings import ClickHouseSettings, Settings, WarehouseSettings
from oracul.warehouse import Client, connect, migrate
from oracul.warehouse.embedded import ensure_running, stop
from tests.fixtures.small_marts import create_marts


@pytest.fixture(scope="session")
def outcomes_settings(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Settings]:
    """Settings of a home of its own, whose server runs until the session ends."""
    settings = Settings(
        home=tmp_path_factory.mktemp("outcomes"),
        clickhouse=ClickHouseSettings(),
        warehouse=WarehouseSettings(port=0),
        _env_file=None,
    )
    ensure_running(settings)
    yield settings
    stop(settings)


@pytest.fixture(scope="session")
def outcomes_client(outcomes_settings: Settings) -> Iterator[Client]:
    """A client of a warehouse with `raw`, `meta`, and empty marts."""
    client = connect(outcomes_settings)
    migrate(client)
    create_marts(client)
    yield client
    client.close()
