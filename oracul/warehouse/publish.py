"""Putting built marts in the place that people read: days of `marts_next` become days of `marts`.

The main job builds its marts in `marts_next` and checks them there (door 2). Only then are the days
that differ put in place, by atomic partitions; until then readers keep the last good rows.
Partitions are shared on disk, so what is published costs no second copy.
"""

import re
from collections.abc import Container, Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
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
select name, partition_key from system.tables
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
_HAS_COLUMN_SQL = """
select count() from system.columns
where database = {d:String} and table = {t:String} and name = {c:String}
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

# A mart's partition: a month of its Date column; a week or a day where its model says so.
_PARTITION_KEY = re.compile(r"\(?(?:(toStartOfMonth|toMonday)\()?(\w+)\)*")

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


class Mart(NamedTuple):
    """A table by day: what its partitions are, and the Date column these are made of."""

    name: str
    partition_key: str  # as the engine writes it: `block_date`, `(toStartOfMonth(block_date))`

    @property
    def day_column(self) -> str:
        """`block_date` of `toStartOfMonth(block_date)`. Raises WarehouseError for other keys."""
        found = _PARTITION_KEY.fullmatch(self.partition_key)
        if found is None:
            raise WarehouseError(
                f"{MARTS_NEXT}.{self.name} is partitioned by {self.partition_key or 'nothing'}.",
                hint="Its partition_by is its Date column, or toMonday or toStartOfMonth of it.",
            )
        return found[2]

    def partition_of(self, day: date) -> date:
        """The first day of its partition: of its month, of its week, or the day itself."""
        if "toStartOfMonth" in self.partition_key:
            return day.replace(day=1)
        if "toMonday" in self.partition_key:
            return day - timedelta(days=day.weekday())
        return day


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
        marts = [
            Mart(*row)
            for row in client.query(_TABLES_SQL, parameters={"database": MARTS_NEXT}).result_rows
            if only is None or row[0] in only
        ]
        built = {mart: _bookings(client, MARTS_NEXT, mart) for mart in marts}
        held = {mart: _days_held(client, MARTS_NEXT, mart) for mart in marts}
        for mart in marts:
            _refuse_undone(mart.name, held[mart] - _done(built[mart]))
        changed = {}
        for mart in marts:
            unjudged = {
                day for day, one in built[mart].items() if judged_at and one.built_at > judged_at
            }
            days = _publish_mart(
                settings, client, mart, built[mart], held[mart], unjudged, is_whole
            )
            if days:
                changed[mart.name] = days
        publish_state(settings.home)
        return Published(changed)


def _publish_mart(
    settings: Settings,
    client: Client,
    mart: Mart,
    built: Bookings,
    held: set[date],
    unjudged: set[date],
    is_whole: bool,
) -> int:
    is_new = _shape(client, MARTS, mart.name) != _shape(client, MARTS_NEXT, mart.name)
    if is_new and unjudged:
        return 0
    placed = {} if is_new or is_whole else _bookings(client, MARTS, mart)
    # A publication that was killed may have left a day in place that nobody booked and none built.
    in_place = _days_held(client, MARTS, mart)
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
    client.command(f"drop table if exists {MARTS}.{mart.name}__new")
    if confirmed:
        _book(client, mart, [day for day in confirmed if day not in unjudged])
    if not touched:
        return 0
    _unbook(client, mart, touched)
    if is_new:
        _replace_table(client, mart, held, settings.clickhouse.cluster)
    else:
        _replace_partitions(client, mart, days, held, unjudged)
    _book(client, mart, touched)
    return len(days)


def _replace_partitions(
    client: Client, mart: Mart, days: list[date], held: set[date], unjudged: set[date]
) -> None:
    """Put the partitions of these days in place; of those with unjudged days, all but these."""
    full = {mart.partition_of(day) for day in held}
    mixed = {mart.partition_of(day) for day in unjudged}
    touched = sorted({mart.partition_of(day) for day in days})
    for batch in _batches([one for one in touched if one not in mixed]):
        commands = (
            f"replace partition '{one}' from {MARTS_NEXT}.{mart.name}"
            if one in full
            else f"drop partition '{one}'"
            for one in batch
        )
        client.command(f"alter table {MARTS}.{mart.name} {', '.join(commands)}")
    for one in touched:
        if one in mixed:
            _replace_judged(client, mart, one, unjudged)


def _replace_judged(client: Client, mart: Mart, partition: date, unjudged: set[date]) -> None:
    """Put a partition together: judged days as they are now, the others as they were."""
    name, fresh = f"{MARTS}.{mart.name}", f"{MARTS}.{mart.name}__new"
    client.command(f"create table {fresh} as {MARTS_NEXT}.{mart.name}")
    known = {"partition": partition, "unjudged": sorted(unjudged)}
    for source, is_old in ((f"{MARTS_NEXT}.{mart.name}", 0), (name, 1)):
        client.command(
            f"insert into {fresh} select * from {source}"
            f" where {mart.partition_key} = {{partition:Date}}"
            f" and has({{unjudged:Array(Date)}}, {mart.day_column}) = {is_old}",
            known,
        )
    has_rows = client.query(f"select 1 from {fresh} limit 1").result_rows
    verb = (
        f"replace partition '{partition}' from {fresh}"
        if has_rows
        else f"drop partition '{partition}'"
    )
    client.command(f"alter table {name} {verb}")
    client.command(f"drop table {fresh}")


def _replace_table(client: Client, mart: Mart, held: set[date], cluster: str | None) -> None:
    """A table that is new, or has other columns now, is put together beside and exchanged.

    On a cluster each replica exchanges for itself, once it has all rows.
    """
    fresh, name = f"{MARTS}.{mart.name}__new", f"{MARTS}.{mart.name}"
    client.command(f"create table {fresh} as {MARTS_NEXT}.{mart.name}")
    comment = client.query(
        "select comment from system.tables where database = {d:String} and name = {t:String}",
        parameters={"d": MARTS_NEXT, "t": mart.name},
    ).result_rows[0][0]
    client.command(f"alter table {fresh} modify comment %(comment)s", {"comment": comment})
    for batch in _batches(sorted({mart.partition_of(day) for day in held})):
        attached = (f"attach partition '{one}' from {MARTS_NEXT}.{mart.name}" for one in batch)
        client.command(f"alter table {fresh} {', '.join(attached)}")
    if cluster:
        client.command(f"system sync replica on cluster {cluster} {fresh}")
    if int(str(client.command(f"exists table {name}"))):
        client.command(f"exchange tables {fresh} and {name}")
        client.command(f"drop table {fresh}")
    else:
        client.command(f"rename table {fresh} to {name}")


def _bookings(client: Client, database: str, mart: Mart) -> Bookings:
    asked = {"model": f"{database}.{mart.name}"}
    rows = client.query(_BOOKED_SQL, parameters=asked, tz_mode="aware").result_rows
    return {day: Booking(*booked) for day, *booked in rows}


def _done(bookings: Bookings) -> set[date]:
    return {day for day, one in bookings.items() if one.version}


def _days_held(client: Client, database: str, mart: Mart) -> set[date]:
    """Days that have rows; a day can be done and have none."""
    asked = {"d": database, "t": mart.name, "c": mart.day_column}
    if not client.query(_HAS_COLUMN_SQL, parameters=asked).result_rows[0][0]:
        return set()
    rows = client.query(
        f"select distinct {mart.day_column} from {database}.{mart.name}"
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


def _unbook(client: Client, mart: Mart, days: list[date]) -> None:
    """Say that these days are being replaced; also to a build by hand, by their partitions.

    Such a build looks under the names that dbt_project/macros/claims_of.sql gives.
    """
    name = f"{MARTS}.{mart.name}"
    for model, dates in (
        (name, days),
        (f"{name} by partition", sorted({mart.partition_of(day) for day in days})),
    ):
        client.command(_UNBOOK_SQL, {"model": model, "days": dates})


def _book(client: Client, mart: Mart, days: list[date]) -> None:
    client.command(
        _BOOK_SQL,
        {"model": f"{MARTS}.{mart.name}", "source": f"{MARTS_NEXT}.{mart.name}", "days": days},
    )


def _batches(days: list[date]) -> Iterable[list[date]]:
    return (days[i : i + _DAYS_PER_STATEMENT] for i in range(0, len(days), _DAYS_PER_STATEMENT))
