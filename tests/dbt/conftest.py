"""A warehouse of its own for each file of dbt tests: what one builds, no other sees."""

from collections.abc import Iterator

import pytest

from oracul.settings import Settings
from oracul.warehouse import Client, connect, migrate
from tests.fixtures.warehouse import own_warehouse


@pytest.fixture(scope="module")
def dbt_settings(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Settings]:
    """Settings of a fresh, migrated, empty warehouse that runs until the file's tests are over."""
    with own_warehouse(tmp_path_factory.mktemp("dbt")) as settings:
        migrate(connect(settings))
        yield settings


@pytest.fixture(scope="module")
def dbt_client(dbt_settings: Settings) -> Iterator[Client]:
    """A client of that warehouse with the right to write."""
    client = connect(dbt_settings)
    yield client
    client.close()
