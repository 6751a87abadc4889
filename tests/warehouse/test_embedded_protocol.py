"""The HTTP protocol itself, as curl, Grafana or an attacker would speak it."""

import http.client as http_client
import json
import socket
import uuid
from collections.abc import Iterator

import httpx
import pytest

from oracul.warehouse.embedded import Endpoint


@pytest.fixture
def nobody(warehouse_endpoint: Endpoint) -> Iterator[httpx.Client]:
    """A client that has not signed in."""
    with httpx.Client(
        base_url=f"http://{warehouse_endpoint.host}:{warehouse_endpoint.port}"
    ) as client:
        yield client


# ---- one request at a time ---------------------------------------------------------------------


def test_who_asks_again_before_the_answer_gets_only_the_first(
    warehouse_endpoint: Endpoint,
) -> None:
    at = (warehouse_endpoint.host, warehouse_endpoint.port)
    with socket.create_connection(at, timeout=30) as connection:
        connection.sendall(b"GET /ping HTTP/1.1\r\nHost: x\r\n\r\n" * 20)

        replies = b"".join(iter(lambda: connection.recv(65536), b""))

    assert replies.count(b"Ok.\n") == 1


# ---- being alive -------------------------------------------------------------------------------


@pytest.mark.parametrize("path", ["/ping", "/replicas_status"])
def test_ping_needs_no_password(nobody: httpx.Client, path: str) -> None:
    assert nobody.get(path).text == "Ok.\n"


def test_unknown_path_is_not_found(warehouse_http: httpx.Client) -> None:
    assert warehouse_http.get("/play").status_code == 404


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH"])
def test_other_methods_are_refused(warehouse_http: httpx.Client, method: str) -> None:
    assert warehouse_http.request(method, "/", content="select 1").status_code == 501


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


@pytest.mark.parametrize("origin", ["http://evil.example", "null", "http://127.0.0.1:1"])
def test_web_page_from_elsewhere_is_refused(warehouse_http: httpx.Client, origin: str) -> None:
    reply = warehouse_http.post("/", content="select 1", headers={"Origin": origin})

    assert reply.status_code == 403


# ---- statements --------------------------------------------------------------------------------


def test_query_may_be_split_between_address_and_body(warehouse_http: httpx.Client) -> None:
    assert warehouse_http.post("/", params={"query": "select 1 +"}, content="1").text == "2\n"


def test_get_runs_a_query(warehouse_http: httpx.Client) -> None:
    assert warehouse_http.get("/", params={"query": "select 1"}).text == "1\n"


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
def test_get_changes_nothing(warehouse_http: httpx.Client, query: str) -> None:
    reply = warehouse_http.get("/", params={"query": query})

    assert (reply.status_code, reply.headers["x-clickhouse-exception-code"]) == (403, "164")


@pytest.mark.parametrize("body", ["1,2", "(1)"])
@pytest.mark.parametrize("form", ["format CSV", "values"])
def test_get_inserts_nothing_in_a_session(
    warehouse_http: httpx.Client, form: str, body: str
) -> None:
    query = f"insert into function null('a Int8') {form}"

    reply = warehouse_http.request(
        "GET", "/", params={"query": query, "session_id": str(uuid.uuid4())}, content=body
    )

    assert reply.status_code == 403


@pytest.mark.parametrize(
    "query", ["select 1; select 2", "select 1; drop database default", "select 1;;select 2"]
)
def test_several_statements_are_refused(warehouse_http: httpx.Client, query: str) -> None:
    reply = warehouse_http.post("/", content=query)

    assert (reply.status_code, reply.headers["x-clickhouse-exception-code"]) == (400, "62")


def test_statement_may_end_with_a_semicolon(warehouse_http: httpx.Client) -> None:
    assert warehouse_http.post("/", content="select 1;\n").text == "1\n"


def test_outfile_is_refused(
    warehouse_http: httpx.Client, tmp_path_factory: pytest.TempPathFactory
) -> None:
    target = tmp_path_factory.mktemp("out") / "x"

    reply = warehouse_http.post("/", content=f"select 1 into outfile '{target}'")

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
def test_names_that_are_no_names_are_refused(
    warehouse_http: httpx.Client, params: dict[str, str]
) -> None:
    reply = warehouse_http.post("/", content="select 1", params=params)

    assert reply.status_code in (400, 404)


def test_value_of_a_setting_cannot_leave_its_quotes(warehouse_http: httpx.Client) -> None:
    reply = warehouse_http.post(
        "/",
        content="select getSetting('max_threads')",
        params={"log_queries": "1', max_threads = '77"},
    )

    assert "x-clickhouse-exception-code" in reply.headers


def test_unknown_setting_is_named(warehouse_http: httpx.Client) -> None:
    reply = warehouse_http.post("/", content="select 1", params={"no_such_setting": "1"})

    assert (reply.status_code, "no_such_setting" in reply.text) == (404, True)


def test_unknown_database_is_not_found(warehouse_http: httpx.Client) -> None:
    assert warehouse_http.post("/?database=nowhere", content="select 1").status_code == 404


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
    warehouse_http: httpx.Client, query: str, status: int, code: str
) -> None:
    reply = warehouse_http.post("/", content=query)

    assert (reply.status_code, reply.headers["x-clickhouse-exception-code"]) == (status, code)


def test_text_that_is_not_utf8_is_refused(warehouse_http: httpx.Client) -> None:
    assert warehouse_http.post("/", content=b"select '\xff'").status_code == 400


# ---- formats and headers -----------------------------------------------------------------------


@pytest.mark.parametrize("fmt", ["JSON", "JSONCompact", "JSONColumnsWithMetadata"])
def test_default_format_makes_valid_json_of_many_blocks(
    warehouse_http: httpx.Client, fmt: str
) -> None:
    reply = warehouse_http.post(
        "/", content="select number from numbers(200000)", params={"default_format": fmt}
    )

    assert json.loads(reply.text)["rows"] == 200_000


def test_format_in_the_query_wins(warehouse_http: httpx.Client) -> None:
    reply = warehouse_http.post("/?default_format=CSV", content="select 1 as a format JSONEachRow")

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
def test_content_type_follows_the_format(warehouse_http: httpx.Client, fmt: str, kind: str) -> None:
    reply = warehouse_http.post("/", content=f"select 1 format {fmt}")

    assert reply.headers["content-type"].startswith(kind)


def test_query_id_is_returned(warehouse_http: httpx.Client) -> None:
    name = str(uuid.uuid4())

    reply = warehouse_http.post("/", content="select 1", params={"query_id": name})

    assert reply.headers["x-clickhouse-query-id"] == name


def test_summary_counts_what_was_read(warehouse_http: httpx.Client) -> None:
    reply = warehouse_http.post("/", content="select sum(number) from numbers(1000)")

    assert json.loads(reply.headers["x-clickhouse-summary"])["read_rows"] != "0"


def test_waiting_for_the_end_gives_an_honest_status(warehouse_http: httpx.Client) -> None:
    query = "select generateUUIDv4(), throwIf(number = 900000) from numbers(1000000)"

    reply = warehouse_http.post("/?wait_end_of_query=1", content=query)

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
