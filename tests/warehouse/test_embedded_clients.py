"""clickhouse-connect against the embedded warehouse, as it is used against a server."""

from oracul.warehouse import Client


def test_query_returns_typed_rows(warehouse_client: Client) -> None:
    rows = warehouse_client.query("select toUInt64(1) as a, 'x' as b").result_rows

    assert rows == [(1, "x")]
