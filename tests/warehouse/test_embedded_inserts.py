"""Inserts in every form that a client may send them."""

import socket
from collections.abc import Iterator
from urllib.parse import quote

import httpx
import lz4.frame
import pytest

from oracul.warehouse import Client
from oracul.warehouse.embedded import Endpoint


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
def test_insert_in_every_form(
    warehouse_http: httpx.Client, table: str, query: str, body: bytes
) -> None:
    content = body.replace(b"{t}", table.encode())
    reply = warehouse_http.post("/", params={"query": query.replace("{t}", table)}, content=content)

    rows = warehouse_http.post("/", content=f"select * from {table} order by a").text

    assert (reply.status_code, rows) == (200, "1\tx\n2\ty\n")


def test_parameter_names_the_table_of_an_insert(warehouse_http: httpx.Client, table: str) -> None:
    database, name = table.split(".")
    warehouse_http.post(
        "/",
        params={"query": "insert into {d:Identifier}.{t:Identifier} format CSV",
                "param_d": database, "param_t": name},
        content=b"5,x",
    )  # fmt: skip

    assert warehouse_http.post("/", content=f"select a from {table}").text == "5\n"


def test_frames_of_a_chunked_upload_are_all_inserted(
    warehouse_http: httpx.Client, table: str
) -> None:
    def frames() -> Iterator[bytes]:
        for first in range(0, 50_000, 5_000):
            lines = "".join(f"{number},x\n" for number in range(first, first + 5_000))
            yield lz4.frame.compress(lines.encode())

    warehouse_http.post(
        "/",
        params={"query": f"insert into {table} format CSV"},
        content=frames(),
        headers={"Content-Encoding": "lz4"},
    )

    assert warehouse_http.post("/", content=f"select count() from {table}").text == "50000\n"


def test_broken_off_upload_inserts_nothing(
    warehouse_http: httpx.Client, warehouse_endpoint: Endpoint, table: str
) -> None:
    query = quote(f"insert into {table} format CSV")
    secret = quote(warehouse_endpoint.password.get_secret_value())
    head = (
        f"POST /?query={query}&user={warehouse_endpoint.user}&password={secret} HTTP/1.1\r\n"
        "Host: x\r\nContent-Length: 1000\r\n\r\n1,x\n2,y\n"
    )
    with socket.create_connection((warehouse_endpoint.host, warehouse_endpoint.port)) as connection:
        connection.sendall(head.encode())

    assert warehouse_http.post("/", content=f"select count() from {table}").text == "0\n"
