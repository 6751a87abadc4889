"""Limits on sizes, time, memory and requests at once; clients that go away."""

import gzip
import socket
import threading
import time
import uuid
from collections.abc import Iterator
from urllib.parse import quote

import httpx
import pytest

from oracul.settings import ClickHouseSettings, Settings, WarehouseSettings
from oracul.warehouse import Client
from oracul.warehouse.embedded import Endpoint, ensure_running, stop


def raw_exchange(endpoint: Endpoint, request: bytes) -> bytes:
    """Send bytes as they are and read until the server closes."""
    with socket.create_connection((endpoint.host, endpoint.port), timeout=30) as connection:
        connection.sendall(request)
        answer = b""
        while piece := connection.recv(65536):
            answer += piece
            if b"\r\n\r\n" in answer:
                break
        return answer


def test_body_that_unpacks_beyond_the_limit_is_refused(
    warehouse_http: httpx.Client, small_server: Endpoint
) -> None:
    bomb = gzip.compress(bytes(40_000_000), 9)

    reply = httpx.post(
        f"http://{small_server.host}:{small_server.port}/",
        params={"query": "insert into function null('a String') format LineAsString"},
        content=bomb,
        headers={"Content-Encoding": "gzip"},
        auth=(small_server.user, small_server.password.get_secret_value()),
    )

    assert reply.status_code == 413


def test_body_beyond_the_limit_is_refused(small_server: Endpoint) -> None:
    reply = httpx.post(
        f"http://{small_server.host}:{small_server.port}/",
        params={"query": "insert into function null('a String') format LineAsString"},
        content=iter([bytes(1_000_000)] * 15),
        auth=(small_server.user, small_server.password.get_secret_value()),
    )

    assert reply.status_code == 413


def test_unknown_encoding_is_refused(warehouse_http: httpx.Client) -> None:
    reply = warehouse_http.post("/", content=b"select 1", headers={"Content-Encoding": "snappy"})

    assert (reply.status_code, "known:" in reply.text) == (501, True)


@pytest.mark.parametrize("length", ["-1", "x", "1e3", "99999999999999999999999"])
def test_bad_content_length_is_refused(warehouse_endpoint: Endpoint, length: str) -> None:
    request = f"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: {length}\r\n\r\nselect 1"

    assert b" 400 " in raw_exchange(warehouse_endpoint, request.encode())


def test_body_without_a_length_is_empty(warehouse_endpoint: Endpoint) -> None:
    secret = quote(warehouse_endpoint.password.get_secret_value())
    request = f"POST /?user={warehouse_endpoint.user}&password={secret} HTTP/1.1\r\nHost: x\r\n\r\n"

    assert b"exception-code: 62\r\n" in raw_exchange(warehouse_endpoint, request.encode())


def test_statement_longer_than_the_limit_is_refused(warehouse_http: httpx.Client) -> None:
    reply = warehouse_http.post("/", content=b"select '" + b"x" * (5 << 20) + b"'")

    assert reply.status_code == 400


@pytest.fixture(scope="module")
def small_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Endpoint]:
    """A server with small limits: 10 MB bodies, 2 requests at once, 2 seconds, 300 MB."""
    settings = Settings(
        home=tmp_path_factory.mktemp("small"),
        clickhouse=ClickHouseSettings(),
        warehouse=WarehouseSettings(
            port=0, max_body_mb=10, max_connections=2, max_execution_seconds=2, max_memory_mb=300
        ),
        _env_file=None,
    )
    yield ensure_running(settings)
    stop(settings)


def ask(endpoint: Endpoint, query: str) -> httpx.Response:
    return httpx.post(
        f"http://{endpoint.host}:{endpoint.port}/",
        content=query,
        auth=(endpoint.user, endpoint.password.get_secret_value()),
        timeout=60,
    )


def test_query_beyond_its_time_is_stopped(small_server: Endpoint) -> None:
    reply = ask(small_server, "select count() from numbers(1000000000000) where number % 7 = 8")

    assert (reply.status_code, reply.headers["x-clickhouse-exception-code"]) == (408, "159")


def test_query_beyond_its_memory_is_stopped(small_server: Endpoint) -> None:
    reply = ask(small_server, "select length(groupArray(toString(number))) from numbers(30000000)")

    assert reply.headers["x-clickhouse-exception-code"] in ("241", "159")


def test_server_answers_after_a_query_ran_out_of_memory(small_server: Endpoint) -> None:
    ask(small_server, "select length(groupArray(toString(number))) from numbers(30000000)")

    assert ask(small_server, "select 1").text == "1\n"


def test_more_requests_than_places_wait_for_their_turn(small_server: Endpoint) -> None:
    replies: list[str] = []

    def one() -> None:
        replies.append(ask(small_server, "select sleep(0.1)").text)

    threads = [threading.Thread(target=one) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert replies == ["0\n"] * 8


def test_query_of_a_client_that_went_away_is_stopped(
    warehouse_client: Client, warehouse_endpoint: Endpoint
) -> None:
    mark = f"gone_{uuid.uuid4().hex}"
    query = f"select count() as {mark} from numbers(1000000000000) where number % 7 = 8"
    secret = quote(warehouse_endpoint.password.get_secret_value())
    request = (
        f"POST /?user={warehouse_endpoint.user}&password={secret} HTTP/1.1\r\nHost: x\r\n"
        f"Content-Length: {len(query)}\r\n\r\n{query}"
    )
    seen = f"SELECT count() FROM system.processes WHERE query LIKE '%{mark}%numbers(1%'"
    own = 1

    with socket.create_connection((warehouse_endpoint.host, warehouse_endpoint.port)) as connection:
        connection.sendall(request.encode())
        assert wait_until(lambda: warehouse_client.command(seen) == own + 1)

    assert wait_until(lambda: warehouse_client.command(seen) == own)


def wait_until(is_true: object, seconds: float = 10) -> bool:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if is_true():  # type: ignore[operator]
            return True
    return False
