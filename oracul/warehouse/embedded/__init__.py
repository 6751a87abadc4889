"""The embedded warehouse: ClickHouse's engine (chDB) behind ClickHouse's HTTP protocol.

One process owns one data directory and serves every tool on the loopback interface. Commands call
`ensure_running`; people may run `serve`. Not for: other machines (put a ClickHouse server there).
"""

from oracul.settings import Settings
from oracul.warehouse.embedded.serving import (
    Endpoint,
    ServerInfo,
    endpoint_of,
    ensure_running,
    environment,
    running,
    stop,
)


def serve(settings: Settings) -> None:
    """Serve in the foreground until SIGTERM or SIGINT.

    Raises WarehouseError when the data directory or the port is taken.
    """
    from oracul.warehouse.embedded.server import serve as serve_here

    serve_here(settings)


__all__ = [
    "Endpoint",
    "ServerInfo",
    "endpoint_of",
    "ensure_running",
    "environment",
    "running",
    "serve",
    "stop",
]
