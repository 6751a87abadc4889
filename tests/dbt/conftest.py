"""A warehouse of its own for each file of dbt tests: what one builds, no other sees."""

from collections.abc import Iterator

import pytest

from oracul.settings import ClickHouseSettings, Settings, WarehouseSettings
from oracul.warehouse import Client, connect, migrate
from oracul.warehouse.embedded import ensure_running, stop


@pytest.fixture(scope="module")
def dbt_settings(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Settings]:
    """Settings of a fresh, migrated, empty warehouse that runs until the file's tests are over."""
    settings = Settings(
        home=tmp_path_factory.mktemp("dbt"),
        clickhouse=ClickHouseSettings(),
        warehouse=WarehouseSettings(port=0),
        _env_file=None,
    )
    ensure_running(settings)
    migrate(connect(settings))
    yield settings
    stop(settings)


@pytest.fixture(scope="module")
def dbt_client(dbt_settings: Settings) -> Iterator[Client]:
    """A client of that warehouse with the right to write."""
    client = connect(dbt_settings)
    yield client
    client.close()
