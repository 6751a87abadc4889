"""What tables hold, in figures that a restore can be held to."""

import re
from collections.abc import Iterable

from clickhouse_connect.driver.client import Client
from clickhouse_connect.driver.exceptions import ClickHouseError

from oracul.progress import Progress
from oracul.warehouse.backups.manifest import TableContent

_TABLES_SQL = """
select name, engine, create_table_query, coalesce(total_rows, 0), coalesce(total_bytes, 0)
from system.tables
where database = {database:String} and engine like '%MergeTree'
order by name
"""
# From the head of a CREATE statement to its columns: the name, and on some servers the UUID.
_HEAD = re.compile(r"^CREATE TABLE .*?(?= \()", re.S)
# Settings that name the place of one table, as the path of a replica.
_OWN_PLACE = re.compile(r"(?<=MergeTree)\('/[^)]*?'(?:, '[^']*')")


def contents(
    client: Client, database: str, names: Iterable[str], bar: Progress
) -> list[TableContent]:
    """Content of the tables of `database` that are called `<database>.<table>` as in `names`."""
    wanted = set(names)
    found = client.query(_TABLES_SQL, parameters={"database": database}).result_rows
    bar.start("Reading tables", sum(row[3] for row in found if row[0] in wanted), "rows")
    listed = []
    for name, engine, definition, rows, size in found:
        if name in wanted:
            listed.append(content(client, database, name, (engine, definition, size)))
            bar.advance(rows, table=name)
    bar.finish()
    return listed


def content(
    client: Client, database: str, name: str, known: tuple[str, str, int] | None = None
) -> TableContent:
    """Content of the table `<database>.<table>` kept as `name` in a database of ours.

    Raises ClickHouseError when it cannot be read.
    """
    engine, definition, size = known or _known(client, database, name)
    # FINAL, because a merge between backup and restore may drop rows that were replaced anyway.
    final = "" if engine.removeprefix("Replicated") == "MergeTree" else "final"
    # As text, because a hash over a row that holds a NULL is NULL itself and would not count.
    count, content_hash = client.query(
        f"select count(), sum(cityHash64(toString(tuple(*)))) from {database}.`{name}` {final}"
    ).result_rows[0]
    of, _, table = name.partition(".")
    shape = _OWN_PLACE.sub("(", _HEAD.sub("", definition).strip())
    return TableContent(of, table, shape, int(count), int(size), int(content_hash or 0))


def _known(client: Client, database: str, name: str) -> tuple[str, str, int]:
    for row in client.query(_TABLES_SQL, parameters={"database": database}).result_rows:
        if row[0] == name:
            return row[1], row[2], row[4]
    return "", "", 0


def is_sound(client: Client, database: str, name: str) -> bool:
    """Let the engine read and check every file of a table; a broken one may also raise."""
    try:
        answer = client.command(
            f"check table {database}.`{name}` settings check_query_single_value_result = 1"
        )
    except ClickHouseError:
        return False
    return answer == 1
