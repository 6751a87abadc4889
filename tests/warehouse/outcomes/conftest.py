"""A warehouse of its own for the rooms that read the marts, with tables as dbt would make them."""

from collections.abc import Iterator

import pytest

from oracul.settings import Settings
from oracul.warehouse import Client, connect, migrate
from tests.fixtures.small_marts import create_marts
from tests.fixtures.warehouse import own_warehouse


@pytest.fixture(scope="session")
def outcomes_settings(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Settings]:
    """Settings of a home of its own, whose server runs until the session ends."""
    with own_warehouse(tmp_path_factory.mktemp("outcomes")) as settings:
        yield settings


@pytest.fixture(scope="session")
def outcomes_client(outcomes_settings: Settings) -> Iterator[Client]:
    """A client of a warehouse with `raw`, `meta`, and empty marts."""
    client = connect(outcomes_settings)
    migrate(client)
    create_marts(client)
    yield client
    client.close()
