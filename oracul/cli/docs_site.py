"""The folder of `oracul docs`: dbt's page, the Data Docs, and a first page that leads to both."""

import shutil
import socket
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from datetime import datetime
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING

from oracul.errors import ConfigError
from oracul.folders import make_private
from oracul.settings import Settings
from oracul.units import plural

if TYPE_CHECKING:
    from starlette.applications import Starlette

FOLDER = "docs"
HOST = "127.0.0.1"
_POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'"


def build_site(settings: Settings, now: datetime) -> Path:
    """Write `<home>/docs` anew and put it in the place of the old one; returns its first page.

    Can run while pipelines build and while the old pages are served. Raises WarehouseError when dbt
    cannot describe the warehouse; the old pages then stay.
    """
    from expectations.copies import copy_last_runs
    from oracul.warehouse.dbt_docs import model_docs

    docs = model_docs(settings)
    site, fresh = settings.home / FOLDER, settings.home / f"{FOLDER}.new"
    shutil.rmtree(fresh, ignore_errors=True)
    make_private(fresh / "models")
    (fresh / "models" / "index.html").write_text(docs.page, encoding="utf-8")
    runs = copy_last_runs(settings, fresh / "checks")
    kinds = ("model", "source", "seed", "test", "exposure")
    told = ", ".join(plural(docs.counts[kind], kind) for kind in kinds if docs.counts[kind])
    sections = [
        (
            "models/index.html",
            "Models and lineage",
            f"Every table and column, its tests and its SQL, and what is made from it, from raw "
            f"facts to dashboards: {told}.",
        ),
        (
            "checks/index.html" if runs else None,
            "Data quality",
            " · ".join(
                f"{run.title}, {run.passed} of {plural(run.checks, 'check')} passed"
                f" ({run.checked_at})"
                for run in runs
            )
            or "No check has run in this home yet: say `oracul check`, then `oracul docs build`.",
        ),
    ]
    index = _index_page(sections, f"Built {now:%Y-%m-%d %H:%M} UTC.")
    (fresh / "index.html").write_text(index, encoding="utf-8")
    old = settings.home / f"{FOLDER}.old"
    shutil.rmtree(old, ignore_errors=True)
    if site.exists():
        site.rename(old)
    fresh.rename(site)
    shutil.rmtree(old, ignore_errors=True)
    return site / "index.html"


def _index_page(sections: Iterable[tuple[str | None, str, str]], built: str) -> str:
    from expectations.docs import asset

    cards = "\n".join(
        f"<section>\n<h2>{_link(page, title)}</h2>\n<p>{escape(text)}</p>\n</section>"
        for page, title, text in sections
    )
    return (
        f'<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        '<link rel="icon" href="data:,">\n'
        f"<title>Oracul</title>\n<style>{asset('docs.css')}</style>\n</head>\n"
        f'<body>\n<main>\n<h1>Oracul</h1>\n<p class="facts">{escape(built)} Anew: '
        f"<code>oracul docs build</code></p>\n{cards}\n</main>\n</body>\n</html>\n"
    )


def _link(page: str | None, title: str) -> str:
    return f'<a href="{escape(page)}">{escape(title)}</a>' if page else escape(title)


@contextmanager
def listening(port: int) -> Iterator[socket.socket]:
    """A socket on the loopback interface to which one can connect from now on.

    Raises ConfigError for a taken port.
    """
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind((HOST, port))
        except OSError as error:
            raise ConfigError(
                f"The documentation cannot be served on {HOST}:{port}: {error.strerror}.",
                hint="Perhaps `oracul docs` already runs there: open it in a browser. Else say "
                "--port 0 for any free port, or set ORACUL_DOCS__PORT.",
            ) from None
        listener.listen()
        yield listener


def built_site(settings: Settings) -> Path:
    """The folder of the pages. Raises ConfigError when none were built yet."""
    site = settings.home / FOLDER
    if not (site / "index.html").is_file():
        raise ConfigError(
            f"There is no documentation in {site} yet.", hint="Say `oracul docs build`."
        )
    return site


def serve_site(site: Path, listener: socket.socket) -> None:
    """Serve a folder and nothing else on a listening socket, until Ctrl-C or SIGTERM."""
    import uvicorn

    config = uvicorn.Config(site_app(site), log_config=None, lifespan="off", server_header=False)
    # uvicorn raises the signal again that has stopped it.
    with suppress(KeyboardInterrupt):
        uvicorn.Server(config).run(sockets=[listener])


def site_app(site: Path) -> "Starlette":
    """The files of a folder over HTTP, to this machine's browsers only; no folder is listed."""
    from starlette.applications import Starlette
    from starlette.middleware import Middleware
    from starlette.middleware.trustedhost import TrustedHostMiddleware
    from starlette.routing import Mount
    from starlette.staticfiles import StaticFiles

    # A page of elsewhere whose name leads to this machine must not read these.
    hosts = Middleware(TrustedHostMiddleware, allowed_hosts=[HOST, "localhost"])
    # The folder is another one after each build, so it is looked for at each request.
    files = StaticFiles(directory=site, html=True, check_dir=False)
    return Starlette(routes=[Mount("/", files)], middleware=[hosts])
