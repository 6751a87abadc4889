"""Backups on a server of their own: taken, restored, checked; damage is refused."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from oracul.errors import ConfigError, LandingMismatch, WarehouseError
from oracul.settings import ClickHouseSettings, Settings, WarehouseSettings
from oracul.warehouse import Client, connect
from oracul.warehouse.backup import backup, contents, restore
from oracul.warehouse.embedded import stop


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("backups") / "home"


@pytest.fixture(scope="module")
def server(home: Path) -> Iterator[Client]:
    settings = Settings(
        home=home,
        clickhouse=ClickHouseSettings(),
        warehouse=WarehouseSettings(port=0),
        _env_file=None,
    )
    client = connect(settings)
    yield client
    client.close()
    stop(settings)


@pytest.fixture
def client(server: Client) -> Client:
    """A warehouse with one table of facts, one of marts and a view."""
    for database in ("raw", "meta", "marts"):
        server.command(f"DROP DATABASE IF EXISTS {database} SYNC")
        server.command(f"CREATE DATABASE {database}")
    server.command(
        "CREATE TABLE raw.facts (id UInt64, note LowCardinality(Nullable(String)), v UInt256) "
        "ENGINE = ReplacingMergeTree ORDER BY id"
    )
    fill(server, 0)
    server.command("CREATE TABLE marts.days (d Date, n Float64) ENGINE = MergeTree ORDER BY d")
    server.command(
        "INSERT INTO marts.days SELECT toDate('2024-01-01') + number, number FROM numbers(9)"
    )
    server.command("CREATE VIEW marts.seen AS SELECT * FROM raw.facts")
    return server


def fill(client: Client, first: int) -> None:
    client.command(
        f"INSERT INTO raw.facts SELECT number + {first}, toString(number), number "
        "FROM numbers(1000)"
    )


def state(client: Client) -> list[tuple[str, str, int, int]]:
    return [
        (c.database, c.table, c.rows, c.content_hash) for c in contents(client, ["raw", "marts"])
    ]


def test_restore_brings_back_what_was_lost(client: Client) -> None:
    before = state(client)
    backup(client, "whole")
    client.command("DROP DATABASE raw SYNC")
    client.command("TRUNCATE TABLE marts.days")

    restore(client, "whole")

    assert state(client) == before


def test_restored_view_reads_the_restored_tables(client: Client) -> None:
    backup(client, "with_view")
    client.command("DROP DATABASE raw SYNC")
    client.command("DROP DATABASE marts SYNC")

    restore(client, "with_view")

    assert client.command("SELECT count() FROM marts.seen") == 1000


def test_incremental_backup_restores_both_parts(client: Client) -> None:
    backup(client, "first")
    fill(client, 5000)
    before = state(client)
    backup(client, "second", base="first")
    client.command("TRUNCATE TABLE raw.facts")
    client.command("TRUNCATE TABLE marts.days")

    restore(client, "second")

    assert state(client) == before


def test_restore_refuses_tables_with_rows(client: Client) -> None:
    backup(client, "careful")
    fill(client, 9000)
    before = state(client)

    with pytest.raises(WarehouseError, match="already hold rows"):
        restore(client, "careful")

    assert state(client) == before


def test_restore_replaces_when_told(client: Client) -> None:
    before = state(client)
    backup(client, "replacing")
    fill(client, 9000)

    restore(client, "replacing", overwrite=True)

    assert state(client) == before


def test_damaged_backup_changes_nothing(client: Client, home: Path) -> None:
    backup(client, "damaged")
    largest = max(
        (home / "backups" / "damaged").rglob("data.bin"), key=lambda file: file.stat().st_size
    )
    body = bytearray(largest.read_bytes())
    body[len(body) // 2] ^= 0xFF
    largest.write_bytes(bytes(body))
    before = state(client)

    with pytest.raises((LandingMismatch, WarehouseError)):
        restore(client, "damaged", overwrite=True)

    assert state(client) == before


def test_restore_leaves_no_temporary_databases(client: Client) -> None:
    backup(client, "tidy")
    restore(client, "tidy", overwrite=True)

    names = [row[0] for row in client.query("SELECT name FROM system.databases").result_rows]

    assert not [name for name in names if "restoring" in name]


def test_backup_refuses_a_name_that_is_taken(client: Client) -> None:
    backup(client, "taken")

    with pytest.raises(WarehouseError, match="already exists"):
        backup(client, "taken")


def test_restore_of_a_missing_backup_says_so(client: Client) -> None:
    with pytest.raises(WarehouseError, match="not found"):
        restore(client, "nowhere", overwrite=True)


@pytest.mark.parametrize("name", ["../x", "/etc/x", "a'b", "", "a/b", "a..b"])
def test_name_with_a_path_is_refused(client: Client, name: str) -> None:
    with pytest.raises(ConfigError):
        backup(client, name)


def test_content_hash_sees_a_change_in_a_row_that_holds_a_null(client: Client) -> None:
    client.command("INSERT INTO raw.facts VALUES (1000001, NULL, 1)")
    before = state(client)
    client.command("INSERT INTO raw.facts VALUES (1000001, NULL, 2)")
    client.command("OPTIMIZE TABLE raw.facts FINAL")
    assert state(client) != before
