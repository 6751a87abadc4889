"""One statement from body to result. Blocking: the application drives it from worker threads."""

import itertools
import threading
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from oracul.warehouse.embedded import gate, native
from oracul.warehouse.embedded.engine import Engine, Handle, InsertText, Totals, quote
from oracul.warehouse.embedded.faults import (
    BAD_ARGUMENTS,
    READONLY,
    SYNTAX_ERROR,
    Fault,
)
from oracul.warehouse.embedded.request import Ask
from oracul.warehouse.embedded.sessions import Session, Sessions
from oracul.warehouse.embedded.statement import (
    STREAMED_FORMATS,
    Statement,
    read_statement,
    split_settings,
)

# The longest statement; data of an insert does not count.
MAX_STATEMENT_BYTES = 1 << 20
READER_STATEMENT_BYTES = 256 << 10
# Rows written as VALUES in the statement itself go to the engine in one piece up to this size.
_WHOLE_VALUES_BYTES = 1 << 20
_PIECE_BYTES = 1 << 20
_SELECTS = frozenset({"SELECT", "WITH", "FROM", "()"})


@dataclass(frozen=True, slots=True)
class Room:
    """What all statements share."""

    engine: Engine
    sessions: Sessions
    reader_limits: dict[str, str]
    scratch: Path


@dataclass(frozen=True, slots=True)
class External:
    """A table sent along with a query: name, column definitions, format, bytes."""

    name: str
    structure: str
    fmt: str
    pieces: Iterator[bytes]


@dataclass(frozen=True, slots=True)
class Caller:
    """Who runs a statement, and whether the way of asking forbids changes (GET, readonly)."""

    user: str
    is_reader: bool
    must_not_change: bool


class Run:
    """A statement being run: `start` once, then `pieces`, then `close`; by one thread at a time."""

    def __init__(self, room: Room, ask: Ask, caller: Caller) -> None:
        self._room = room
        self._ask = ask
        self._caller = caller
        self._session: Session | None = None
        self._handle: Handle | None = None
        self._mark = f"oracul-{uuid.uuid4()}"
        self.query_id = ask.query_id or str(uuid.uuid4())
        self.totals = Totals()
        self.fmt: str | None = None
        self.is_read_only = False
        self.pieces: Iterator[bytes] = iter(())
        self._ending = threading.Lock()
        self._ended = False

    def start(self, body: Iterator[bytes], external: list[External]) -> None:
        """Read, check and begin the statement. Raises Fault; `close` is due in any case."""
        head, rest = _split_head(self._ask.query, body)
        if self._caller.is_reader and len(head) > READER_STATEMENT_BYTES:
            raise Fault(SYNTAX_ERROR, f"The query is longer than {READER_STATEMENT_BYTES} bytes")
        statement = read_statement(head)
        if statement.into_outfile:
            raise Fault(BAD_ARGUMENTS, "INTO OUTFILE is not allowed over HTTP")
        if rest is not None and not statement.is_data_insert:
            raise Fault(SYNTAX_ERROR, f"The query is longer than {MAX_STATEMENT_BYTES} bytes")
        sql = _text(head[: statement.data_start])
        handle = self._take_handle()
        self._configure(handle)
        self._check(handle, sql, statement)
        if external and self._caller.is_reader:
            raise Fault(READONLY, "This user cannot send tables along")
        for table in external:
            self._load(handle, table)
        if statement.is_data_insert:
            self._insert(handle, statement, head, rest)
        else:
            self._answer(handle, statement, sql, head)

    def close(self, failed: bool) -> None:
        """Give the handle back: a session keeps it, unless something failed. May be repeated."""
        with self._ending:
            self._ended = True
        closer = getattr(self.pieces, "close", None)
        if closer is not None:
            closer()
        if self._session is not None:
            if failed and self._handle is not None:
                self._handle.broken = True
            elif self._handle is not None and self._session.before:
                self._restore(self._handle, self._session)
            self._room.sessions.give_back(self._session, close=self._ask.close_session)
        elif self._handle is not None:
            self._handle.close()
        self._session = self._handle = None

    def cancel(self, *, even_if_it_writes: bool = False) -> None:
        """Stop the statement if it is still running and only reads; from any thread.

        The lock keeps the order away from whatever the handle does after this statement.
        """
        with self._ending:
            if (self.is_read_only or even_if_it_writes) and not self._ended:
                self._room.engine.kill(self._mark)

    def _take_handle(self) -> Handle:
        # A reader may keep nothing between requests, so a session would only be a place to hide.
        if self._ask.session_id is None or self._caller.is_reader:
            self._handle = self._room.engine.open()
        else:
            self._session = self._room.sessions.take(
                self._caller.user,
                self._ask.session_id,
                self._ask.session_timeout_seconds,
                must_exist=self._ask.session_check,
            )
            self._handle = self._session.handle
        return self._handle

    def _check(self, handle: Handle, sql: str, statement: Statement) -> None:
        """One statement only; nothing that changes by GET; the gate for readers."""
        kind, count = handle.classify(sql)
        if count > 1:
            raise Fault(SYNTAX_ERROR, "Multi-statements are not allowed")
        self.is_read_only = kind == "READ_ONLY"
        if self._caller.is_reader:
            gate.check(handle, sql, statement, kind, count)
        elif self._caller.must_not_change and kind != "READ_ONLY" and (count or self._session):
            raise Fault(
                READONLY,
                "Cannot execute query in readonly mode. GET implies readonly: "
                "use POST for queries that change something",
            )

    def _configure(self, handle: Handle) -> None:
        """Role, database, settings and parameters of this request, in one or two statements."""
        ask, caller = self._ask, self._caller
        wanted = dict(ask.settings)
        if caller.is_reader:
            gate.check_database(ask.database)
            wanted = gate.reader_settings(wanted, self._room.reader_limits)
        wanted["log_comment"] = self._mark
        handle.use_role(caller.is_reader)
        # Many clients name `default` unasked; a reader starts there and has no right to `USE` it.
        if ask.database and not (caller.is_reader and ask.database == "default"):
            handle.command(f"USE `{ask.database}`")
        if self._session is not None:
            self._remember(handle, self._session, wanted)
        handle.apply(wanted)
        handle.apply({f"param_{name}": value for name, value in ask.parameters.items()})
        if caller.is_reader:
            handle.apply({"readonly": "1"})
        elif caller.must_not_change and self._session is None:
            handle.apply({"readonly": "2"})

    def _remember(self, handle: Handle, session: Session, wanted: dict[str, str]) -> None:
        """Keep what the settings were, since a request's settings are for itself alone."""
        names = [name for name in wanted if name != "log_comment"]
        if not names:
            return
        columns = ", ".join(f"toString(getSetting('{name}'))" for name in names)
        answer = handle.command(f"SELECT arrayJoin([{columns}])")
        session.before = dict(zip(names, answer.split("\n"), strict=False))

    def _restore(self, handle: Handle, session: Session) -> None:
        before, session.before = session.before, {}
        try:
            handle.apply(before)
        except Fault:
            handle.broken = True

    def _load(self, handle: Handle, table: External) -> None:
        """Put a table that was sent with the query into a temporary one."""
        handle.command(f"CREATE TEMPORARY TABLE `{table.name}` ({table.structure})")
        text = InsertText(f"INSERT INTO `{table.name}`", "", table.fmt)
        handle.insert(text, table.pieces, self._file("table"), Totals())

    def _insert(
        self, handle: Handle, statement: Statement, head: bytes, rest: Iterator[bytes] | None
    ) -> None:
        data = head[statement.data_start :]
        if statement.has_values and rest is None and len(data) <= _WHOLE_VALUES_BYTES:
            # The engine fills query parameters into VALUES, but not into data fed behind it.
            self.pieces = handle.query(_text(head), "Null", self.totals)
            return
        pieces = itertools.chain([data], rest or ())
        into, settings = split_settings(head[: statement.end])
        text = InsertText(_text(into), _text(settings), statement.fmt or "TabSeparated")
        handle.insert(text, filter(None, pieces), self._file("insert"), self.totals)

    def _file(self, what: str) -> Path:
        return self._room.scratch / f"{what}-{uuid.uuid4().hex}"

    def _answer(self, handle: Handle, statement: Statement, sql: str, head: bytes) -> None:
        fmt = statement.fmt or self._ask.default_format or "TabSeparated"
        selects = self.is_read_only and statement.verb in _SELECTS
        self.fmt = fmt if self.is_read_only else None
        if not selects:
            self.pieces = handle.query(sql, fmt, self.totals)
        elif fmt.lower() in STREAMED_FORMATS:
            self.pieces = handle.stream(sql, fmt, self.totals)
        else:
            self.pieces = self._by_file(handle, statement, head, fmt)
        if fmt.lower() == "native" and self._ask.protocol_version >= native.FIRST_VERSION:
            self.pieces = native.with_protocol_version(self.pieces)

    def _by_file(
        self, handle: Handle, statement: Statement, head: bytes, fmt: str
    ) -> Iterator[bytes]:
        """A result whose format has a beginning and an end: written whole to a file, then read."""
        cut = statement.format_start or statement.end
        if self._caller.is_reader:
            # What runs is not quite the text that was checked.
            core = _text(head[:cut])
            gate.check(handle, core, statement, *handle.classify(core))
        path = self._file("result")
        tail = _text(head[statement.format_start : statement.end]) if statement.fmt else ""
        tail = tail or f"FORMAT {fmt}"
        sql = f"{_text(head[:cut])}\nINTO OUTFILE {quote(str(path))} {tail}"
        try:
            for _ in handle.query(sql, fmt, self.totals):
                pass
            with path.open("rb") as result:
                path.unlink()
                while piece := result.read(_PIECE_BYTES):
                    self.totals.result_bytes += len(piece)
                    yield piece
        finally:
            path.unlink(missing_ok=True)


def _split_head(query: str, body: Iterator[bytes]) -> tuple[bytes, Iterator[bytes] | None]:
    """The beginning of the text, at least one longest statement of it, and the rest, if any."""
    source = itertools.chain([query.encode() + b"\n"] if query else [], body)
    head = bytearray()
    for piece in source:
        if len(head) > MAX_STATEMENT_BYTES:
            return bytes(head), itertools.chain([piece], source)
        head += piece
    return bytes(head), None


def _text(data: bytes) -> str:
    try:
        return data.decode()
    except UnicodeDecodeError:
        raise Fault(SYNTAX_ERROR, "The query is not valid UTF-8") from None
