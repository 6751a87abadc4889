"""The backup of a night on a server of its own: taken, copied, old chains given up."""

import shutil
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from oracul.errors import BackupDamaged, ConfigError
from oracul.settings import MaintenanceSettings, Settings
from oracul.warehouse import Client, connect
from oracul.warehouse.backups import back_up, catalog, remove_leftovers, restore, take
from oracul.warehouse.backups.catalog import record
from oracul.warehouse.backups.files import Folder
from tests.fixtures.warehouse import own_warehouse


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Settings]:
    with own_warehouse(tmp_path_factory.mktemp("nightly") / "home") as settings:
        yield settings


@pytest.fixture(scope="module")
def server(home: Settings) -> Iterator[Client]:
    client = connect(home)
    yield client
    client.close()


@pytest.fixture
def client(server: Client, home: Settings) -> Client:
    empty(home.home / "backups")
    for database in ("raw", "meta"):
        server.command(f"drop database if exists {database} sync")
        server.command(f"create database {database}")
    server.command("create table raw.facts (id UInt64) engine = MergeTree order by id")
    land(server, 0)
    return server


@pytest.fixture
def place(tmp_path):
    folder = tmp_path / "copies"
    folder.mkdir()
    return folder


@pytest.fixture
def settings(home: Settings, place) -> Settings:
    kept = MaintenanceSettings(backup_place=str(place), backup_chains=1)
    return home.model_copy(update={"maintenance": kept})


def empty(folder):
    for path in folder.iterdir():
        shutil.rmtree(path) if path.is_dir() else path.unlink()


def land(client, first):
    client.command(f"insert into raw.facts select number + {first} from numbers(100)")


def age(client, settings, days):
    """Let every backup be older by these days."""
    for one in catalog(client, settings):
        record(client, replace(one, taken_at=one.taken_at - timedelta(days=days)))


def names(client, settings):
    return [one.name for one in catalog(client, settings)]


def now():
    return datetime.now(UTC)


def test_first_night_is_full_and_the_next_stands_on_it(client, settings):
    first = back_up(settings, client, now())
    assert first.base is None
    age(client, settings, 1)
    land(client, 1000)
    second = back_up(settings, client, now() + timedelta(seconds=1))
    assert second.base == first.name
    assert second.sentence == f"backed up as {second.name} on {first.name}, copied 1 backup"


def test_same_night_again_changes_nothing(client, settings):
    back_up(settings, client, now())
    assert back_up(settings, client, now()).sentence == ""


def test_copy_alone_brings_everything_back(client, settings, place):
    back_up(settings, client, now())
    age(client, settings, 1)
    land(client, 1000)
    newest = back_up(settings, client, now() + timedelta(seconds=1)).name
    folder = settings.home / "backups"
    empty(folder)  # the engine may write to this very folder only
    shutil.copytree(place, folder, dirs_exist_ok=True)
    client.command("drop database raw sync")
    restore(settings, client, newest, replace=True)
    assert client.command("select count() from raw.facts") == 200


def test_copy_that_was_cut_short_is_made_again(client, settings, place):
    cut = place / ".part" / "anything"
    cut.mkdir(parents=True)
    name = back_up(settings, client, now()).name
    assert sorted(path.name for path in place.iterdir()) == [name, f"{name}.files.json"]


def test_old_chain_goes_once_the_newest_can_be_restored(client, settings, place):
    old = back_up(settings, client, now()).name
    age(client, settings, 8)
    night = back_up(settings, client, now() + timedelta(seconds=1))
    assert (night.base, night.gone) == (None, 1)
    assert names(client, settings) == [night.name]
    assert not Folder(place).has(old)
    assert catalog(client, settings)[0].verdict == "sound"


def test_old_chain_stays_when_the_newest_is_damaged(client, settings, place):
    old = back_up(settings, client, now()).name
    age(client, settings, 8)
    take(settings, client, "nightly-newest")
    data = (settings.home / "backups" / "nightly-newest" / "data" / "raw").rglob("*.bin")
    next(data).write_bytes(b"spoilt")
    with pytest.raises(BackupDamaged, match="not what it should be"):
        back_up(settings, client, now())
    kept = settings.model_copy(update={"maintenance": MaintenanceSettings(
        backup_place="here", backup_chains=1)})  # fmt: skip
    with pytest.raises(BackupDamaged, match=r"raw\.facts"):
        back_up(kept, client, now())
    assert old in names(client, settings)
    assert Folder(place).has(old)


def test_backups_by_hand_are_never_given_up(client, settings):
    take(settings, client, "by-hand")
    age(client, settings, 30)
    back_up(settings, client, now())
    assert "by-hand" in names(client, settings)


def test_rehearsal_says_what_would_be_and_changes_nothing(client, settings, place):
    night = back_up(settings, client, now(), is_rehearsal=True)
    assert night.name is not None
    assert names(client, settings) == []
    assert list(place.iterdir()) == []


def test_missing_place_is_told_after_the_backup_was_taken(client, settings, place):
    place.rmdir()
    with pytest.raises(ConfigError, match="no folder"):
        back_up(settings, client, now())
    assert len(names(client, settings)) == 1


def test_leftovers_of_killed_backups_are_removed(client, settings):
    name = back_up(settings, client, now()).name
    folder = settings.home / "backups"
    (folder / "killed" / "data").mkdir(parents=True)
    (folder / "gone.files.json").write_text("{}")
    client.command("create database backup_snapshot")
    assert remove_leftovers(settings, client, is_rehearsal=True) == 3
    assert remove_leftovers(settings, client) == 3
    assert sorted(path.name for path in folder.iterdir()) == [name, f"{name}.files.json"]
    assert remove_leftovers(settings, client) == 0


def test_databases_of_an_interrupted_restore_stay(client, settings):
    for name in ("backup_restored", "backup_replaced"):
        client.command(f"create database {name}")
    try:
        assert remove_leftovers(settings, client) == 0
    finally:
        for name in ("backup_restored", "backup_replaced"):
            client.command(f"drop database {name} sync")
