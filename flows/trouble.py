"""What runs cannot say themselves (they were killed, or never began), as rows that rules read."""

from collections.abc import Callable
from contextlib import closing
from typing import Literal

from oracul.errors import OraculError
from oracul.log import get_logger
from oracul.settings import load_settings
from oracul.warehouse import (
    Client,
    connect,
    migrate,
    new_run_id,
    record_over,
    record_trouble,
    warehouse_errors,
)

# Of what: a flow by the name of its deployment (its own, for runs without one), or a work pool.
Kind = Literal["flow", "work pool"]


def tell_of_trouble(kind: Kind, name: str, text: str) -> None:
    """Record as failed: the alert step tells of it as of any failed step.

    Of a warehouse that is away that step tells by itself.
    """

    def write(client: Client, step: str) -> None:
        record_trouble(client, new_run_id(), step, text)

    _record(kind, name, write)


def trouble_is_over(kind: Kind, name: str) -> None:
    """Record that it is over, if there was any. A warehouse that is away leaves it standing."""

    def write(client: Client, step: str) -> None:
        if record_over(client, new_run_id(), step):
            get_logger().info("trouble_over", step=step)

    _record(kind, name, write)


def _record(kind: Kind, name: str, write: Callable[[Client, str], None]) -> None:
    step = f"{kind} {name}"
    try:
        with closing(connect(load_settings())) as client, warehouse_errors("Recording trouble"):
            migrate(client)
            write(client, step)
    except OraculError as error:
        get_logger().warning("trouble_not_recorded", step=step, because=str(error))
