"""`oracul bi`: Superset and its dashboards."""

from pathlib import Path
from typing import Annotated

import typer

app = typer.Typer(
    no_args_is_help=True,
    help="Superset with the dashboards: who may sign in, and bringing it up to the repository.",
)


@app.command("users")
def users() -> None:
    """Show the address of Superset, its users and their passwords."""
    from rich.table import Table

    from oracul.cli.console import out, settings
    from oracul.stack.superset import superset_secrets

    loaded = settings()
    known = superset_secrets(loaded)
    table = Table("user", "password", "may")
    for name, may in {
        "viewer": "look at the dashboards",
        "analyst": "the same, make charts of their own, and SQL Lab on marts and curated",
        "admin": "everything in Superset",
    }.items():
        # As it is: a password may look like markup.
        table.add_row(name, f"{known[f'{name}_password']}".replace("[", "\\["), may)
    out.print(loaded.superset.address)
    out.print(table)


@app.command("check")
def check() -> None:
    """Look for mistakes in `deployments/superset/assets`, without Superset.

    Also: is each dashboard an exposure of dbt, and each exposure a dashboard? Where the warehouse
    runs, it is asked whether it understands the SQL of each metric and column.
    """
    from oracul.cli.console import out, settings
    from oracul.errors import ConfigError
    from oracul.stack.superset import check_assets, refused_expressions
    from oracul.warehouse import connect
    from oracul.warehouse.embedded import running

    out.print(f"[green]✓[/] {check_assets()} files make sense")
    loaded = settings()
    if loaded.is_embedded and running(loaded) is None:
        return
    refused = refused_expressions(connect(loaded))
    if refused:
        raise ConfigError("\n".join(refused))
    out.print("[green]✓[/] the warehouse understands their SQL")


@app.command("import")
def import_() -> None:
    """Bring Superset up to `deployments/superset/assets`, also while it runs.

    Charts, datasets and dashboards that the folder no longer has are removed; what people made in
    Superset stays. `oracul up` does the same when it starts Superset.
    """
    from oracul.cli.console import out, settings
    from oracul.stack.superset import import_assets

    loaded = settings()
    with out.status("Importing …"):
        for line in import_assets(loaded):
            out.print(f"✓ {line}", markup=False)


@app.command("bundle")
def bundle(
    path: Annotated[Path, typer.Argument(help="The zip file to write.")] = Path("oracul.zip"),
) -> None:
    """Write the dashboards as a zip file, as another Superset imports it."""
    from oracul.cli.console import out
    from oracul.stack.superset import write_bundle

    write_bundle(path)
    out.print(f"[green]✓[/] {path}")
