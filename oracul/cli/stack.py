"""`oracul up`, `oracul deploy`, `oracul down`, `oracul logs`: the local stack."""

from pathlib import Path
from typing import Annotated

import typer


def up() -> None:
    """Start the local stack in the background and wait until each part is healthy.

    Its parts: the embedded warehouse (none when ORACUL_CLICKHOUSE__HOST names a server), the
    Prefect server with all deployments, workers, and Superset with the dashboards. A part that
    dies is started again. What runs already is left as it is. Stop it all with `oracul down`.
    """
    from oracul.cli.console import command_name, out, settings
    from oracul.stack import up as start

    loaded = settings()
    with out.status("Starting …"):
        states = start(loaded, lambda line: out.print(f"[green]✓[/] {line}"))
    addresses = {state.part.name: state.part.address for state in states}
    name = command_name()
    out.print(f"\nDeployments: {addresses['prefect']}")
    if "superset" in addresses:
        out.print(f"Dashboards:  {addresses['superset']} (`{name} bi users` has the passwords)")
    out.print(
        f"`{name} status` shows how it is, `{name} logs` what it says, `{name} down` stops it."
    )


def down() -> None:
    """Stop the local stack: every process that `oracul up` started, and nothing else."""
    from oracul.cli.console import out, settings
    from oracul.stack import down as stop

    loaded = settings()
    with out.status("Stopping: runs in hand finish their batch …"):
        stopped = stop(loaded)
    out.print("Stopped." if stopped else "The stack was not running.")


def deploy() -> None:
    """Register the deployments of prefect.yaml at a Prefect server; `oracul up` does it itself.

    The server is the one of PREFECT_API_URL, else that of the local stack. A chain's schedule is on
    when the chain has an endpoint.
    """
    import os

    from oracul.cli.console import out, settings
    from oracul.stack import deploy as register

    loaded = settings()
    with out.status("Registering …"):
        address = register(loaded, os.environ.get("PREFECT_API_URL"))
    out.print(f"[green]✓[/] deployments registered at {address}")


def logs(
    part: Annotated[str, typer.Argument(help="A part, as in `prefect`; empty: all of them.")] = "",
    lines: Annotated[int, typer.Option("--lines", "-n", min=0, help="How many of the last.")] = 20,
    follow: Annotated[
        bool, typer.Option("--follow", "-f", help="Go on with what comes, until Ctrl-C.")
    ] = False,
) -> None:
    """Show what the parts of the stack wrote last."""
    from oracul.cli.console import settings
    from oracul.errors import ConfigError

    folder = settings().home / "logs"
    found = {path.stem: path for path in sorted(folder.glob("*.log"))}
    if part and part not in found:
        raise ConfigError(
            f"There is no log of {part!r}.",
            hint=f"There are: {', '.join(found)}." if found else "Say `oracul up` first.",
        )
    chosen = {part: found[part]} if part else found
    for name, path in chosen.items():
        for line in _last(path, lines):
            _say(name, line, alone=len(chosen) == 1)
    if follow:
        _follow(chosen)


def _last(path: Path, count: int) -> list[str]:
    from collections import deque

    with path.open(encoding="utf-8", errors="replace") as file:
        return list(deque(file, maxlen=count))


def _follow(chosen: dict[str, Path]) -> None:
    import time

    files = {name: path.open(encoding="utf-8", errors="replace") for name, path in chosen.items()}
    for file in files.values():
        file.seek(0, 2)
    while True:
        is_quiet = True
        for name, file in files.items():
            for line in file:
                is_quiet = False
                _say(name, line, alone=len(files) == 1)
        if is_quiet:
            time.sleep(0.3)


def _say(name: str, line: str, *, alone: bool) -> None:
    typer.echo(line.rstrip("\n") if alone else f"{name:18} {line.rstrip()}")
