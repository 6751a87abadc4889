"""Migrations on a real engine: applied once, drift refused, a broken one says where it stopped."""

from concurrent.futures import ThreadPoolExecutor
from datetime import date

import pytest

from oracul.errors import MigrationDrift, WarehouseError
from oracul.warehouse import connect, migrate
from oracul.warehouse.migrate import read_migrations, status
from tests.fixtures.warehouse import own_warehouse


@pytest.fixture
def empty_warehouse(tmp_path):
    """A client of a server that has seen no migration."""
    with own_warehouse(tmp_path / "home") as settings:
        client = connect(settings)
        yield client
        client.close()


def _folder(tmp_path, **files):
    folder = tmp_path / "migrations"
    folder.mkdir(exist_ok=True)
    for name, text in files.items():
        (folder / f"{name[1:]}.sql").write_text(text)
    return read_migrations(folder)


FIRST = "create table if not exists default.a (x Int32) engine = MergeTree order by x"


def test_flows_that_begin_together_migrate_once(tmp_path):
    with own_warehouse(tmp_path / "home") as settings:
        clients = [connect(settings) for _ in range(4)]
        with ThreadPoolExecutor(len(clients)) as pool:
            applied = list(pool.map(migrate, clients))
        assert sorted(map(len, applied)) == [0, 0, 0, len(read_migrations())]
        for client in clients:
            client.close()


def test_migrate_applies_everything_once_then_nothing(empty_warehouse):
    wanted = read_migrations()
    assert migrate(empty_warehouse, dry_run=True) == wanted
    assert all(state.applied_at is None for state in status(empty_warehouse))
    assert migrate(empty_warehouse) == wanted
    assert migrate(empty_warehouse) == []
    assert all(state.applied_at for state in status(empty_warehouse))
    tables = empty_warehouse.query(
        "select database || '.' || name from system.tables where database in ('raw', 'meta')"
    ).result_columns[0]
    assert {"raw.blocks", "raw.logs", "meta.canonical_blocks", "meta.anomalies"} <= set(tables)


def test_changed_migration_is_refused_as_drift(empty_warehouse, tmp_path):
    migrate(empty_warehouse, migrations=_folder(tmp_path, _0001_a=FIRST))
    changed = _folder(tmp_path, _0001_a=FIRST + " -- edited")
    with pytest.raises(MigrationDrift, match="0001_a was changed"):
        migrate(empty_warehouse, migrations=changed)


def test_warehouse_newer_than_the_package_is_refused(empty_warehouse, tmp_path):
    migrate(empty_warehouse, migrations=_folder(tmp_path, _0001_a=FIRST))
    with pytest.raises(MigrationDrift, match="does not know"):
        migrate(empty_warehouse, migrations=[])


def test_broken_migration_names_its_statement_and_goes_on_after_the_fix(empty_warehouse, tmp_path):
    second = "create table if not exists default.b (x Int32) engine = MergeTree order by x; "
    broken = _folder(tmp_path, _0001_a=FIRST, _0002_b=second + "create tabel default.c (x Int32)")
    with pytest.raises(WarehouseError, match="0002_b failed at statement 2 of 2"):
        migrate(empty_warehouse, migrations=broken)
    mended = _folder(
        tmp_path,
        _0001_a=FIRST,
        _0002_b=second + "create table default.c (x Int32) engine = MergeTree order by x",
    )
    assert [m.name for m in migrate(empty_warehouse, migrations=mended)] == ["0002_b"]


def test_bands_outlive_the_new_order_of_their_table(empty_warehouse):
    """Wherever its three migrations are broken off, they begin again with the first open one."""
    files = read_migrations()
    migrate(empty_warehouse, migrations=files[:16])
    empty_warehouse.insert(
        "metric_bands",
        [["address", "ethereum", "0xa1", "net_flow_usd", date(2026, 1, 2), 3.0]],
        database="meta",
        column_names=["entity_type", "chain", "entity_id", "metric", "date", "value"],
    )
    for file in files[16:19]:
        for statement in file.statements:
            empty_warehouse.command(statement)
        migrate(empty_warehouse, migrations=files[: file.version])
    assert empty_warehouse.query(
        "select entity_id, date, value from meta.metric_bands final"
    ).result_rows == [("0xa1", date(2026, 1, 2), 3.0)]
    assert empty_warehouse.query(
        "select sorting_key from system.tables where database = 'meta' and name = 'metric_bands'"
    ).result_rows == [("entity_type, metric, entity_id, chain, date",)]
