"""Sessions: a `session_id` keeps one handle, with settings and temporary tables, for a while."""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from oracul.warehouse.embedded.engine import Handle
from oracul.warehouse.embedded.faults import (
    SESSION_IS_LOCKED,
    SESSION_NOT_FOUND,
    TOO_MANY_QUERIES,
    Fault,
)

MAX_SESSIONS = 256
# One session runs one statement at a time; the next one waits this long for its turn.
BUSY_WAIT_SECONDS = 5.0


@dataclass(slots=True)
class Session:
    """One session of one user; `busy` while a statement runs in it."""

    key: tuple[str, str]
    handle: Handle
    timeout_seconds: float
    last_used: float
    busy: bool = True
    # Values that settings had before a request changed them for itself.
    before: dict[str, str] = field(default_factory=dict)


class Sessions:
    """All sessions. Safe to use from several threads; `clock` counts seconds."""

    def __init__(self, open_handle: Callable[[], Handle], clock: Callable[[], float]) -> None:
        self._open = open_handle
        self._clock = clock
        self._lock = threading.Condition()
        self._sessions: dict[tuple[str, str], Session] = {}

    def take(
        self, user: str, session_id: str, timeout_seconds: float, *, must_exist: bool
    ) -> Session:
        """The session, now busy; made when it is new.

        Raises Fault when it is missing, or stays busy although it was waited for.
        """
        key = (user, session_id)
        with self._lock:
            if not self._lock.wait_for(lambda: not self._is_busy(key), BUSY_WAIT_SECONDS):
                raise Fault(SESSION_IS_LOCKED, f"Session {session_id} is locked by a running query")
            session = self._sessions.get(key)
            if session is None:
                if must_exist:
                    raise Fault(SESSION_NOT_FOUND, f"Session {session_id} not found")
                self._make_room()
                session = Session(key, self._open(), timeout_seconds, self._clock())
                self._sessions[key] = session
            session.busy = True
            session.timeout_seconds = timeout_seconds
            return session

    def give_back(self, session: Session, *, close: bool) -> None:
        """End of a statement. A broken handle, or `close`, ends the session."""
        with self._lock:
            session.busy = False
            session.last_used = self._clock()
            if close or session.handle.broken:
                self._drop(session)
            self._lock.notify_all()

    def expire(self) -> None:
        """Close the sessions that were idle for longer than they asked for."""
        now = self._clock()
        with self._lock:
            for session in list(self._sessions.values()):
                if not session.busy and now - session.last_used > session.timeout_seconds:
                    self._drop(session)

    def close(self) -> None:
        """Close all sessions."""
        with self._lock:
            for session in list(self._sessions.values()):
                self._drop(session)

    def __len__(self) -> int:
        return len(self._sessions)

    def _is_busy(self, key: tuple[str, str]) -> bool:
        session = self._sessions.get(key)
        return session is not None and session.busy

    def _make_room(self) -> None:
        if len(self._sessions) < MAX_SESSIONS:
            return
        idle = [session for session in self._sessions.values() if not session.busy]
        if not idle:
            raise Fault(TOO_MANY_QUERIES, f"All {MAX_SESSIONS} sessions are busy")
        self._drop(min(idle, key=lambda session: session.last_used))

    def _drop(self, session: Session) -> None:
        if self._sessions.get(session.key) is session:
            del self._sessions[session.key]
        session.handle.close()


def monotonic() -> float:
    """The clock of a running server."""
    return time.monotonic()
