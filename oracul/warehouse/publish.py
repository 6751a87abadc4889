"""Putting built marts in the place that people read: days of `marts_next` become days of `marts`.

The main job builds its marts in `marts_next` and checks them there (door 2). Only then are the days
that differ put in place, one atomic partition each; until then readers keep the last good rows.
Partitions are shared on disk, so a published day costs no second copy.
"""

from collections.abc import Container, Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import NamedTuple

from clickhouse_connect.driver.client import Client

from oracul.chains import DBT_PROJECT_DIR
from oracul.errors import WarehouseError
from oracul.settings import Settings
from oracul.units import plural
from oracul.warehouse.build_lock import build_lock
from oracul.warehouse.dbt_state import publish_state

MARTS = "marts"
MARTS_NEXT = "marts_next"
# Folders of `models/marts` whose tables can be built, checked and published by themselves.
MART_GROUPS = ("network", "tokens", "addresses")
_DAYS_PER_STATEMENT = 90
# The row of a whole table's code, see dbt_project/macros/book_code.sql.
_CODE_DAY = date(2149, 6, 6)
_BOOKED_SQL = """
select block_date, input_version, code_version, began_at, built_at
from meta.built_days final
where model = {model:String}
"""
_TABLES_SQL = """
select name from system.tables
where database = {database:String} and engine like '%MergeTree' and not match(name, '__dbt_|__new$')
order by name
"""
_EVER_BUILT_SQL = """
select
    exists(
        select 1 from meta.pipeline_runs
        where step = 'transform' or (
            startsWith(step, 'transform:')
            and has(splitByChar('+', splitByChar(':', toString(step))[2]), {group:String})
        )
    ) or exists(
        select 1 from system.tables
        where database in {places:Array(String)} and has({tables:Array(String)}, name)
    )
"""
_SHAPE_SQL = """
select
    (
        select groupArray((name, type))
        from (select * from system.columns where database = {d:String} and table = {t:String}
              order by position)
    ) as columns,
    sorting_key,
    partition_key
from system.tables
where database = {d:String} and name = {t:String}
"""
_BOOK_SQL = """
insert into meta.built_days (model, block_date, input_version, code_version, began_at, built_at)
select {model:String}, block_date, input_version, code_version, began_at, now64(3, 'UTC')
from meta.built_days final
where model = {source:String} and has({days:Array(Date)}, block_date)
"""
_UNBOOK_SQL = """
insert into meta.built_days (model, block_date, input_version, code_version, built_at)
select {model:String}, arrayJoin({days:Array(Date)}), 0, 'publishing', now64(3, 'UTC')
"""

_NEVER = datetime(1970, 1, 1, tzinfo=UTC)


class Booking(NamedTuple):
    """What a day was built from, by which code, and when (the warehouse's clock)."""

    version: int = 0
    code: str = ""
    began_at: datetime = _NEVER
    built_at: datetime = _NEVER

    @property
    def content(self) -> tuple[int, str]:
        """Equal for days with equal rows; a day that is not built has none."""
        return (self.version, self.code) if self.version else (0, "")


Bookings = dict[date, Booking]
_NOT_BUILT = Booking()


@dataclass(frozen=True)
class Published:
    """Days that were put in place, by table (only tables of which there were any)."""

    days: dict[str, int]

    @property
    def sentence(self) -> str:
        """One line for people."""
        if not self.days:
            return "marts are as they were"
        total = sum(self.days.values())
        return f"{plural(total, 'day')} of {plural(len(self.days), 'mart')} in place"


def mart_tables(groups: Iterable[str]) -> frozenset[str]:
    """Names of the marts of some groups."""
    folders = (DBT_PROJECT_DIR / "models" / "marts" / group for group in groups)
    return frozenset(path.stem for folder in folders for path in folder.glob("*.sql"))


def groups_ever_built(client: Client, groups: Iterable[str]) -> tuple[str, ...]:
    """Those of the groups that a build was begun of, or that have a table.

    Tokens and addresses are built at night: on the first day they are not there, and no fault.
    """
    found = []
    for group in groups:
        asked = {
            "group": group,
            "places": [MARTS, MARTS_NEXT],
            "tables": sorted(mart_tables([group])),
        }
        if client.query(_EVER_BUILT_SQL, parameters=asked).result_rows[0][0]:
            found.append(group)
    return tuple(found)


def publish(
    settings: Settings,
    client: Client,
    *,
    only: Container[str] | None = None,
    judged_at: datetime | None = None,
    is_whole: bool = False,
) -> Published:
    """Put the days of `marts_next` that differ into `marts`; all of them with `is_whole`.

    `only` names the tables to publish; None = all there are. Days that were built after `judged_at`
    (the warehouse's clock) are left to the run that built them: its own door has to judge them.

    Can be run again at any time: a day is unbooked before it is touched and booked after. Raises
    WarehouseError, before it touches anything, when a build has left days of `marts_next` undone.
    """
    with build_lock(settings.home):
        tables = [
            row[0]
            for row in client.query(_TABLES_SQL, parameters={"database": MARTS_NEXT}).result_rows
            if only is None or row[0] in only
        ]
        built = {table: _bookings(client, MARTS_NEXT, table) for table in tables}
        held = {table: _days_held(client, MARTS_NEXT, table) for table in tables}
        for table in tables:
            _refuse_undone(table, held[table] - _done(built[table]))
        changed = {}
        for table in tables:
            unjudged = {
                day for day, one in built[table].items() if judged_at and one.built_at > judged_at
            }
            days = _publish_table(
                settings, client, table, built[table], held[table], unjudged, is_whole
            )
            if days:
                changed[table] = days
        publish_state(settings.home)
        return Published(changed)


def _publish_table(
    settings: Settings,
    client: Client,
    table: str,
    built: Bookings,
    held: set[date],
    unjudged: set[date],
    is_whole: bool,
) -> int:
    is_new = _shape(client, MARTS, table) != _shape(client, MARTS_NEXT, table)
    if is_new and unjudged:
        return 0
    placed = {} if is_new or is_whole else _bookings(client, MARTS, table)
    # A publication that was killed may have left a day in place that nobody booked and none built.
    in_place = _days_held(client, MARTS, table)
    touched = sorted(
        day
        for day in (built.keys() | placed.keys() | in_place) - unjudged
        if built.get(day, _NOT_BUILT).content != placed.get(day, _NOT_BUILT).content
        or (day in in_place and day not in _done(placed))
    )
    confirmed = sorted(
        day
        for day, one in built.items()
        if day not in touched and day in placed and one.began_at > placed[day].began_at
    )
    days = [day for day in touched if day != _CODE_DAY]
    # What a publication left that was killed between the exchange and the drop.
    client.command(f"drop table if exists {MARTS}.{table}__new")
    if confirmed:
        _book(client, _BOOK_SQL, table, [day for day in confirmed if day not in unjudged])
    if not touched:
        return 0
    _book(client, _UNBOOK_SQL, table, touched)
    if is_new:
        _replace_table(client, table, held, settings.clickhouse.cluster)
    else:
        _replace_days(client, table, days, held)
    _book(client, _BOOK_SQL, table, touched)
    return len(days)


def _replace_days(client: Client, table: str, days: list[date], held: set[date]) -> None:
    for batch in _batches(days):
        commands = (
            f"replace partition '{day}' from {MARTS_NEXT}.{table}"
            if day in held
            else f"drop partition '{day}'"
            for day in batch
        )
        client.command(f"alter table {MARTS}.{table} {', '.join(commands)}")


def _replace_table(client: Client, table: str, held: set[date], cluster: str | None) -> None:
    """A table that is new, or has other columns now, is put together beside and exchanged.

    On a cluster each replica exchanges for itself, once it has all rows.
    """
    fresh, name = f"{MARTS}.{table}__new", f"{MARTS}.{table}"
    client.command(f"create table {fresh} as {MARTS_NEXT}.{table}")
    comment = client.query(
        "select comment from system.tables where database = {d:String} and name = {t:String}",
        parameters={"d": MARTS_NEXT, "t": table},
    ).result_rows[0][0]
    client.command(f"alter table {fresh} modify comment %(comment)s", {"comment": comment})
    for batch in _batches(sorted(held)):
        attached = (f"attach partition '{day}' from {MARTS_NEXT}.{table}" for day in batch)
        client.command(f"alter table {fresh} {', '.join(attached)}")
    if cluster:
        client.command(f"system sync replica on cluster {cluster} {fresh}")
    if int(str(client.command(f"exists table {name}"))):
        client.command(f"exchange tables {fresh} and {name}")
        client.command(f"drop table {fresh}")
    else:
        client.command(f"rename table {fresh} to {name}")


def _bookings(client: Client, database: str, table: str) -> Bookings:
    asked = {"model": f"{database}.{table}"}
    rows = client.query(_BOOKED_SQL, parameters=asked, tz_mode="aware").result_rows
    return {day: Booking(*booked) for day, *booked in rows}


def _done(bookings: Bookings) -> set[date]:
    return {day for day, one in bookings.items() if one.version}


def _days_held(client: Client, database: str, table: str) -> set[date]:
    """Days that have rows; a day can be done and have none."""
    rows = client.query(
        "select distinct toDate(partition) from system.parts"
        " where active and rows > 0 and database = {d:String} and table = {t:String}",
        parameters={"d": database, "t": table},
    ).result_rows
    return {row[0] for row in rows}


def _refuse_undone(table: str, undone: set[date]) -> None:
    if undone:
        raise WarehouseError(
            f"{MARTS_NEXT}.{table} has {plural(len(undone), 'day')} that a build did not finish, "
            f"{min(undone)} first; {MARTS} stays as it is.",
            hint="Say `oracul transform`: it builds them and publishes what passes its checks.",
        )


def _shape(client: Client, database: str, table: str) -> list[tuple[object, ...]]:
    rows = client.query(_SHAPE_SQL, parameters={"d": database, "t": table}).result_rows
    return [tuple(row) for row in rows]


def _book(client: Client, sql: str, table: str, days: list[date]) -> None:
    client.command(
        sql,
        {"model": f"{MARTS}.{table}", "source": f"{MARTS_NEXT}.{table}", "days": days},
    )


def _batches(days: list[date]) -> Iterable[list[date]]:
    return (days[i : i + _DAYS_PER_STATEMENT] for i in range(0, len(days), _DAYS_PER_STATEMENT))
