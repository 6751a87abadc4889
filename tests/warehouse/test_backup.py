"""Backups on a server of their own: taken, listed, restored, checked; damage is refused."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from oracul.errors import BackupDamaged, ConfigError, WarehouseError
from oracul.progress import Silent
from oracul.settings import Settings
from oracul.warehouse import Client, connect, migrate
from oracul.warehouse.backups import catalog, restore, take, unfinished, verify
from oracul.warehouse.backups.drafts import DRAFTS
from oracul.warehouse.backups.restoring import refuse_newer
from tests.fixtures.content import content_hashes
from tests.fixtures.warehouse import own_warehouse


@pytest.fixture(scope="module")
def settings(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Settings]:
    with own_warehouse(tmp_path_factory.mktemp("backups") / "home") as settings:
        yield settings


@pytest.fixture(scope="module")
def server(settings: Settings) -> Iterator[Client]:
    client = connect(settings)
    yield client
    client.close()


@pytest.fixture
def client(server: Client, settings: Settings) -> Client:
    """A warehouse with one table of facts, one of marts and a view."""
    for path in (settings.home / "backups").iterdir():
        shutil.rmtree(path) if path.is_dir() else path.unlink()
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


def state(client: Client) -> dict[str, tuple[int, int]]:
    return content_hashes(client, ("raw", "marts"))


def databases(client: Client) -> set[str]:
    return {row[0] for row in client.query("select name from system.databases").result_rows}


def test_restore_brings_back_what_was_lost(client, settings):
    before = state(client)
    take(settings, client, "whole")
    client.command("DROP DATABASE raw SYNC")
    client.command("DROP DATABASE marts SYNC")

    restore(settings, client, "whole")

    assert state(client) == before != {}


def test_restored_view_reads_the_restored_tables(client, settings):
    take(settings, client, "with_view")
    client.command("DROP DATABASE raw SYNC")
    client.command("DROP DATABASE marts SYNC")

    restored = restore(settings, client, "with_view")

    assert restored.views_left == ()
    assert client.command("SELECT count() FROM marts.seen") == 1000


def test_incremental_backups_stand_on_the_newest_one(client, settings):
    take(settings, client, "chain_full")
    states = {}
    for number in range(3):
        fill(client, 5000 * (number + 1))
        states[f"chain_{number}"] = state(client)
        take(settings, client, f"chain_{number}", incremental=True)

    bases = {one.name: one.base for one in catalog(client, settings)}
    assert [bases[f"chain_{n}"] for n in range(3)] == ["chain_full", "chain_0", "chain_1"]
    for name, wanted in states.items():
        restore(settings, client, name, replace=True)
        assert state(client) == wanted


def test_incremental_backup_takes_only_what_is_new(client, settings):
    client.command("INSERT INTO raw.facts SELECT number, randomString(900), 0 FROM numbers(5000)")
    take(settings, client, "large")
    fill(client, 9000)
    take(settings, client, "small", incremental=True)
    own = {one.name: one.own_bytes for one in catalog(client, settings)}
    assert own["small"] < own["large"] / 10


def test_incremental_backup_is_full_when_the_newest_is_unusable(client, settings):
    take(settings, client, "spoilt")
    flip_a_byte(settings, "spoilt")
    with pytest.raises(BackupDamaged):
        verify(settings, client, "spoilt")
    assert take(settings, client, "afresh", incremental=True).base is None


def test_restore_refuses_tables_with_rows(client, settings):
    take(settings, client, "careful")
    fill(client, 9000)
    before = state(client)

    with pytest.raises(WarehouseError, match="already hold rows"):
        restore(settings, client, "careful")

    assert state(client) == before


def test_restore_replaces_when_told_and_says_what_is_gone(client, settings):
    before = state(client)
    take(settings, client, "replacing")
    fill(client, 9000)
    client.command("CREATE TABLE marts.younger (n UInt8) ENGINE = MergeTree ORDER BY n")

    restored = restore(settings, client, "replacing", replace=True)

    assert restored.removed == ("marts.younger",)
    assert state(client) == before


def test_damaged_backup_changes_nothing_and_names_the_table(client, settings):
    take(settings, client, "good")
    take(settings, client, "damaged")
    flip_a_byte(settings, "damaged")
    before = state(client)

    with pytest.raises(BackupDamaged, match=r"raw\.facts.*Restore good instead"):
        restore(settings, client, "damaged", replace=True)

    assert state(client) == before
    assert {one.name: one.verdict for one in catalog(client, settings)}["damaged"] == "damaged"


def flip_a_byte(settings: Settings, name: str) -> Path:
    """In the largest file of a backup."""
    files = (settings.home / "backups" / name / "data" / "raw").rglob("*")
    largest = max((f for f in files if f.is_file()), key=lambda file: file.stat().st_size)
    body = bytearray(largest.read_bytes())
    body[len(body) // 2] ^= 0x01
    largest.write_bytes(bytes(body))
    return largest


def test_verify_finds_a_sound_backup_and_changes_nothing(client, settings):
    take(settings, client, "sound")
    fill(client, 9000)
    before = state(client)

    verify(settings, client, "sound")

    assert state(client) == before
    listed = {one.name: one for one in catalog(client, settings)}
    assert listed["sound"].verdict == "sound"
    assert listed["sound"].rows == 1009


def test_backup_of_a_folder_that_was_copied_here_is_listed(client, settings):
    take(settings, client, "copied")
    client.command("DROP DATABASE meta SYNC")
    listed = {one.name: one for one in catalog(client, settings)}
    assert (listed["copied"].rows, listed["copied"].base) == (1009, "")


def test_backup_whose_base_is_gone_is_unusable(client, settings):
    take(settings, client, "ground")
    take(settings, client, "upper", incremental=True)
    folder = settings.home / "backups"
    (folder / "ground").rename(folder / ".away")
    try:
        listed = {one.name: one for one in catalog(client, settings)}
        assert listed["upper"].broken_by == "ground"
        with pytest.raises(WarehouseError, match=r"no finished backup ground.*upper stands on it"):
            restore(settings, client, "upper", replace=True)
    finally:
        (folder / ".away").rename(folder / "ground")


def test_no_draft_is_left_behind(client, settings):
    take(settings, client, "tidy")
    restore(settings, client, "tidy", replace=True)
    assert not [name for name in databases(client) if name.startswith("backup_")]


def test_backup_goes_on_while_rows_are_landed(client, settings, monkeypatch):
    """What is saved is of the instant of freezing, whatever is written after it."""
    before = state(client)

    class WritesMeanwhile(Silent):
        def start(self, label, total, unit):
            if label == "Reading tables":
                fill(client, 9000)
                client.command("OPTIMIZE TABLE raw.facts FINAL")

    take(settings, client, "meanwhile", progress=WritesMeanwhile())
    assert state(client) != before
    restore(settings, client, "meanwhile", replace=True)
    assert state(client) == before


def test_backup_refuses_a_name_that_is_taken(client, settings):
    take(settings, client, "taken")
    with pytest.raises(WarehouseError, match="already exists"):
        take(settings, client, "taken")


def test_restore_of_a_missing_backup_says_where_it_looked(client, settings):
    with pytest.raises(WarehouseError, match=r"no finished backup nowhere in .*backups"):
        restore(settings, client, "nowhere", replace=True)


def test_restore_of_a_backup_that_is_not_ours_says_so(client, settings):
    client.command("BACKUP TABLE raw.facts TO File('foreign')")
    with pytest.raises(WarehouseError, match=r"not found in backup.*none of Oracul's"):
        restore(settings, client, "foreign", replace=True)


def test_backup_of_ours_without_its_manifest_is_damaged(client, settings):
    """As on a server, where no list of files tells."""
    take(settings, client, "without_manifest")
    folder = settings.home / "backups"
    (folder / "without_manifest.files.json").unlink()
    listed = folder / "without_manifest" / ".backup"
    listed.write_bytes(
        listed.read_bytes().replace(b"meta/backup_manifest", b"meta/backup_manifesu")
    )
    with pytest.raises(BackupDamaged, match=r"its own list of files.*Nothing was changed"):
        restore(settings, client, "without_manifest", replace=True)


def test_backup_of_a_newer_version_is_refused(client, settings):
    manifest = take(settings, client, "newer")
    refuse_newer(manifest, manifest.schema_version, manifest.clickhouse)
    with pytest.raises(WarehouseError, match="migration"):
        refuse_newer(manifest, manifest.schema_version - 1, manifest.clickhouse)
    with pytest.raises(WarehouseError, match="this one is 21"):
        refuse_newer(manifest, manifest.schema_version, "21.8.1.1")


def test_backup_that_does_not_fit_the_disk_is_refused(client, settings, monkeypatch):
    before = state(client)
    take(settings, client, "fitting")
    none = type("Usage", (), {"free": 0})
    monkeypatch.setattr("oracul.warehouse.backups.files.shutil.disk_usage", lambda _path: none)
    with pytest.raises(WarehouseError, match="Make room"):
        restore(settings, client, "fitting", replace=True)
    with pytest.raises(WarehouseError, match="Make room"):
        take(settings, client, "too_large")
    assert state(client) == before


@pytest.mark.parametrize("name", ["../x", "/etc/x", "a'b", "", "a/b", "a..b", "x.files.json"])
def test_name_with_a_path_is_refused(client, settings, name):
    with pytest.raises(ConfigError):
        take(settings, client, name)


def test_statements_of_a_backup_have_no_time_limit(settings):
    client = connect(settings, is_unhurried=True)
    assert client.command("select getSetting('max_execution_time')") == 0


def test_left_overs_of_a_killed_restore_are_cleared(client, settings):
    take(settings, client, "before_kill")
    for database in DRAFTS:
        client.command(f"CREATE DATABASE {database}")
        client.command(f"CREATE TABLE {database}.`raw.facts` (a Int8) ENGINE = Memory")
    before = state(client)

    take(settings, client, "after_kill")
    restore(settings, client, "before_kill", replace=True)

    assert state(client) == before
    assert not [name for name in databases(client) if name.startswith("backup_")]


def test_folder_of_a_killed_backup_is_told_and_never_used(client, settings):
    take(settings, client, "whole_one")
    (settings.home / "backups" / "killed" / "data").mkdir(parents=True)
    assert unfinished(settings) == ["killed"]
    assert "killed" not in {one.name for one in catalog(client, settings)}
    with pytest.raises(WarehouseError, match="no finished backup killed"):
        restore(settings, client, "killed", replace=True)


def test_backup_before_a_migration_can_be_restored_by_the_version_before(client, settings):
    """Whoever upgrades first and backs up then has a way back as well."""
    migrate(client)
    client.command("alter table meta.schema_migrations delete where version > 3")
    assert take(settings, client, "unmigrated").schema_version == 3
