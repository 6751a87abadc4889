"""What the user `reader` may see; what it must not get is tried in tests/trust."""

import base64
import http.client
from collections.abc import Callable
from urllib.parse import urlencode

import pytest

from oracul.warehouse import Client
from oracul.warehouse.embedded import Endpoint

Ask = Callable[..., tuple[int, str]]

SECRET = "the-secret-of-raw"


@pytest.fixture(scope="module")
def tables(warehouse_client: Client) -> str:
    """One table that readers may see and one that they may not; returns the open one's name."""
    for database in ("raw", "meta", "curated", "marts"):
        warehouse_client.command(f"CREATE DATABASE IF NOT EXISTS {database}")
    for name, value in (("marts.reader_open", "open"), ("raw.reader_closed", SECRET)):
        warehouse_client.command(
            f"CREATE OR REPLACE TABLE {name} (a UInt64, b String) ENGINE = MergeTree ORDER BY a"
        )
        warehouse_client.command(f"INSERT INTO {name} SELECT number, '{value}' FROM numbers(10)")
    warehouse_client.command(
        "CREATE OR REPLACE DICTIONARY raw.reader_dictionary (a UInt64, b String) PRIMARY KEY a "
        "SOURCE(CLICKHOUSE(TABLE 'reader_closed' DB 'raw')) LAYOUT(FLAT()) LIFETIME(0)"
    )
    return "marts.reader_open"


@pytest.fixture(scope="module")
def ask(warehouse_endpoint: Endpoint, tables: str) -> Ask:
    """Sends a statement as `reader`; returns status and body."""
    secret = warehouse_endpoint.reader_password.get_secret_value()
    token = base64.b64encode(f"reader:{secret}".encode()).decode()

    def send(text: str, method: str = "POST", **params: str) -> tuple[int, str]:
        connection = http.client.HTTPConnection(
            warehouse_endpoint.host, warehouse_endpoint.port, timeout=60
        )
        connection.request(
            method, "/?" + urlencode(params), text.encode(), {"Authorization": f"Basic {token}"}
        )
        reply = connection.getresponse()
        body = reply.read().decode(errors="replace")
        connection.close()
        return reply.status, body

    return send


@pytest.mark.parametrize(
    "query",
    [
        "select a, count() from marts.reader_open group by a order by 2 desc limit 5",
        "with x as (select * from marts.reader_open) select count() from x",
        "select toStartOfHour(now()), sum(a) over (order by a) from marts.reader_open limit 3",
        "select * from marts.reader_open where b like '%file(%' or b = 'system.users'",
        "select l.a from marts.reader_open l join marts.reader_open r using a",
        "select number from numbers(3)",
        "select * from values('a Int8', 1, 2)",
        "select * from generate_series(1, 3)",
        "select sumIf(a, a > 3), quantile(0.5)(a), uniqExactIf(a, b = 'x'), count(distinct b)"
        " from marts.reader_open",
        "select cast(a as Int8), a::String, a between 1 and 2, -a, b || 'x', a is null,"
        " case when a > 1 then 'x' else 'y' end, interval 1 day, extract(year from now()),"
        " date_add(day, 1, today()), trim(both 'a' from b), arrayMap(x -> x + 1, [1]), {p:UInt8}"
        " from marts.reader_open limit 1",
        'SELECT "a" AS "x" FROM "marts"."reader_open" LIMIT 1000',
        "select * except b from marts.reader_open union all select 1",
        "select a from marts.reader_open where a in (select a from marts.reader_open) limit 1 by a",
        "show tables from marts",
        "show databases",
        "show create table marts.reader_open",
        "describe table marts.reader_open",
        "exists table marts.reader_open",
        "select name from system.tables where database = 'marts'",
        "select * from system.columns where table = 'reader_open'",
        "select table_name from information_schema.tables",
        "select name, value from system.settings",
        "select version(), timezone(), currentUser(), currentDatabase()",
        "select displayName(), version(), revision(), timezone()",
        "select 1;",
    ],
)  # fmt: skip
def test_what_tools_ask_is_answered(ask: Ask, query: str) -> None:
    status, body = ask(query, param_p="1")

    assert status == 200, body


@pytest.mark.parametrize("query", ["select * from processes", "select * from reader_closed"])
@pytest.mark.parametrize("database", ["system", "SYSTEM", "raw", "meta"])
def test_database_parameter_does_not_open_tables(ask: Ask, query: str, database: str) -> None:
    assert ask(query, database=database)[0] >= 400


@pytest.mark.parametrize(
    "params",
    [
        {"readonly": "0"},
        {"readonly": "0", "role": "oracul_admin"},
        {"role": "oracul_admin"},
        {"profile": "default"},
        {"allow_ddl": "1"},
        {"format_schema": "/etc/passwd:x"},
        {"additional_table_filters": "{'marts.reader_open': 'file(1)'}"},
        {"session_id": "x"},
    ],
)
def test_parameters_do_not_open_tables(ask: Ask, params: dict[str, str]) -> None:
    status, body = ask("select * from raw.reader_closed", **params)

    assert (status >= 400, SECRET in body) == (True, False)


def test_session_gives_a_reader_no_memory(ask: Ask) -> None:
    ask("select 1", session_id="kept", max_block_size="99")

    assert (
        ask("select value from system.settings where name = 'max_block_size'", session_id="kept")[1]
        != "99\n"
    )


def test_result_beyond_the_rows_of_a_reader_is_refused(ask: Ask) -> None:
    status, body = ask("select number from numbers(1100000) format JSON")

    assert (status >= 400, "TOO_MANY_ROWS" in body) == (True, True)


def test_result_of_a_reader_is_bounded_in_bytes(ask: Ask) -> None:
    query = "select toUInt64(value) from system.settings where name = 'max_result_bytes'"

    assert int(ask(query)[1]) > 0


def test_reader_cannot_widen_its_limits(ask: Ask) -> None:
    status, _ = ask("select number from numbers(1100000) format JSON", max_result_rows="0")

    assert status >= 400


def test_reader_may_tighten_its_limits(ask: Ask) -> None:
    status, _ = ask("select number from numbers(1000) format JSON", max_result_rows="10")

    assert status >= 400


def test_reader_reads_by_get(ask: Ask) -> None:
    assert ask("", method="GET", query="select 1") == (200, "1\n")


def test_clickhouse_connect_works_for_the_reader(reader_client: Client, tables: str) -> None:
    assert reader_client.query(f"SELECT count() FROM {tables}").result_rows == [(10,)]


def test_list_of_open_functions_names_only_functions_of_the_engine(
    warehouse_client: Client,
) -> None:
    from oracul.warehouse.embedded.gate import open_functions

    known = {row[0].lower() for row in warehouse_client.query(
        "SELECT name FROM system.functions").result_rows}  # fmt: skip
    by_parser = {"exists", "grouping", "lambda", "untuple"}

    assert open_functions() - known <= by_parser
