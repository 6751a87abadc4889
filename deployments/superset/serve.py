"""Bring Superset up to the repository and serve it; the one process of the stack's part `superset`.

The application is made once: making it takes longer than all of the bootstrap the second time.
"""

import os
import sys
from typing import Any

from adapt import adapt
from assets import AssetError, read_assets
from bootstrap import BootstrapError, bootstrap, make_app
from bundle import slug_of
from gunicorn.app.base import BaseApplication


class Server(BaseApplication):
    """gunicorn over an application that is there already."""

    def __init__(self, app: Any) -> None:
        self.app = app
        super().__init__()

    def load_config(self) -> None:
        """Take what differs between places from the environment."""
        found = os.environ
        address = f"{found.get('SUPERSET_HOST', '127.0.0.1')}:{found['SUPERSET_PORT']}"
        for name, value in {
            "bind": address,
            "workers": int(found.get("SUPERSET_WORKERS", "1")),
            "worker_class": "gthread",
            "threads": int(found.get("SUPERSET_THREADS", "8")),
            "timeout": 120,
            "graceful_timeout": 20,
            "preload_app": True,
            "control_socket_disable": True,
            "post_fork": _fresh_connections,
            "limit_request_line": 0,
        }.items():
            self.cfg.set(name, value)

    def load(self) -> Any:
        """Give what every worker serves."""
        return self.app


def _fresh_connections(arbiter: Any, worker: Any) -> None:
    """A connection must not be shared between processes."""
    from superset.extensions import db

    with worker.app.app.app_context():
        db.engine.dispose()


def main() -> int:
    """Serve until SIGTERM."""
    app = make_app()
    try:
        bootstrap(app)
        dashboards = read_assets().dashboards
    except (AssetError, BootstrapError) as error:
        print(error, file=sys.stderr, flush=True)
        return 1
    adapt(app, first=slug_of(min(dashboards, key=lambda name: dashboards[name].order)))
    Server(app).run()
    return 0


if __name__ == "__main__":
    sys.exit(main())
