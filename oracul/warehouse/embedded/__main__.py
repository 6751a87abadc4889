"""`python -m oracul.warehouse.embedded`: the server in the background, as commands start it."""

import sys

from oracul.errors import OraculError
from oracul.log import configure
from oracul.settings import load_settings
from oracul.warehouse.embedded import serve


def main() -> int:
    """Serve until told to stop; one line on standard error when that is not possible."""
    try:
        settings = load_settings()
        configure(settings.log_level, json=settings.log_json)
        serve(settings)
    except OraculError as error:
        sys.stderr.write(f"{error}\n")
        return error.exit_code
    return 0


if __name__ == "__main__":
    sys.exit(main())
