"""clickhouse-connect, sync and async, against the embedded warehouse as against a server."""

import contextlib
import uuid
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, date, datetime

import clickhouse_connect
import pandas as pd
import pyarrow as pa
import pytest
from clickhouse_connect.driver.asyncclient import AsyncClient
from clickhouse_connect.driver.exceptions import ClickHouseError, DatabaseError
from clickhouse_connect.driver.external import ExternalData

from oracul.warehouse import Client
from oracul.warehouse.embedded import Endpoint


@contextlib.contextmanager
def client_with(endpoint: Endpoint, **options: object) -> Iterator[Client]:
    client = clickhouse_connect.get_client(
        host=endpoint.host,
        port=endpoint.port,
        username=endpoint.user,
        password=endpoint.password.get_secret_value(),
        **options,
    )
    with contextlib.closing(client):
        yield client


@pytest.fixture
async def async_client(warehouse_endpoint: Endpoint) -> AsyncIterator[AsyncClient]:
    client = await clickhouse_connect.get_async_client(
        host=warehouse_endpoint.host,
        port=warehouse_endpoint.port,
        username=warehouse_endpoint.user,
        password=warehouse_endpoint.password.get_secret_value(),
        autogenerate_session_id=False,
    )
    yield client
    await client.close()


@pytest.fixture
def table(warehouse_client: Client, fresh_database: str) -> str:
    name = f"{fresh_database}.t"
    warehouse_client.command(
        f"CREATE TABLE {name} (n UInt64, s Nullable(String), v UInt256, at DateTime64(3, 'UTC')) "
        "ENGINE = MergeTree ORDER BY n"
    )
    return name


ROWS = [
    [1, "a", 2**255, datetime(2024, 1, 2, 3, 4, 5, 678000, tzinfo=UTC)],
    [2, None, 0, datetime(1970, 1, 1, tzinfo=UTC)],
    [3, "naïve 'quoted' \\ \t\n", 7, datetime(2024, 1, 1, tzinfo=UTC)],
]


def test_rows_come_back_as_inserted(warehouse_client: Client, table: str) -> None:
    warehouse_client.insert(table, ROWS, column_names=["n", "s", "v", "at"])

    found = warehouse_client.query(f"SELECT * FROM {table} ORDER BY n", query_tz="UTC").result_rows

    assert [[*row[:3], row[3].replace(tzinfo=UTC)] for row in found] == ROWS


def test_insert_reports_written_rows(warehouse_client: Client, table: str) -> None:
    summary = warehouse_client.insert(table, ROWS, column_names=["n", "s", "v", "at"])

    assert summary.written_rows == 3


@pytest.mark.parametrize("codec", ["lz4", "zstd", "gzip", False])
def test_many_rows_survive_every_compression(
    warehouse_endpoint: Endpoint, table: str, codec: str | bool
) -> None:
    count = 300_000
    numbers = pa.array(range(count), pa.uint64())
    with client_with(warehouse_endpoint, compress=codec) as client:
        frame = pd.DataFrame({"n": range(count), "s": [str(n % 1000) for n in range(count)]})
        client.insert_df(table, frame)

        back = client.query_arrow(f"SELECT n FROM {table} ORDER BY n")

    assert back.column("n").combine_chunks().equals(numbers)


def test_deflated_result_is_read(warehouse_endpoint: Endpoint) -> None:
    with client_with(warehouse_endpoint, compress="deflate") as client:
        assert client.query("SELECT sum(number) FROM numbers(10)").result_rows == [(45,)]


def test_arrow_table_is_inserted(warehouse_client: Client, table: str) -> None:
    warehouse_client.insert_arrow(table, pa.table({"n": pa.array([5, 6], pa.uint64())}))

    assert warehouse_client.command(f"SELECT sum(n) FROM {table}") == 11


def test_pandas_frame_comes_back(warehouse_client: Client) -> None:
    frame = warehouse_client.query_df("SELECT number AS n, toString(number) AS s FROM numbers(3)")

    assert frame.to_dict("list") == {"n": [0, 1, 2], "s": ["0", "1", "2"]}


def test_large_result_arrives_in_blocks(warehouse_client: Client) -> None:
    query = "SELECT number FROM numbers(3000000)"

    with warehouse_client.query_row_block_stream(query) as blocks:
        total = sum(len(block) for block in blocks)

    assert total == 3_000_000


def test_result_with_a_header_of_its_own_arrives_once(warehouse_client: Client) -> None:
    body = warehouse_client.raw_query("SELECT number AS n FROM numbers(200000)", fmt="CSVWithNames")

    assert body.count(b'"n"') == 1


def test_empty_result_keeps_its_header(warehouse_client: Client) -> None:
    body = warehouse_client.raw_query("SELECT 1 AS n WHERE 0", fmt="CSVWithNames")

    assert body == b'"n"\n'


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        ("String", "it's \\ a \t test"),
        ("Int64", -5),
        ("Array(String)", ["a'b", "c"]),
        ("Nullable(String)", None),
        ("Date", date(2024, 1, 1)),
    ],
)
def test_query_parameter_keeps_its_value(
    warehouse_client: Client, kind: str, value: object
) -> None:
    result = warehouse_client.query(
        f"SELECT {{p:{kind}}} AS p", parameters={"p": value}, query_tz="UTC"
    )

    assert result.result_rows[0][0] == value


def test_long_parameter_travels_as_a_form(warehouse_client: Client) -> None:
    numbers = list(range(60_000))

    count = warehouse_client.query(
        "SELECT length({p:Array(UInt32)})", parameters={"p": numbers}
    ).result_rows

    assert count == [(60_000,)]


def test_table_sent_along_can_be_joined(warehouse_client: Client) -> None:
    sent = ExternalData(
        file_name="sent", data=b"1,one\n2,two\n", fmt="CSV", structure="id UInt8, name String"
    )

    rows = warehouse_client.query(
        "SELECT name FROM sent WHERE id = 2", external_data=sent
    ).result_rows

    assert rows == [("two",)]


def test_temporary_table_lives_in_its_session(warehouse_endpoint: Endpoint) -> None:
    with client_with(warehouse_endpoint, session_id=str(uuid.uuid4())) as client:
        client.command("CREATE TEMPORARY TABLE mine (a UInt8)")
        client.command("INSERT INTO mine VALUES (7)")

        assert client.command("SELECT a FROM mine") == 7


def test_temporary_table_is_not_seen_by_another_session(warehouse_endpoint: Endpoint) -> None:
    name = f"mine_{uuid.uuid4().hex}"
    with client_with(warehouse_endpoint, session_id=str(uuid.uuid4())) as client:
        client.command(f"CREATE TEMPORARY TABLE {name} (a UInt8)")
    with (
        client_with(warehouse_endpoint, session_id=str(uuid.uuid4())) as other,
        pytest.raises(DatabaseError, match="UNKNOWN_TABLE"),
    ):
        other.command(f"SELECT * FROM {name}")


def test_session_keeps_what_was_set(warehouse_endpoint: Endpoint) -> None:
    with client_with(warehouse_endpoint, session_id=str(uuid.uuid4())) as client:
        client.command("SET max_block_size = 1234")

        assert client.command("SELECT getSetting('max_block_size')") == 1234


def test_setting_of_one_query_does_not_stay_in_the_session(warehouse_endpoint: Endpoint) -> None:
    with client_with(warehouse_endpoint, session_id=str(uuid.uuid4())) as client:
        client.command("SET max_block_size = 1234")
        client.command("SELECT 1", settings={"max_block_size": 99, "join_use_nulls": 0})

        left = client.query("SELECT getSetting('max_block_size'), getSetting('join_use_nulls')")

    assert left.result_rows == [(1234, True)]


def test_setting_of_one_request_does_not_reach_the_next(warehouse_client: Client) -> None:
    warehouse_client.command("SELECT 1", settings={"max_block_size": 99})

    assert warehouse_client.command("SELECT getSetting('max_block_size')") != 99


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("join_use_nulls", "true"),
        ("async_insert", "false"),
        ("input_format_null_as_default", "false"),
    ],
)
def test_every_client_gets_the_server_defaults(
    warehouse_endpoint: Endpoint, name: str, value: str
) -> None:
    with client_with(warehouse_endpoint, autogenerate_session_id=False) as client:
        assert client.command(f"SELECT toString(getSetting('{name}'))") == value


def test_new_tables_are_durable(warehouse_client: Client) -> None:
    rows = warehouse_client.query(
        "SELECT name, value FROM system.merge_tree_settings "
        "WHERE name IN ('fsync_after_insert', 'fsync_part_directory')"
    ).result_rows

    assert dict(rows) == {"fsync_after_insert": "1", "fsync_part_directory": "1"}


def test_timezone_is_utc(warehouse_client: Client) -> None:
    assert warehouse_client.command("SELECT timezone()") == "UTC"


def test_error_carries_the_engines_code(warehouse_client: Client) -> None:
    with pytest.raises(DatabaseError) as failed:
        warehouse_client.query("SELECT nosuch FROM system.one")

    assert (failed.value.code, failed.value.name) == (47, "UNKNOWN_IDENTIFIER")


def test_failed_query_leaves_nothing_for_the_next(warehouse_client: Client) -> None:
    for _ in range(5):
        with pytest.raises(DatabaseError):
            warehouse_client.query("SELECT throwIf(number = 90000) FROM numbers(100000)")

        assert warehouse_client.query("SELECT 42 AS x").result_rows == [(42,)]


def test_error_in_the_middle_of_a_stream_is_raised(warehouse_client: Client) -> None:
    query = "SELECT generateUUIDv4(), throwIf(number = 150000) FROM numbers(200000)"

    with (
        pytest.raises(DatabaseError, match="throwIf"),
        warehouse_client.query_row_block_stream(query) as blocks,
    ):
        for _ in blocks:
            pass


def test_insert_of_a_wrong_type_changes_nothing(warehouse_client: Client, table: str) -> None:
    with pytest.raises(DatabaseError):
        warehouse_client.raw_insert(table, ["n"], b"1\nx\n", fmt="CSV")

    assert warehouse_client.command(f"SELECT count() FROM {table}") == 0


async def test_async_client_reads_and_writes(async_client: AsyncClient, table: str) -> None:
    await async_client.insert(table, ROWS, column_names=["n", "s", "v", "at"])

    result = await async_client.query(f"SELECT count(), max(n) FROM {table}")

    assert result.result_rows == [(3, 3)]


async def test_async_client_streams(async_client: AsyncClient) -> None:
    stream = await async_client.query_row_block_stream("SELECT number FROM numbers(500000)")
    total = 0
    async with stream as blocks:
        async for block in blocks:
            total += len(block)

    assert total == 500_000


async def read_all(client: AsyncClient, query: str) -> None:
    async with await client.query_row_block_stream(query) as blocks:
        async for _ in blocks:
            pass


async def test_async_error_in_the_middle_is_raised(async_client: AsyncClient) -> None:
    query = "SELECT generateUUIDv4(), throwIf(number = 150000) FROM numbers(200000)"

    # A slow reader may only learn that the connection broke, but never takes a part for the whole.
    with pytest.raises(ClickHouseError):
        await read_all(async_client, query)
