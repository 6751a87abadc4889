"""SAY: the `oracul` command. One file a verb, each a skin over the rooms."""

import sys
from types import TracebackType


def main() -> None:
    """Entry point. Exit codes: 0 done, 1 failed, 2 wrong usage or settings, 130 interrupted."""
    from oracul.cli.app import app
    from oracul.cli.console import complain
    from oracul.errors import OraculError

    sys.excepthook = _show_crash
    try:
        app()
    except OraculError as error:
        complain(error)
        sys.exit(error.exit_code)
    except Exception as error:
        # The driver is loaded by the commands that need it; without it, it raised nothing.
        if "oracul.warehouse" not in sys.modules:
            raise
        from oracul.warehouse import as_warehouse_error

        known = as_warehouse_error(error)
        if known is None:
            raise
        complain(known)
        sys.exit(known.exit_code)


def _show_crash(
    kind: type[BaseException], error: BaseException, trace: TracebackType | None
) -> None:
    """What Python prints of an error nobody foresaw, without the secrets its message may quote."""
    import traceback

    from oracul.redact import without_secrets

    sys.stderr.write(without_secrets("".join(traceback.format_exception(kind, error, trace))))
