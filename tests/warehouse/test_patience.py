"""A client with patience finds its warehouse again; one whose patience is over does not try."""

import time

import pytest
from clickhouse_connect.driver.exceptions import ClickHouseError

from oracul import stopping
from oracul.warehouse import Patience, connect
from oracul.warehouse.embedded import ensure_running, running, stop
from tests.fixtures.own_home import home_settings, kill_warehouse


@pytest.fixture(scope="module")
def settings(tmp_path_factory):
    own = home_settings(tmp_path_factory.mktemp("patience") / "home")
    ensure_running(own)
    yield own
    stop(own)


def as_server(settings):
    """The same warehouse as a server that the client cannot start."""
    endpoint = ensure_running(settings)
    server = settings.clickhouse.model_copy(
        update={"host": endpoint.host, "port": endpoint.port, "password": endpoint.password}
    )
    return settings.model_copy(update={"clickhouse": server})


def test_patient_client_starts_a_killed_warehouse_and_says_that_it_waits(settings):
    told = []
    client = connect(settings, Patience(120, told.append))
    before = running(settings)
    kill_warehouse(settings)
    assert client.command("select 1") == 1
    assert running(settings).pid != before.pid
    assert (told[0] < 5, told[-1]) == (True, None)
    client.close()


def test_client_without_patience_fails_at_once(settings):
    client = connect(as_server(settings))
    kill_warehouse(settings)
    with pytest.raises(ClickHouseError):
        client.command("select 1")


def test_patience_that_ran_out_is_not_tried_again_until_an_answer(settings):
    waits = []
    client = connect(as_server(settings), Patience(0.5, waits.append))
    kill_warehouse(settings)
    with pytest.raises(ClickHouseError):
        client.command("select 1")
    tried = len(waits)
    with pytest.raises(ClickHouseError):
        client.command("select 1")
    assert 0 < tried == len(waits)


def test_patience_ends_when_the_process_is_asked_to_stop(settings):
    client = connect(as_server(settings), Patience(600))
    kill_warehouse(settings)
    stopping.asked.set()
    began = time.monotonic()
    try:
        with pytest.raises(ClickHouseError):
            client.command("select 1")
    finally:
        stopping.asked.clear()
    assert time.monotonic() - began < 60
