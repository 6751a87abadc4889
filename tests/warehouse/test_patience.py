"""A client with patience finds its warehouse again; one whose patience is over does not try."""

import time

import pyarrow as pa
import pytest
from clickhouse_connect.driver.exceptions import ClickHouseError
from urllib3.exceptions import ProtocolError

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


@pytest.fixture
def losing_answers(settings, monkeypatch, request):
    """A patient client, and how often the answers of a statement got lost on their way so far:
    the first two do, or as many as a test says.
    """
    count = getattr(request, "param", 2)
    client = connect(settings, Patience(120))
    carry_out = client.http._pool.request
    lost = []

    def request(*args, **words):
        reply = carry_out(*args, **words)
        if len(lost) < count:
            lost.append(reply.status)
            reply.close()
            raise ProtocolError("Connection aborted.", ConnectionResetError())
        return reply

    client.command("create or replace table default.kept (n UInt64) engine = MergeTree order by n")
    monkeypatch.setattr(client.http._pool, "request", request)
    yield client, lost
    client.close()


@pytest.mark.parametrize(
    "write",
    [
        lambda client: client.insert_arrow(
            "default.kept", pa.table({"n": pa.array([7], "uint64")})
        ),
        lambda client: client.insert("default.kept", [[7]], ["n"], column_type_names=["UInt64"]),
        lambda client: client.command("insert into default.kept select 7"),
        lambda client: client.command("insert into default.kept values", data="(7)"),
    ],
    ids=["arrow", "rows", "select", "values"],
)
def test_rows_whose_answer_got_lost_are_sent_until_one_arrives(losing_answers, write):
    client, lost = losing_answers
    write(client)
    assert len(lost) == 2
    assert client.query("select n from default.kept").result_rows == [(7,)] * 3


def test_question_whose_answer_got_lost_is_asked_until_one_arrives(losing_answers):
    client, lost = losing_answers
    assert client.query("\n with 1 as one select one").result_rows == [(1,)]
    assert len(lost) == 2


@pytest.mark.parametrize("losing_answers", [100], indirect=True)
def test_statement_that_the_server_does_not_survive_is_not_sent_for_ever(losing_answers):
    client, lost = losing_answers
    with pytest.raises(ClickHouseError, match="Connection aborted"):
        client.command("insert into default.kept select 7")
    assert len(lost) == 4


def test_change_of_tables_whose_answer_got_lost_is_not_made_twice(losing_answers):
    client, lost = losing_answers
    with pytest.raises(ClickHouseError, match="Connection aborted"):
        client.command("alter table default.kept add column m UInt8")
    assert lost == [200]


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
