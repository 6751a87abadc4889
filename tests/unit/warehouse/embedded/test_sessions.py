"""Sessions with a clock and handles of the test's own."""

from dataclasses import dataclass, field

import pytest

from oracul.warehouse.embedded import sessions as room
from oracul.warehouse.embedded.faults import Fault
from oracul.warehouse.embedded.sessions import Sessions


@dataclass
class Handle:
    """Stands where the engine's handle would."""

    broken: bool = False
    closed: bool = False

    def close(self) -> None:
        self.closed = True


@dataclass
class Clock:
    now: float = 0.0
    made: list[Handle] = field(default_factory=list)

    def __call__(self) -> float:
        return self.now

    def open(self) -> Handle:
        self.made.append(Handle())
        return self.made[-1]


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def sessions(clock: Clock) -> Sessions:
    return Sessions(clock.open, clock)  # type: ignore[arg-type]


def use(sessions: Sessions, name: str = "s", user: str = "u", *, seconds: float = 60) -> object:
    session = sessions.take(user, name, seconds, must_exist=False)
    sessions.give_back(session, close=False)
    return session.handle


def test_same_name_gives_the_same_handle(sessions: Sessions) -> None:
    assert use(sessions) is use(sessions)


def test_same_name_of_another_user_gives_another_handle(sessions: Sessions) -> None:
    assert use(sessions, user="a") is not use(sessions, user="b")


def test_idle_session_expires(sessions: Sessions, clock: Clock) -> None:
    use(sessions, seconds=10)
    clock.now = 11
    sessions.expire()

    assert (len(sessions), clock.made[0].closed) == (0, True)


def test_used_session_does_not_expire(sessions: Sessions, clock: Clock) -> None:
    use(sessions, seconds=10)
    clock.now = 9
    use(sessions, seconds=10)
    clock.now = 18
    sessions.expire()

    assert len(sessions) == 1


def test_busy_session_does_not_expire(sessions: Sessions, clock: Clock) -> None:
    sessions.take("u", "s", 10, must_exist=False)
    clock.now = 1000
    sessions.expire()

    assert not clock.made[0].closed


def test_busy_session_is_locked(sessions: Sessions, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(room, "BUSY_WAIT_SECONDS", 0.01)
    sessions.take("u", "s", 10, must_exist=False)

    with pytest.raises(Fault, match="locked"):
        sessions.take("u", "s", 10, must_exist=False)


def test_session_that_must_exist_is_not_made(sessions: Sessions) -> None:
    with pytest.raises(Fault, match="not found"):
        sessions.take("u", "s", 10, must_exist=True)


def test_broken_handle_ends_the_session(sessions: Sessions, clock: Clock) -> None:
    session = sessions.take("u", "s", 10, must_exist=False)
    clock.made[0].broken = True
    sessions.give_back(session, close=False)

    assert (len(sessions), clock.made[0].closed) == (0, True)


def test_oldest_idle_session_makes_room(sessions: Sessions, clock: Clock) -> None:
    for number in range(room.MAX_SESSIONS + 1):
        clock.now = number
        use(sessions, f"s{number}", seconds=3600)

    assert (len(sessions), clock.made[0].closed) == (room.MAX_SESSIONS, True)
