"""Promise "backups": what is restored equals what was saved, and damage is told, never restored."""

import random
import shutil

import pytest

from oracul.errors import BackupDamaged
from oracul.warehouse import Client, connect, migrate
from oracul.warehouse.backups import restore, take
from tests.fixtures.content import contents, differences
from tests.fixtures.small_marts import create_marts, write_history
from tests.fixtures.warehouse import own_warehouse

PRICES = """
insert into raw.prices_spot
select 'asset' || toString(number % 7), 'A', 'usd', {seed} + number, toDateTime64('2025-01-01', 3)
    + number * 3600 + {seed}, 'planted', now64(3)
from numbers({rows})
"""
WRECKS = (
    "drop database raw sync",
    "truncate table marts.token_metrics_daily",
    "alter table meta.canonical_blocks delete where block_number % 2 = 0 settings mutations_sync=1",
    "alter table raw.prices_spot update price = price + 1 where 1 settings mutations_sync = 1",
    "drop table marts.address_flows_daily sync",
)


@pytest.fixture(scope="module")
def settings(tmp_path_factory):
    with own_warehouse(tmp_path_factory.mktemp("backups") / "home") as settings:
        yield settings


@pytest.fixture(scope="module")
def client(settings):
    """A warehouse with facts, pointers and marts of 75 days."""
    client = connect(settings)
    migrate(client)
    create_marts(client)
    write_history(client, spikes={})
    client.command(PRICES.format(seed=0, rows=5000))
    yield client
    client.close()


@pytest.fixture(scope="module")
def chain_of_three(settings, client):
    """A full backup and two on top of it; what the warehouse says at the last."""
    take(settings, client, "chain0")
    for number in (1, 2):
        client.command(PRICES.format(seed=number * 1000, rows=2000))
        take(settings, client, f"chain{number}", incremental=True)
    return contents(client)


@pytest.mark.slow
def test_restored_warehouse_equals_the_one_that_was_saved(settings, client, promise):
    trial = promise("backups", small=2, full=10, unit="restores")
    equal = 0
    for seed in range(trial.count):
        rng = random.Random(seed)
        client.command(PRICES.format(seed=seed * 97 + 1, rows=rng.randint(1, 3000)))
        saved = contents(client)
        take(settings, client, f"restore{seed}", incremental=rng.random() < 0.7)
        for wreck in rng.sample(WRECKS, 2):
            client.command(wreck)
        assert differences(saved, contents(client))
        restore(settings, client, f"restore{seed}", replace=True)
        told = differences(saved, contents(client))
        equal += not told
        trial.saw(f"{equal} of {seed + 1} equal")
        assert not told


def test_every_flipped_bit_is_reported_and_nothing_changes(
    settings, client, chain_of_three, promise
):
    trial = promise("backups", small=3, full=10, unit="bit flips")
    before = contents(client)
    reported = 0
    for seed in range(trial.count):
        with damaged(settings, random.Random(seed), flip):
            reported += refuses(settings, client)
        trial.saw(f"{reported} of {seed + 1} reported, 0 tables changed")
    assert reported == trial.count
    assert not differences(before, contents(client))


def test_cut_and_missing_files_are_reported(settings, client, chain_of_three, promise):
    trial = promise("backups", small=2, full=10, unit="files cut or gone")
    before = contents(client)
    reported = 0
    for seed in range(trial.count):
        with damaged(settings, random.Random(seed), cut if seed % 2 else remove):
            reported += refuses(settings, client)
        trial.saw(f"{reported} of {seed + 1} reported, 0 tables changed")
    assert reported == trial.count
    assert not differences(before, contents(client))


@pytest.mark.slow
def test_damage_that_no_list_of_files_tells_is_never_restored(
    settings, client, chain_of_three, promise
):
    """As on a server, whose files are not seen from here: the manifest has to find it."""
    trial = promise("backups", small=3, full=20, unit="bit flips, server")
    before = contents(client)
    reported = harmless = 0
    for seed in range(trial.count):
        with damaged(settings, random.Random(100 + seed), flip), without_lists(settings):
            if refuses(settings, client):
                reported += 1
            else:
                # A bit that says nothing, like one of a time: what came back must be the same.
                harmless += not differences(before, contents(client))
        trial.saw(f"{reported} reported, {harmless} without effect, of {seed + 1}")
    assert reported + harmless == trial.count
    assert not differences(before, contents(client))


def test_bare_restore_takes_damage_for_a_success(settings, client, chain_of_three, promise):
    """Negative control: with our checks away, ClickHouse restores what it did not save."""
    trial = promise("backups", small=6, full=20, unit="bit flips, unchecked")
    silent = 0
    for seed in range(trial.count):
        with damaged(settings, random.Random(seed), flip, of="data/raw/prices_spot"):
            silent += bare_restore_differs(client)
        trial.saw(f"{silent} of {seed + 1} restored as if nothing were: negative control")
    assert silent


def bare_restore_differs(client: Client) -> bool:
    """Whether RESTORE says RESTORED for a table that then holds other rows or cannot be read."""
    said = "select count(), sum(cityHash64(toString(tuple(*)))) from {} final"
    wanted = client.query(said.format("raw.prices_spot")).result_rows
    client.command("create database if not exists bare")
    try:
        client.command("RESTORE TABLE raw.prices_spot AS bare.prices_spot FROM File('chain2')")
    except Exception:  # noqa: BLE001 - it noticed: not silent
        return False
    try:
        return client.query(said.format("bare.prices_spot")).result_rows != wanted
    except Exception:  # noqa: BLE001 - restored, and cannot be read
        return True
    finally:
        client.command("drop database bare sync")


def refuses(settings, client) -> bool:
    """Whether the restore of the newest of the chain says that it is damaged."""
    try:
        restore(settings, client, "chain2", replace=True)
    except BackupDamaged as error:
        return "Nothing was changed" in error.hint
    return False


class damaged:  # noqa: N801 - reads as a word of the language
    """One file of the chain, at random, is damaged by `harm` inside the context."""

    def __init__(self, settings, rng, harm, of=""):
        folders = [settings.home / "backups" / f"chain{number}" for number in range(3)]
        files = [f for folder in folders for f in folder.rglob("*") if f.is_file()]
        # By size, as a failing disk would choose.
        files = sorted(f for f in files if of in f.as_posix() and f.stat().st_size)
        weights = [file.stat().st_size for file in files]
        self.file = rng.choices(files, weights)[0]
        self.aside = settings.home / "aside"
        self.rng, self.harm = rng, harm

    def __enter__(self):
        shutil.copy2(self.file, self.aside)
        self.harm(self.file, self.rng)

    def __exit__(self, *_):
        shutil.move(self.aside, self.file)


def flip(file, rng):
    body = bytearray(file.read_bytes())
    body[rng.randrange(len(body))] ^= 1 << rng.randrange(8)
    file.write_bytes(bytes(body))


def cut(file, rng):
    file.write_bytes(file.read_bytes()[: rng.randrange(file.stat().st_size)])


def remove(file, _rng):
    file.unlink()


class without_lists:  # noqa: N801
    """The lists of files beside the backups are away."""

    def __init__(self, settings):
        self.folder = settings.home / "backups"

    def __enter__(self):
        for path in self.folder.glob("*.files.json"):
            path.rename(path.with_suffix(".away"))

    def __exit__(self, *_):
        for path in self.folder.glob("*.away"):
            path.rename(path.with_suffix(".json"))
