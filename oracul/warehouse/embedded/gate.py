"""The gate in front of `reader`: one statement that reads, over functions on a list.

The engine's role keeps other tables away; the gate keeps away what roles do not cover (files, the
network, dictionaries, the server's insides), by looking at the syntax tree that the engine itself
makes of the text. Whatever it does not know, it refuses.
"""

import functools
import re
from collections.abc import Iterator
from pathlib import Path

from oracul.warehouse.embedded.config import READER_DATABASES, READER_SYSTEM_TABLES
from oracul.warehouse.embedded.engine import Handle
from oracul.warehouse.embedded.faults import ACCESS_DENIED, READONLY, SYNTAX_ERROR, Fault
from oracul.warehouse.embedded.statement import Statement

_SELECTS = frozenset({"SELECT", "WITH", "FROM", "()"})
_OPEN_DATABASES = frozenset({*READER_DATABASES, "default", "information_schema"})
_DESCRIBES = frozenset({"DESCRIBE", "DESC", "EXISTS"})
_ROOTS = ("SelectWithUnionQuery", "SelectIntersectExceptQuery", "DescribeQuery", "Exists")
_SHOWS = frozenset(
    {"DATABASES", "TABLES", "FULL", "EXTENDED", "COLUMNS", "FIELDS", "CREATE", "INDEX", "INDEXES"}
)
_TABLE_FUNCTIONS = frozenset(
    {
        "generate_series",
        "generateseries",
        "null",
        "numbers",
        "numbers_mt",
        "values",
        "view",
        "zeros",
    }
)
# Parts of a tree that name a function as text, change settings or write: no reader needs them.
_CLOSED_NODES = frozenset({"Set", "ColumnsApplyTransformer", "FunctionWithOutput"})
_COMBINATORS = [
    "simplestate",
    "ordefault",
    "distinct",
    "resample",
    "foreach",
    "argmax",
    "argmin",
    "ornull",
    "mergestate",
    "merge",
    "state",
    "array",
    "null",
    "map",
    "if",
    "tuple",
]
_NODE = re.compile(r"^( *)(\S+)(?: (\S+))?", re.MULTILINE)

# Settings that change how a result looks, never what may be read or spent.
_OPEN_SETTINGS = re.compile(
    r"output_format_(?!arrow_file|parquet_file|schema)\w+|date_time_output_format|"
    r"format_csv_delimiter|session_timezone|join_use_nulls|extremes|max_block_size|"
    r"cancel_http_readonly_queries_on_client_close|"
    r"do_not_merge_across_partitions_select_final|final|optimize_move_to_prewhere"
)
# Settings that clients send by habit and that make no difference to a reader.
_IGNORED_SETTINGS = frozenset(
    {"async_insert", "insert_deduplicate", "input_format_null_as_default", "wait_for_async_insert"}
)
# Limits that a request may tighten.
_LIMITS = frozenset({"max_execution_time", "max_memory_usage", "max_result_rows", "max_threads"})


def check_database(name: str | None) -> None:
    """Raises Fault when a reader may not work in this database (names without one go there)."""
    if name is not None and name.lower() not in _OPEN_DATABASES:
        raise Fault(ACCESS_DENIED, f"The database {name} is not open to this user")


def check(handle: Handle, sql: str, statement: Statement, kind: str, count: int) -> None:
    """Raises Fault unless the text is one statement that a reader may run."""
    if count != 1:
        raise Fault(SYNTAX_ERROR, "Exactly one statement is expected")
    if kind != "READ_ONLY":
        raise Fault(ACCESS_DENIED, "This user may only read")
    if statement.verb == "SHOW":
        # Its WHERE and LIMIT take expressions that the tree does not print.
        if statement.second not in _SHOWS or statement.has_brackets:
            raise Fault(ACCESS_DENIED, f"SHOW {statement.second[:40]} is not open to this user")
        return
    if statement.verb not in _SELECTS | _DESCRIBES:
        raise Fault(ACCESS_DENIED, f"{statement.verb[:40]} is not open to this user")
    check_tree(handle.command(f"EXPLAIN AST {sql}"))


def check_tree(tree: str) -> None:
    """Raises Fault when a syntax tree, as EXPLAIN AST prints it, holds something unlisted."""
    if not tree.startswith(_ROOTS):
        raise Fault(ACCESS_DENIED, "This statement is not open to this user")
    parent = ""
    for node, name in _nodes(tree):
        if node in ("TableIdentifier", "Identifier") and not _is_open_table(name):
            raise Fault(ACCESS_DENIED, f"The table {name[:80]} is not open to this user")
        if node in _CLOSED_NODES:
            what = "SETTINGS" if node == "Set" else "APPLY"
            raise Fault(ACCESS_DENIED, f"{what} is not open to this user")
        if node == "Function":
            table_function = parent == "TableExpression"
            is_open = name.lower() in _TABLE_FUNCTIONS if table_function else is_open_function(name)
            if not is_open:
                raise Fault(ACCESS_DENIED, f"The function {name} is not open to this user")
        parent = node


def _nodes(tree: str) -> Iterator[tuple[str, str]]:
    for found in _NODE.finditer(tree):
        yield found.group(2), found.group(3) or ""


def _is_open_table(name: str) -> bool:
    """False for system tables off the list: the engine shows some to everybody."""
    database, _, table = name.lower().replace("`", "").partition(".")
    return database != "system" or table.partition(".")[0] in READER_SYSTEM_TABLES


def is_open_function(name: str) -> bool:
    """True when a function, or the aggregate below its combinators, is on the list."""
    known = open_functions()
    left = name.lower()
    while left not in known:
        suffix = next((end for end in _COMBINATORS if left.endswith(end)), None)
        if suffix is None or left == suffix:
            return False
        left = left.removesuffix(suffix)
    return True


@functools.cache
def open_functions() -> frozenset[str]:
    """The list, lower case."""
    lines = Path(__file__).with_name("reader_functions.txt").read_text().splitlines()
    words = " ".join(line for line in lines if not line.startswith("#"))
    return frozenset(words.lower().split())


def reader_settings(asked: dict[str, str], limits: dict[str, str]) -> dict[str, str]:
    """The settings for one query of a reader: what it may choose, under its limits.

    Raises Fault for a setting that is not open, as ClickHouse does for a read-only user.
    """
    chosen = dict(limits)
    for name, value in asked.items():
        if _OPEN_SETTINGS.fullmatch(name) or (
            name in _LIMITS
            and value.isascii()
            and value.isdigit()
            and 0 < int(value[:20]) < int(limits.get(name, 0))
        ):
            chosen[name] = value
        elif name not in _LIMITS and name not in _IGNORED_SETTINGS:
            raise Fault(READONLY, f"Cannot modify '{name[:80]}' setting in readonly mode")
    return chosen
