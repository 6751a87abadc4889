"""DDL for a ClickHouse cluster: the same statements, said to every replica. Pure text.

A cluster here is one shard: each replica holds all rows, and a statement that changes what tables
there are goes to all of them (`on cluster`), with engines that replicate. Rows, and partitions that
are put in place, are said to one replica and reach the others through the tables' own log.
"""

import re

from oracul.errors import WarehouseError

# What every session on a cluster sets: most replicas have a row before it counts as landed.
CLUSTER_SETTINGS = {"insert_quorum": "auto", "distributed_ddl_task_timeout": 600}

_TEXT = r"'(?:[^'\\]|\\.|'')*'|--[^\n]*|/\*.*?\*/"
_NAME = r"(?:`[^`]+`|\w+)(?:\.(?:`[^`]+`|\w+))?"
_COMMENTS = re.compile(r"(?:\s|--[^\n]*\n|/\*.*?\*/)*", re.S)
# The cluster is named behind the table or database …
_BEHIND_NAME = re.compile(
    rf"(?:create (?:table|database)(?: if not exists)?|drop (?:table|database)(?: if exists)?"
    rf"|alter table) {_NAME}",
    re.I,
)
# … or at the end.
_AT_END = re.compile(r"(?:rename table|exchange tables)\b", re.I)
_PARTITIONS = re.compile(
    rf"alter table {_NAME}\s+(?:replace|attach|drop) (?:partition|part)\b", re.I
)
_CLONE = re.compile(rf"create table(?: if not exists)? {_NAME}\s+clone as\b", re.I)
_STRUCTURE = re.compile(
    r"(?:create|drop|alter|rename|exchange|truncate|attach|detach|undrop|grant|revoke)\b", re.I
)
_ENGINE = re.compile(rf"({_TEXT})|(\bengine\s*=\s*)(\w*MergeTree)\b", re.I | re.S)


def on_cluster(statement: str, cluster: str | None) -> str:
    """The statement as it is said on a cluster; as it is without one, or when it makes no table.

    Raises WarehouseError for a statement that would do harm when all replicas did it, or that is
    not known here.
    """
    if cluster is None:
        return statement
    start = _COMMENTS.match(statement)
    at = start.end() if start else 0
    head, body = statement[:at], statement[at:]
    if not _STRUCTURE.match(body) or _PARTITIONS.match(body):
        return statement
    if _CLONE.match(body):
        raise WarehouseError(
            "This works on one server, not on a cluster.",
            hint="Back up a cluster with ClickHouse's own BACKUP … ON CLUSTER "
            "(docs/how-to/move-to-a-clickhouse-server.md).",
        )
    clause = f" on cluster {cluster}"
    if named := _BEHIND_NAME.match(body):
        return head + named[0] + clause + _replicated(body[named.end() :])
    if _AT_END.match(body):
        return head + body.rstrip() + clause
    raise WarehouseError(
        f"Not known how to say this to a cluster: {' '.join(body.split())[:80]}.",
        hint="Teach oracul/warehouse/cluster.py the statement.",
    )


def _replicated(text: str) -> str:
    """The text with engines that replicate; what is in quotes or comments stays."""

    def replace(found: re.Match[str]) -> str:
        if found[1] is not None or found[3].lower().startswith("replicated"):
            return found[0]
        return f"{found[2]}Replicated{found[3]}"

    return _ENGINE.sub(replace, text)
