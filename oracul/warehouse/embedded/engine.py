"""The ClickHouse engine of this process, and handles on it.

One data directory belongs to one process. A handle serves one request (or one session) and is
thrown away after any exception: what a failed query left would come out before the next result.
"""

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from oracul.warehouse.embedded.config import ADMIN_ROLE, READER_ROLE, EngineFiles
from oracul.warehouse.embedded.faults import NOT_ENOUGH_SPACE, Fault, from_engine


def quote(value: str) -> str:
    """A string literal of ClickHouse SQL."""
    return "'" + value.replace("\\", "\\\\").replace("'", "\\'") + "'"


@dataclass(slots=True)
class Totals:
    """What a statement did so far; goes into the summary header."""

    read_rows: int = 0
    read_bytes: int = 0
    written_rows: int = 0
    written_bytes: int = 0
    result_bytes: int = 0

    def add(self, result: Any) -> None:
        """Count one piece of a result."""
        self.read_rows += result.rows_read()
        self.read_bytes += result.bytes_read()
        self.written_rows += getattr(result, "rows_written", int)()
        self.written_bytes += getattr(result, "bytes_written", int)()


@dataclass(frozen=True, slots=True)
class InsertText:
    """The parts of `INSERT INTO t (…) SETTINGS … FORMAT x`, whose data comes from a file."""

    into: str
    settings: str
    fmt: str

    def reading(self, file: Path) -> str:
        """The statement that takes the data from this file."""
        source = f"FROM INFILE {quote(str(file))} COMPRESSION 'none'"
        return f"{self.into}\n{source}\n{self.settings}\nFORMAT {self.fmt}"


class Handle:
    """One connection to the engine: role, settings, temporary tables. For one user at a time."""

    def __init__(self, connection: Any) -> None:
        self._connection = connection
        self.broken = False

    def command(self, sql: str) -> str:
        """Run a small statement of our own and return its text. Raises Fault."""
        return b"".join(self.query(sql, "TabSeparatedRaw", Totals())).decode()

    def use_role(self, reader: bool) -> None:
        """Keep one of the two roles for all that follows on this handle."""
        self.command(f"SET ROLE {READER_ROLE if reader else ADMIN_ROLE}")

    def apply(self, settings: Mapping[str, str]) -> None:
        """Set engine settings; the names must have been checked. Raises Fault for unknown ones."""
        if settings:
            self.command("SET " + ", ".join(f"{k} = {quote(v)}" for k, v in settings.items()))

    def classify(self, sql: str) -> tuple[str, int]:
        """Class (READ_ONLY, MUTATING, CONTROL, UNKNOWN …) and number of statements of a text."""
        found = self._connection._conn.classify_query(sql)
        return str(found["query_class"]).rsplit(".", 1)[-1], int(found["statement_count"])

    def query(self, sql: str, fmt: str, totals: Totals) -> Iterator[bytes]:
        """Run a statement whose result is small or absent; yields it whole. Raises Fault."""
        try:
            result = self._connection.query(sql, fmt)
        except Exception as error:  # noqa: BLE001 - the engine raises what it likes
            self.broken = True
            raise from_engine(error) from None
        totals.add(result)
        body = bytes(result.bytes() or b"")
        totals.result_bytes += len(body)
        if body:
            yield body

    def stream(self, sql: str, fmt: str, totals: Totals) -> Iterator[bytes]:
        """Run a SELECT and yield its result block by block. Raises Fault, also between blocks."""
        result = None
        try:
            result = self._connection.send_query(sql, fmt)
            while (piece := result.fetch()) is not None:
                totals.add(piece)
                body = bytes(piece.bytes() or b"")
                totals.result_bytes += len(body)
                if body:
                    yield body
        except GeneratorExit:
            self.broken = True
            if result is not None:
                result.cancel()
            raise
        except Exception as error:  # noqa: BLE001 - the engine raises what it likes
            self.broken = True
            raise from_engine(error) from None

    def insert(self, sql: InsertText, pieces: Iterator[bytes], file: Path, totals: Totals) -> None:
        """Insert formatted bytes, by way of `file`, which is gone afterwards. Raises Fault.

        Not by the engine's streaming insert: that one acknowledges rows even when storing them has
        failed, on a full disk for instance.
        """
        try:
            with file.open("wb") as out:
                out.writelines(pieces)
            for _ in self.query(sql.reading(file), "Null", totals):
                pass
        except OSError as error:
            raise Fault(NOT_ENOUGH_SPACE, f"Cannot keep the data: {error.strerror}") from None
        except Fault as fault:
            self.broken = True
            # Where the data lay meanwhile says nothing to who sent it.
            kind, text = (fault.code, fault.name), fault.message
            raise Fault(kind, text.replace(f"(in file/uri {file})", "").strip()) from None
        finally:
            file.unlink(missing_ok=True)

    def close(self) -> None:
        """Release the handle; its temporary tables go with it."""
        self._connection.close()


class Engine:
    """The engine, open on one data directory until `close`."""

    def __init__(self, files: EngineFiles) -> None:
        # The engine reads the zone of the process before its own configuration.
        os.environ["TZ"] = "UTC"
        import chdb

        self._connect = chdb.connect
        self._target = f"{files.data}?config-file={files.config}"
        try:
            self._keeper = Handle(self._connect(self._target))
        except Exception as error:  # noqa: BLE001 - the engine raises what it likes
            raise from_engine(error) from None

    def open(self) -> Handle:
        """A fresh handle with the defaults of the profile (some 0.7 ms)."""
        return Handle(self._connect(self._target))

    def version(self) -> str:
        """Version of ClickHouse inside."""
        return self._keeper.command("SELECT version()").strip()

    def kill(self, mark: str) -> None:
        """Stop the statement that runs with `log_comment = mark`, if one does."""
        handle = self.open()
        try:
            handle.command(f"KILL QUERY WHERE Settings['log_comment'] = {quote(mark)} ASYNC")
        finally:
            handle.close()

    def kill_all(self) -> None:
        """Stop all statements of this process."""
        handle = self.open()
        try:
            handle.command("KILL QUERY WHERE query_id != queryID() ASYNC")
        finally:
            handle.close()

    def close(self) -> None:
        """Close the last handle: the engine writes what it holds and lets the directory go."""
        self._keeper.close()
