"""`oracul warehouse …`: the embedded server, migrations, backups."""

from typing import TYPE_CHECKING, Annotated

import typer

from oracul.units import plural

if TYPE_CHECKING:
    from oracul.warehouse.backup import TableContent

app = typer.Typer(no_args_is_help=True, help="The ClickHouse warehouse: serve, migrate, back up.")


@app.command()
def serve() -> None:
    """Run the embedded warehouse in the foreground until Ctrl-C.

    Other commands start it in the background when they need it; this one is for process managers
    and for watching its log.
    """
    from oracul.cli.console import settings
    from oracul.warehouse.embedded import serve as run_server

    run_server(settings())


@app.command()
def start() -> None:
    """Start the embedded warehouse in the background, if it does not run yet."""
    from oracul.cli.console import out, settings
    from oracul.warehouse.embedded import ensure_running

    endpoint = ensure_running(settings())
    out.print(f"The warehouse answers at http://{endpoint.host}:{endpoint.port}")


@app.command()
def stop() -> None:
    """Stop the embedded warehouse of this ORACUL_HOME, cleanly."""
    from oracul.cli.console import out, settings
    from oracul.warehouse.embedded import stop as stop_server

    out.print("Stopped." if stop_server(settings()) else "It was not running.")


@app.command()
def env(
    reader: Annotated[
        bool, typer.Option("--reader", help="As the user that can only select: for BI tools.")
    ] = False,
) -> None:
    """Print the connection as shell exports: `eval "$(oracul warehouse env)"`.

    For dbt, notebooks and other programs that should reach the same warehouse. Holds the password.
    """
    import shlex

    from oracul.cli.console import settings
    from oracul.warehouse import connection_environment

    for name, value in connection_environment(settings(), reader=reader).items():
        typer.echo(f"export {name}={shlex.quote(value)}")


@app.command()
def migrate(
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Only say which migrations are pending.")
    ] = False,
) -> None:
    """Apply the migrations that this warehouse has not seen."""
    from oracul.cli.console import out, settings
    from oracul.warehouse import connect
    from oracul.warehouse import migrate as apply

    done = apply(connect(settings()), dry_run=dry_run)
    verb = "Pending" if dry_run else "Applied"
    for migration in done:
        out.print(f"{verb} {migration.name} ({len(migration.statements)} statements)")
    if not done:
        out.print("Nothing to do: every migration is applied.")


@app.command()
def status() -> None:
    """Say where the warehouse is, its size, and which migrations are applied."""
    from rich.table import Table

    from oracul.cli.console import out, settings
    from oracul.warehouse import connect, connection_environment
    from oracul.warehouse.migrate import status as migration_status

    loaded = settings()
    client = connect(loaded)
    where = connection_environment(loaded)
    out.print(
        f"ClickHouse {client.server_version} at"
        f" {where['ORACUL_CLICKHOUSE__HOST']}:{where['ORACUL_CLICKHOUSE__PORT']}"
    )
    rows = client.query(
        "select database, sum(total_rows), formatReadableSize(sum(total_bytes)), count()"
        " from system.tables where database in ('raw', 'meta', 'curated', 'marts')"
        " and engine not in ('View') group by database order by database"
    ).result_rows
    sizes = Table("Database", "Rows", "On disk", "Tables", header_style="bold")
    for database, total_rows, size, tables in rows:
        sizes.add_row(database, f"{total_rows or 0:,}", size or "0 B", str(tables))
    out.print(sizes)
    for state in migration_status(client):
        applied = f"applied {state.applied_at:%Y-%m-%d %H:%M}" if state.applied_at else "pending"
        out.print(f"  {state.migration.name}: {applied}")


@app.command()
def backup(
    name: Annotated[
        str | None, typer.Argument(help="Name of the backup. Default: the time of day.")
    ] = None,
    base: Annotated[
        str | None, typer.Option("--base", help="Keep only what changed since this backup.")
    ] = None,
) -> None:
    """Back up every database of Oracul into ORACUL_HOME/backups."""
    from oracul.cli.console import out, settings
    from oracul.times import utc_now
    from oracul.warehouse import connect
    from oracul.warehouse.backup import backup as make

    name = name or f"{utc_now():%Y-%m-%dT%H%M%S}"
    tables = make(connect(settings()), name, base=base)
    out.print(f"Backed up {_size(tables)} as {name}.")
    out.print(f"To bring it back: oracul warehouse restore {name}")


@app.command()
def restore(
    name: Annotated[str, typer.Argument(help="Name of the backup.")],
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Replace tables that hold rows.")
    ] = False,
) -> None:
    """Restore a backup and compare every table's contents with what was backed up."""
    from oracul.cli.console import out, settings
    from oracul.warehouse import connect
    from oracul.warehouse.backup import restore as bring_back

    tables = bring_back(connect(settings()), name, overwrite=overwrite)
    out.print(f"Restored {_size(tables)}; their contents are those of the backup.")


def _size(tables: "list[TableContent]") -> str:
    return f"{plural(len(tables), 'table')} with {plural(sum(t.rows for t in tables), 'row')}"
