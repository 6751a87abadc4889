"""The HTTP protocol itself, as curl, Grafana or an attacker would speak it."""

import gzip
import http.client as http_client
import json
import socket
import threading
import time
import uuid
from collections.abc import Iterator
from urllib.parse import quote

import httpx
import lz4.frame
import pytest

from oracul.warehouse import Client
from oracul.warehouse.embedded import Endpoint


@pytest.fixture
def http(warehouse_endpoint: Endpoint) -> Iterator[httpx.Client]:
    """The administrator over bare HTTP."""
    with httpx.Client(
        base_url=f"http://{warehouse_endpoint.host}:{warehouse_endpoint.port}",
        auth=(warehouse_endpoint.user, warehouse_endpoint.password.get_secret_value()),
        timeout=60,
    ) as client:
        yield client


@pytest.fixture
def nobody(warehouse_endpoint: Endpoint) -> Iterator[httpx.Client]:
    """A client that has not signed in."""
    with httpx.Client(
        base_url=f"http://{warehouse_endpoint.host}:{warehouse_endpoint.port}"
    ) as client:
        yield client


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


# ---- being alive -------------------------------------------------------------------------------


@pytest.mark.parametrize("path", ["/ping", "/replicas_status"])
def test_ping_needs_no_password(nobody: httpx.Client, path: str) -> None:
    assert nobody.get(path).text == "Ok.\n"


def test_unknown_path_is_not_found(http: httpx.Client) -> None:
    assert http.get("/play").status_code == 404


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH"])
def test_other_methods_are_refused(http: httpx.Client, method: str) -> None:
    assert http.request(method, "/", content="select 1").status_code == 501


# ---- users -------------------------------------------------------------------------------------


def test_request_without_password_is_asked_for_one(nobody: httpx.Client) -> None:
    reply = nobody.post("/", content="select 1")

    assert (reply.status_code, reply.headers["x-clickhouse-exception-code"]) == (401, "194")


@pytest.mark.parametrize("user", ["oracul", "reader", "default", "nobody", ""])
def test_wrong_password_is_refused(nobody: httpx.Client, user: str) -> None:
    reply = nobody.post("/", content="select 1", auth=(user, "wrong"))

    assert (reply.status_code, reply.headers["x-clickhouse-exception-code"]) == (403, "516")


def test_password_of_one_user_does_not_open_the_other(
    nobody: httpx.Client, warehouse_endpoint: Endpoint
) -> None:
    secret = warehouse_endpoint.reader_password.get_secret_value()

    assert nobody.post("/", content="select 1", auth=("oracul", secret)).status_code == 403


def test_headers_of_clickhouse_sign_in(nobody: httpx.Client, warehouse_endpoint: Endpoint) -> None:
    headers = {
        "X-ClickHouse-User": warehouse_endpoint.user,
        "X-ClickHouse-Key": warehouse_endpoint.password.get_secret_value(),
    }

    assert nobody.post("/", content="select 1", headers=headers).text == "1\n"


def test_parameters_sign_in(nobody: httpx.Client, warehouse_endpoint: Endpoint) -> None:
    params = {
        "user": warehouse_endpoint.user,
        "password": warehouse_endpoint.password.get_secret_value(),
    }

    assert nobody.post("/", content="select 1", params=params).text == "1\n"


# ---- statements --------------------------------------------------------------------------------


def test_query_may_be_split_between_address_and_body(http: httpx.Client) -> None:
    assert http.post("/", params={"query": "select 1 +"}, content="1").text == "2\n"


def test_get_runs_a_query(http: httpx.Client) -> None:
    assert http.get("/", params={"query": "select 1"}).text == "1\n"


@pytest.mark.parametrize(
    "query",
    [
        "create database stray",
        "insert into function null('a Int8') values (1)",
        "set max_threads = 1",
        "drop database default",
        "kill query where 1",
        "system reload config",
    ],
)
def test_get_changes_nothing(http: httpx.Client, query: str) -> None:
    reply = http.get("/", params={"query": query})

    assert (reply.status_code, reply.headers["x-clickhouse-exception-code"]) == (403, "164")


@pytest.mark.parametrize(
    "query", ["select 1; select 2", "select 1; drop database default", "select 1;;select 2"]
)
def test_several_statements_are_refused(http: httpx.Client, query: str) -> None:
    reply = http.post("/", content=query)

    assert (reply.status_code, reply.headers["x-clickhouse-exception-code"]) == (400, "62")


def test_statement_may_end_with_a_semicolon(http: httpx.Client) -> None:
    assert http.post("/", content="select 1;\n").text == "1\n"


def test_outfile_is_refused(http: httpx.Client, tmp_path_factory: pytest.TempPathFactory) -> None:
    target = tmp_path_factory.mktemp("out") / "x"

    reply = http.post("/", content=f"select 1 into outfile '{target}'")

    assert (reply.status_code, target.exists()) == (400, False)


@pytest.mark.parametrize(
    "params",
    [
        {"max_threads = 1, readonly": "0"},
        {"max_threads=1--": "1"},
        {"database": "default`; drop database raw"},
        {"param_a = 1, max_threads": "1"},
        {"session_id": "a b"},
        {"query_id": "a\r\nX-Injected: 1"},
        {"default_format": "JSON; select 1"},
    ],
)
def test_names_that_are_no_names_are_refused(http: httpx.Client, params: dict[str, str]) -> None:
    reply = http.post("/", content="select 1", params=params)

    assert reply.status_code in (400, 404)


def test_value_of_a_setting_cannot_leave_its_quotes(http: httpx.Client) -> None:
    reply = http.post(
        "/",
        content="select getSetting('max_threads')",
        params={"log_queries": "1', max_threads = '77"},
    )

    assert "x-clickhouse-exception-code" in reply.headers


def test_unknown_setting_is_named(http: httpx.Client) -> None:
    reply = http.post("/", content="select 1", params={"no_such_setting": "1"})

    assert (reply.status_code, "no_such_setting" in reply.text) == (404, True)


def test_unknown_database_is_not_found(http: httpx.Client) -> None:
    assert http.post("/?database=nowhere", content="select 1").status_code == 404


@pytest.mark.parametrize(
    ("query", "status", "code"),
    [
        ("selec 1", 400, "62"),
        ("", 400, "62"),
        ("select * from nowhere.t", 404, "81"),
        ("select nosuch()", 404, "46"),
        ("select {p:UInt8}", 400, "456"),
    ],
)
def test_status_and_code_tell_what_was_wrong(
    http: httpx.Client, query: str, status: int, code: str
) -> None:
    reply = http.post("/", content=query)

    assert (reply.status_code, reply.headers["x-clickhouse-exception-code"]) == (status, code)


def test_text_that_is_not_utf8_is_refused(http: httpx.Client) -> None:
    assert http.post("/", content=b"select '\xff'").status_code == 400


# ---- formats and headers -----------------------------------------------------------------------


@pytest.mark.parametrize("fmt", ["JSON", "JSONCompact", "JSONColumnsWithMetadata"])
def test_default_format_makes_valid_json_of_many_blocks(http: httpx.Client, fmt: str) -> None:
    reply = http.post(
        "/", content="select number from numbers(200000)", params={"default_format": fmt}
    )

    assert json.loads(reply.text)["rows"] == 200_000


def test_format_in_the_query_wins(http: httpx.Client) -> None:
    reply = http.post("/?default_format=CSV", content="select 1 as a format JSONEachRow")

    assert (reply.text, reply.headers["x-clickhouse-format"]) == ('{"a":1}\n', "JSONEachRow")


@pytest.mark.parametrize(
    ("fmt", "kind"),
    [
        ("JSON", "application/json"),
        ("CSV", "text/csv"),
        ("TSV", "text/tab-separated-values"),
        ("Native", "application/octet-stream"),
        ("Pretty", "text/plain"),
    ],
)
def test_content_type_follows_the_format(http: httpx.Client, fmt: str, kind: str) -> None:
    reply = http.post("/", content=f"select 1 format {fmt}")

    assert reply.headers["content-type"].startswith(kind)


def test_query_id_is_returned(http: httpx.Client) -> None:
    name = str(uuid.uuid4())

    reply = http.post("/", content="select 1", params={"query_id": name})

    assert reply.headers["x-clickhouse-query-id"] == name


def test_summary_counts_what_was_read(http: httpx.Client) -> None:
    reply = http.post("/", content="select sum(number) from numbers(1000)")

    assert json.loads(reply.headers["x-clickhouse-summary"])["read_rows"] != "0"


def test_waiting_for_the_end_gives_an_honest_status(http: httpx.Client) -> None:
    query = "select generateUUIDv4(), throwIf(number = 900000) from numbers(1000000)"

    reply = http.post("/?wait_end_of_query=1", content=query)

    assert (reply.status_code, reply.headers["x-clickhouse-exception-code"]) == (500, "395")


def test_late_error_is_marked_and_the_reply_broken_off(warehouse_endpoint: Endpoint) -> None:
    query = "select generateUUIDv4(), throwIf(number = 900000) from numbers(1000000)"
    connection = http_client.HTTPConnection(warehouse_endpoint.host, warehouse_endpoint.port)
    user, secret = warehouse_endpoint.user, warehouse_endpoint.password.get_secret_value()
    headers = {"X-ClickHouse-User": user, "X-ClickHouse-Key": secret}
    connection.request("POST", "/", body=query, headers=headers)
    reply = connection.getresponse()
    tag = reply.getheader("x-clickhouse-exception-tag")

    with pytest.raises(http_client.IncompleteRead) as broken:
        reply.read()

    assert f"__exception__\r\n{tag}\r\nCode: 395.".encode() in broken.value.partial


# ---- inserts -----------------------------------------------------------------------------------


@pytest.fixture
def table(warehouse_client: Client, fresh_database: str) -> str:
    warehouse_client.command(
        f"CREATE TABLE {fresh_database}.t (a Int64, b String) ENGINE = MergeTree ORDER BY a"
    )
    return f"{fresh_database}.t"


@pytest.mark.parametrize(
    ("query", "body"),
    [
        ("insert into {t} format CSV", b"1,x\n2,y\n"),
        ("insert into {t} (a, b) values", b"(1, 'x'), (2, 'y')"),
        ("insert into {t} format JSONEachRow", b'{"a": 1, "b": "x"}\n{"a": 2, "b": "y"}'),
        ("", b"insert into {t} values (1, 'x'), (2, 'y');"),
        ("", b"insert into {t} format TSV\n1\tx\n2\ty\n"),
        ("", b"insert into {t} select 1, 'x' union all select 2, 'y'"),
    ],
)
def test_insert_in_every_form(http: httpx.Client, table: str, query: str, body: bytes) -> None:
    content = body.replace(b"{t}", table.encode())
    reply = http.post("/", params={"query": query.replace("{t}", table)}, content=content)

    rows = http.post("/", content=f"select * from {table} order by a").text

    assert (reply.status_code, rows) == (200, "1\tx\n2\ty\n")


def test_parameter_names_the_table_of_an_insert(http: httpx.Client, table: str) -> None:
    database, name = table.split(".")
    http.post(
        "/",
        params={"query": "insert into {d:Identifier}.{t:Identifier} format CSV",
                "param_d": database, "param_t": name},
        content=b"5,x",
    )  # fmt: skip

    assert http.post("/", content=f"select a from {table}").text == "5\n"


def test_frames_of_a_chunked_upload_are_all_inserted(http: httpx.Client, table: str) -> None:
    def frames() -> Iterator[bytes]:
        for first in range(0, 50_000, 5_000):
            lines = "".join(f"{number},x\n" for number in range(first, first + 5_000))
            yield lz4.frame.compress(lines.encode())

    http.post(
        "/",
        params={"query": f"insert into {table} format CSV"},
        content=frames(),
        headers={"Content-Encoding": "lz4"},
    )

    assert http.post("/", content=f"select count() from {table}").text == "50000\n"


def test_broken_off_upload_inserts_nothing(
    http: httpx.Client, warehouse_endpoint: Endpoint, table: str
) -> None:
    query = quote(f"insert into {table} format CSV")
    secret = quote(warehouse_endpoint.password.get_secret_value())
    head = (
        f"POST /?query={query}&user={warehouse_endpoint.user}&password={secret} HTTP/1.1\r\n"
        "Host: x\r\nContent-Length: 1000\r\n\r\n1,x\n2,y\n"
    )
    with socket.create_connection((warehouse_endpoint.host, warehouse_endpoint.port)) as connection:
        connection.sendall(head.encode())

    assert http.post("/", content=f"select count() from {table}").text == "0\n"


# ---- sizes and shapes of requests --------------------------------------------------------------


def test_body_that_unpacks_beyond_the_limit_is_refused(
    http: httpx.Client, small_server: Endpoint
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


def test_unknown_encoding_is_refused(http: httpx.Client) -> None:
    reply = http.post("/", content=b"select 1", headers={"Content-Encoding": "snappy"})

    assert (reply.status_code, "known:" in reply.text) == (501, True)


@pytest.mark.parametrize("length", ["-1", "x", "1e3", "99999999999999999999999"])
def test_bad_content_length_is_refused(warehouse_endpoint: Endpoint, length: str) -> None:
    request = f"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: {length}\r\n\r\nselect 1"

    assert b" 400 " in raw_exchange(warehouse_endpoint, request.encode())


def test_body_without_a_length_is_empty(warehouse_endpoint: Endpoint) -> None:
    secret = quote(warehouse_endpoint.password.get_secret_value())
    request = f"POST /?user={warehouse_endpoint.user}&password={secret} HTTP/1.1\r\nHost: x\r\n\r\n"

    assert b"exception-code: 62\r\n" in raw_exchange(warehouse_endpoint, request.encode())


def test_statement_longer_than_the_limit_is_refused(http: httpx.Client) -> None:
    reply = http.post("/", content=b"select '" + b"x" * (5 << 20) + b"'")

    assert reply.status_code == 400


# ---- limits ------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def small_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Endpoint]:
    """A server with small limits: 10 MB bodies, 2 requests at once, 2 seconds, 300 MB."""
    from oracul.settings import ClickHouseSettings, Settings, WarehouseSettings
    from oracul.warehouse.embedded import ensure_running, stop

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
        wait_until(lambda: warehouse_client.command(seen) == own + 1)

    assert wait_until(lambda: warehouse_client.command(seen) == own)


def wait_until(is_true: object, seconds: float = 10) -> bool:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if is_true():  # type: ignore[operator]
            return True
    return False
