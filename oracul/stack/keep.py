"""`python -m oracul.stack.keep`: keep the embedded warehouse up until SIGTERM, then stop it.

Any command starts the warehouse when it needs it. So there is no server of the stack's own that
could quarrel with theirs over the data directory: the keeper looks after whichever runs.
"""

import signal
import threading

from oracul import log
from oracul.errors import OraculError
from oracul.settings import Settings, load_settings
from oracul.warehouse.embedded import ensure_running, running, stop

LOOK_SECONDS = 1.0


def keep(settings: Settings, stopping: threading.Event) -> None:
    """Start the warehouse whenever it is gone, until `stopping` is set; then stop it.

    A start that fails is tried again at the next look.
    """
    logger = log.get_logger()
    known = 0
    while not stopping.is_set():
        try:
            endpoint = ensure_running(settings)
            info = running(settings)
            if info and info.pid != known:
                known = info.pid
                logger.warning("warehouse_up", pid=known, host=endpoint.host, port=endpoint.port)
        except OraculError as error:
            logger.error("warehouse_does_not_start", error=str(error), hint=error.hint)
        stopping.wait(LOOK_SECONDS)
    stop(settings)
    logger.warning("warehouse_stopped")


def main() -> None:
    """Keep the warehouse of the settings."""
    settings = load_settings()
    log.configure(settings.log_level, json=settings.log_json)
    stopping = threading.Event()
    for one in (signal.SIGTERM, signal.SIGINT):
        signal.signal(one, lambda *_: stopping.set())
    keep(settings, stopping)


if __name__ == "__main__":
    main()
