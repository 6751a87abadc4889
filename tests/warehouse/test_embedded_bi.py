"""Requests as BI tools send them: Grafana's two plugins, JDBC (DBeaver), Superset, curl."""

import gzip
import json
from collections.abc import Iterator

import httpx
import pytest

from oracul.errors import WarehouseError
from oracul.settings import ClickHouseSettings, Settings
from oracul.warehouse import Client, connection_environment
from oracul.warehouse.embedded import Endpoint

# What clickhouse-go sends in its HTTP mode, and with it Grafana's own ClickHouse plugin.
GO = {"default_format": "Native", "client_protocol_version": "54460", "database": "default"}
BLOCK_INFO = b"\x01\x00\x02\xff\xff\xff\xff\x00"


@pytest.fixture(scope="module")
def table(warehouse_client: Client) -> Iterator[str]:
    """A small table that readers may see: three days, two symbols."""
    name = "marts.bi_daily"
    warehouse_client.command("CREATE DATABASE IF NOT EXISTS marts")
    warehouse_client.command(
        f"CREATE OR REPLACE TABLE {name} (block_date Date, at DateTime64(3, 'UTC'), "
        "symbol LowCardinality(Nullable(String)), volume_usd Nullable(Float64)) "
        "ENGINE = MergeTree ORDER BY block_date"
    )
    warehouse_client.command(
        f"INSERT INTO {name} SELECT toDate('2026-01-01') + number % 3, "
        "toDateTime64('2026-01-01 06:00:00', 3, 'UTC') + INTERVAL number % 3 DAY, "
        "if(number % 2, 'USDX', 'WETH'), number FROM numbers(12)"
    )
    yield name
    warehouse_client.command(f"DROP TABLE {name}")


@pytest.fixture
def reader(warehouse_endpoint: Endpoint, table: str) -> Iterator[httpx.Client]:
    """The user `reader` over bare HTTP."""
    with httpx.Client(
        base_url=f"http://{warehouse_endpoint.host}:{warehouse_endpoint.port}",
        auth=("reader", warehouse_endpoint.reader_password.get_secret_value()),
        timeout=60,
    ) as client:
        yield client


# ---- finding the way in -------------------------------------------------------------------------


def test_reader_signs_in_with_the_environment_made_for_it(warehouse_settings: Settings) -> None:
    found = connection_environment(warehouse_settings, reader=True)
    host, port, user, secret = (
        found[f"ORACUL_CLICKHOUSE__{name}"] for name in ("HOST", "PORT", "USER", "PASSWORD")
    )

    reply = httpx.post(f"http://{host}:{port}/", auth=(user, secret), content="SELECT 1")

    assert (user, reply.text) == ("reader", "1\n")


def test_reader_of_another_server_is_refused_with_the_way_out() -> None:
    settings = Settings(clickhouse=ClickHouseSettings(host="ch.example"), _env_file=None)

    with pytest.raises(WarehouseError, match="can only select"):
        connection_environment(settings, reader=True)


# ---- Grafana's own plugin (clickhouse-go over HTTP) --------------------------------------------


def test_first_question_of_clickhouse_go_is_answered_in_its_version(reader: httpx.Client) -> None:
    query = "SELECT displayName(), version(), revision(), timezone()"

    body = reader.post("/", params=GO, content=query).content

    assert body.startswith(BLOCK_INFO + b"\x04\x01\x0ddisplayName()\x06String\x00")
    assert body.endswith(b"\ntimezone()\x06String\x00\x03UTC")


@pytest.mark.parametrize(
    "kind",
    [
        "Int256",
        "Bool",
        "String",
        "FixedString(3)",
        "UUID",
        "IPv6",
        "DateTime64(3, 'UTC')",
        "Decimal(76, 10)",
        "Enum8('a' = 1, 'b,()' = 2)",
        "Nullable(Decimal(38, 5))",
        "LowCardinality(Nullable(String))",
        "Array(Array(Nullable(UInt8)))",
        "Map(LowCardinality(String), Array(String))",
        "Tuple(a UInt8, `b c` Array(String))",
        "Tuple(`a, (\\`b` String, c DateTime)",
        "Array(Tuple(x LowCardinality(Nullable(String)), y DateTime64(6)))",
    ],
)
def test_column_behind_any_type_is_found(warehouse_http: httpx.Client, kind: str) -> None:
    structure = f"v {kind}".replace("\\", r"\\").replace("'", r"\'")
    query = f"SELECT v, 'end' AS s FROM generateRandom('{structure}', 1, 12, 3) LIMIT 50"

    body = warehouse_http.post("/", params=GO, content=query).content

    assert body.endswith(b"\x01s\x06String\x00" + 50 * b"\x03end")


def test_client_of_an_older_version_gets_plain_blocks(reader: httpx.Client) -> None:
    params = {"client_protocol_version": "54405", "default_format": "Native"}

    body = reader.post("/", params=params, content="SELECT 1 AS check").content

    assert body == b"\x01\x01\x05check\x05UInt8\x01"


def test_version_that_is_no_number_is_refused(reader: httpx.Client) -> None:
    reply = reader.post("/", params={"client_protocol_version": "new"}, content="SELECT 1")

    assert reply.status_code == 400


def test_packed_reply_to_clickhouse_go_is_gzip(reader: httpx.Client) -> None:
    headers = {"Accept-Encoding": "gzip"}
    with reader.stream("POST", "/", params=GO, headers=headers, content=b"SELECT 1") as reply:
        raw = b"".join(reply.iter_raw())

    assert gzip.decompress(raw) == BLOCK_INFO + b"\x01\x01\x011\x05UInt8\x00\x01"


@pytest.mark.parametrize(
    "query",
    [
        "SHOW DATABASES",
        'SHOW TABLES FROM "marts"',
        'DESC TABLE "marts"."bi_daily"',
        "SELECT toStartOfInterval(toDateTime(at), INTERVAL 3600 second) AS time, sum(volume_usd)"
        " FROM marts.bi_daily WHERE time >= toDateTime(1767225600)"
        " AND time <= toDateTime(1800000000) GROUP BY time ORDER BY time",
        "SELECT toStartOfInterval(toDateTime64(at, 3), INTERVAL 500 millisecond) AS t, symbol"
        " FROM marts.bi_daily WHERE at >= fromUnixTimestamp64Milli(1767225600000)",
        "SELECT block_date FROM marts.bi_daily WHERE block_date >= toDate('2026-01-02')",
        "SELECT name, is_aggregate, case_insensitive, alias_to, origin, description, syntax,"
        " arguments, returned_value, examples, categories FROM system.functions LIMIT 10000",
    ],
)
def test_grafanas_questions_are_answered(reader: httpx.Client, query: str) -> None:
    reply = reader.post("/", params={**GO, "max_execution_time": "65"}, content=query)

    assert (reply.status_code, reply.content[:8]) == (200, BLOCK_INFO)


# ---- the other Grafana plugin (JSON, GET or POST) ----------------------------------------------


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_time_series_of_the_json_plugin_is_answered(reader: httpx.Client, method: str) -> None:
    query = (
        "SELECT (intDiv(toUInt32(toDateTime(at)), 86400) * 86400) * 1000 AS t,"
        " groupArray((symbol, v)) AS groupArr FROM (SELECT at, symbol, sum(volume_usd) AS v"
        " FROM marts.bi_daily WHERE at >= toDateTime64(1767225600, 3)"
        " AND block_date >= toDate(toDateTime(1767225600)) GROUP BY at, symbol)"
        " GROUP BY t ORDER BY t FORMAT JSON"
    )
    params = {"add_http_cors_header": "1", "enable_http_compression": "1", "database": "default"}
    if method == "GET":
        params["query"] = query

    reply = reader.request(method, "/", params=params, content=None if method == "GET" else query)

    assert [int(row["t"]) for row in reply.json()["data"]] == [
        1767225600000,
        1767312000000,
        1767398400000,
    ]


def test_filter_choices_of_the_json_plugin_are_answered(reader: httpx.Client) -> None:
    query = (
        "SELECT database, table, name, type FROM system.columns WHERE database = 'marts' AND "
        "database NOT IN ('system','INFORMATION_SCHEMA') ORDER BY database, table FORMAT JSON"
    )

    assert reader.get("/", params={"query": query}).json()["rows"] > 0


# ---- JDBC (DBeaver and others) -----------------------------------------------------------------

JDBC = {"X-ClickHouse-Format": "RowBinaryWithNamesAndTypes", "X-ClickHouse-Database": "default"}


def test_first_question_of_jdbc_is_answered(reader: httpx.Client) -> None:
    query = "SELECT currentUser() AS user, timezone() AS timezone, version() AS version LIMIT 1"

    body = reader.post("/", headers=JDBC, content=query).content

    assert body.startswith(b"\x03\x04user\x08timezone\x07version\x06String\x06String\x06String")


@pytest.mark.parametrize(
    "query",
    [
        "SELECT name AS TABLE_SCHEM, '' AS TABLE_CATALOG FROM system.databases ORDER BY name",
        "SELECT t.database AS s, if(t.is_temporary = 1, concat('Temporary', t.engine), t.engine)"
        " AS TABLE_TYPE, d.engine, CAST(null as Nullable(String)) AS n FROM system.tables t"
        " JOIN system.databases d ON system.tables.database = system.databases.name"
        " WHERE t.database LIKE '%' AND (t.engine IN ('MergeTree')) AND (t.is_temporary = 0)",
        "SELECT toInt32(multiIf(character_octet_length IS NOT NULL, character_octet_length, 0)),"
        " toInt32(IF (numeric_scale == 0, NULL, numeric_scale)), position(type, 'Nullable(') >= 1"
        " ? 1 : 0, character_octet_length::Nullable(Int32) FROM system.columns"
        " WHERE database LIKE 'marts' AND name LIKE '%'",
        "SELECT trim(c.1), CAST(c.2 AS Int16) FROM system.tables ARRAY JOIN arrayZip("
        "splitByChar(',', primary_key), arrayEnumerate(splitByChar(',', primary_key))) as c",
        "SELECT arrayJoin(['TABLE', 'VIEW']) AS TABLE_TYPE ORDER BY TABLE_TYPE",
        "SELECT 'local' AS TABLE_CAT WHERE 1 = 0",
        "SELECT * FROM `marts`.`bi_daily` LIMIT 0, 200",
    ],
)
def test_what_a_jdbc_tool_asks_is_answered(reader: httpx.Client, query: str) -> None:
    reply = reader.post("/", headers=JDBC, content=query)

    assert reply.status_code == 200, reply.text


def test_compression_inside_the_format_is_refused_with_the_way_out(reader: httpx.Client) -> None:
    reply = reader.post("/", params={"compress": "1"}, headers=JDBC, content="SELECT 1")

    assert (reply.status_code, "compress=false" in reply.text) == (501, True)


# ---- Superset ----------------------------------------------------------------------------------


@pytest.mark.parametrize("grain", ["Hour", "Day", "Week", "Month", "Quarter", "Year"])
def test_supersets_time_grains_are_answered(reader: httpx.Client, grain: str) -> None:
    query = (
        f"SELECT toStartOf{grain}(toDateTime(`block_date`)) AS `block_date_0f1e2d`,"
        " sum(`volume_usd`) AS `SUM(volume_usd)` FROM `marts`.`bi_daily`"
        " WHERE `block_date` >= toDate('2026-01-01')"
        f" GROUP BY toStartOf{grain}(toDateTime(`block_date`)) LIMIT 1000 FORMAT JSON"
    )

    assert reader.post("/", content=query).json()["rows"] >= 1


def test_closed_table_is_refused_by_name(reader: httpx.Client) -> None:
    reply = reader.post("/", content="SELECT * FROM system.users")

    assert (reply.status_code, "system.users" in reply.text) == (403, True)


# ---- curl --------------------------------------------------------------------------------------


def test_rows_of_a_file_are_inserted(warehouse_http: httpx.Client, table: str) -> None:
    rows = gzip.compress(b'{"block_date":"2020-01-01","volume_usd":1}\n')

    reply = warehouse_http.post(
        "/",
        params={"query": "INSERT INTO marts.bi_daily FORMAT JSONEachRow"},
        headers={"Content-Encoding": "gzip", "Content-Type": "application/x-www-form-urlencoded"},
        content=rows,
    )

    assert json.loads(reply.headers["x-clickhouse-summary"])["written_rows"] == "1"
