"""SAY: the `oracul` command. One file a verb, each a skin over the rooms."""

import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from oracul.errors import OraculError


def main() -> None:
    """Entry point. Exit codes: 0 done, 1 failed, 2 wrong usage or settings, 130 interrupted."""
    from oracul.cli.app import app
    from oracul.cli.console import complain
    from oracul.errors import OraculError

    try:
        app()
    except OraculError as error:
        complain(error)
        sys.exit(error.exit_code)
    except Exception as error:  # noqa: BLE001 — shown whole, less its secrets
        known = _of_the_driver(error)
        if known is None:
            _show_crash(error)
            sys.exit(1)
        complain(known)
        sys.exit(known.exit_code)


def _of_the_driver(error: Exception) -> "OraculError | None":
    """An error of ClickHouse's driver as ours. Who has not loaded the driver raised none."""
    if "oracul.warehouse" not in sys.modules:
        return None
    from oracul.warehouse import as_warehouse_error

    return as_warehouse_error(error)


def _show_crash(error: Exception) -> None:
    """What Python prints of an error nobody foresaw, without the secrets its message may quote.

    Not a hook for it: typer sets one of its own.
    """
    import traceback

    from oracul.redact import without_secrets

    sys.stderr.write(without_secrets("".join(traceback.format_exception(error))))
