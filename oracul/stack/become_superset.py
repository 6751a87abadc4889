"""`python -m oracul.stack.become_superset`: find out where everything is, and become Superset.

Its secrets travel in the environment, so that no file of the process manager holds one.
"""

import os
import sys

from oracul import log
from oracul.errors import OraculError
from oracul.folders import make_private
from oracul.settings import load_settings
from oracul.stack.superset import (
    SUPERSET_DIR,
    require_superset,
    superset_environment,
    superset_python,
)


def main() -> None:
    """Become Superset."""
    settings = load_settings()
    log.configure(settings.log_level, json=settings.log_json)
    try:
        require_superset()
        environment = superset_environment(settings)
    except OraculError as error:
        sys.exit(f"{error} {error.hint}")
    make_private(settings.home / "superset")
    python = str(superset_python())
    os.chdir(settings.home / "superset")
    # It needs none of our settings, and some are secrets.
    inherited = {name: value for name, value in os.environ.items() if "ORACUL_" not in name}
    os.execve(  # noqa: S606 - a program of the environment beside ours
        python, [python, str(SUPERSET_DIR / "serve.py")], inherited | environment
    )


if __name__ == "__main__":
    main()
