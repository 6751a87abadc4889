"""Putting checked tables in the place of those that are there, and what follows from them."""

import re
from collections.abc import Iterator
from contextlib import contextmanager

from clickhouse_connect.driver.client import Client
from clickhouse_connect.driver.exceptions import ClickHouseError

from oracul.log import get_logger
from oracul.warehouse.backups.drafts import DATABASES, REPLACED, RESTORED, things_of
from oracul.warehouse.backups.manifest import Manifest
from oracul.warehouse.backups.statements import explained
from oracul.warehouse.client import first_words
from oracul.warehouse.publish import MARTS, MARTS_NEXT

# Written by every command, so that their rows alone do not make a warehouse "in use".
_LEDGERS = ("meta.schema_migrations", "meta.backups")
# Whoever restores owns the view, as whoever built it did: users differ between servers.
_DEFINER = re.compile(r"\bDEFINER = \S+ (?=SQL SECURITY)")
_UNBOOK_SQL = f"""
insert into meta.built_days (model, block_date, input_version, code_version, built_at)
select model, block_date, 0, 'restored', now64(3, 'UTC')
from meta.built_days final
where startsWith(model, '{MARTS_NEXT}.')
    and (replaceOne(model, '{MARTS_NEXT}.', '{MARTS}.'), block_date) not in (
        select model, block_date from meta.built_days
    )
"""
_BOOK_SQL = f"""
insert into meta.built_days (model, block_date, input_version, code_version, built_at)
select replaceOne(model, '{MARTS}.', '{MARTS_NEXT}.'), block_date, input_version, code_version,
    now64(3, 'UTC')
from meta.built_days final
where startsWith(model, '{MARTS}.')
"""


def put_in_place(client: Client, manifest: Manifest) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Exchange the restored tables for those that are there: one statement, no data is moved.

    Returns the tables that were there and are not in the backup, and views that could not be made.
    Should it fail or be killed in the middle, the same restore puts all of it in place; tables that
    were taken out of their place are in the database `backup_replaced` until then.
    """
    with explained("Putting the backup in place"), _kept_on_error(client):
        for database, comment in manifest.databases.items():
            client.command(
                f"create database if not exists {database} comment %(comment)s",
                {"comment": comment},
            )
        there = things_of(client)
        names = [table.name for table in manifest.tables]
        moves = [f"{_real(name)} to {REPLACED}.`{name}`" for name in there]
        moves += [f"{RESTORED}.`{name}` to {_real(name)}" for name in names]
        client.command(f"rename table {', '.join(moves)}")
        views_left = _make_views(client, manifest)
        _follow_with_next(client, names)
    removed = [name for name in there if name not in {*names, *manifest.views}]
    return tuple(removed), tuple(views_left)


@contextmanager
def _kept_on_error(client: Client) -> Iterator[None]:
    """A database for what is replaced, dropped at the end; kept when something goes wrong, because
    a rename of many tables that fails half-way has left tables in it.
    """
    drop = f"drop database if exists {REPLACED} sync"
    client.command(drop)
    client.command(f"create database {REPLACED} comment 'what a restore is replacing'")
    yield
    client.command(drop)


def used_tables(client: Client) -> list[str]:
    """Tables with rows, which a restore would take away."""
    rows = client.query(
        "select concat(database, '.', name) as full_name from system.tables"
        " where has({databases:Array(String)}, database) and total_rows > 0"
        " and not has({ledgers:Array(String)}, full_name) order by 1",
        parameters={"databases": list(DATABASES), "ledgers": list(_LEDGERS)},
    ).result_rows
    return [row[0] for row in rows]


def _make_views(client: Client, manifest: Manifest) -> list[str]:
    left = []
    for name, statement in manifest.views.items():
        try:
            client.command(_DEFINER.sub("", statement))
        except ClickHouseError as error:
            get_logger().warning("view_not_restored", view=name, reason=first_words(error))
            left.append(name)
    return left


def _follow_with_next(client: Client, names: list[str]) -> None:
    """Let the marts that wait be the published ones, and book their days so.

    Candidates are not in a backup. What changed after the restored marts were published, the next
    transform finds by the bookings, and builds and checks it again.
    """
    client.command(f"create database if not exists {MARTS_NEXT}")
    rows = client.query(
        "select name from system.tables where database = {d:String}", parameters={"d": MARTS_NEXT}
    ).result_rows
    for row in rows:
        client.command(f"drop table {MARTS_NEXT}.`{row[0]}` sync")
    for name in names:
        database, _, table = name.partition(".")
        if database == MARTS:
            client.command(f"create table {MARTS_NEXT}.`{table}` clone as {MARTS}.`{table}`")
    if "meta.built_days" in names:
        client.command(_UNBOOK_SQL)
        client.command(_BOOK_SQL)


def _real(name: str) -> str:
    database, _, table = name.partition(".")
    return f"{database}.`{table}`"
