"""How long work tells how far it is. The CLI draws a bar of it, tests and flows stay silent."""

from typing import Protocol


class Progress(Protocol):
    """Receives how far a piece of work is; called from one thread at a time."""

    def start(self, label: str, total: int | None, unit: str) -> None:
        """A new piece of work begins: `total` units, None when nobody knows."""

    def advance(self, done: int, **facts: float | str) -> None:
        """`done` more units are finished; facts are shown beside the bar (`rows_per_second=…`)."""

    def finish(self) -> None:
        """The piece of work is over, whether or not it reached its total."""


class Silent:
    """Progress for nobody."""

    def start(self, label: str, total: int | None, unit: str) -> None:
        """Say nothing."""

    def advance(self, done: int, **facts: float | str) -> None:
        """Say nothing."""

    def finish(self) -> None:
        """Say nothing."""
