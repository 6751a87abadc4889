"""`oracul warehouse …`: the embedded server, migrations, backups."""

from typing import TYPE_CHECKING, Annotated

import typer

from oracul.units import compact, plural

if TYPE_CHECKING:
    from rich.table import Table

    from oracul.warehouse.backups import Known, Manifest

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
    from oracul.warehouse.embedded import running
    from oracul.warehouse.migrate import status as migration_status

    loaded = settings()
    client = connect(loaded)
    where = connection_environment(loaded)
    out.print(
        f"ClickHouse {client.server_version} at"
        f" {where['ORACUL_CLICKHOUSE__HOST']}:{where['ORACUL_CLICKHOUSE__PORT']}"
    )
    if loaded.clickhouse.host is None and (server := running(loaded)):
        out.print(f"The engine's process is {server.confined}.")
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
    incremental: Annotated[
        bool,
        typer.Option("--incremental", help="Keep only what the newest backup does not have yet."),
    ] = False,
) -> None:
    """Back up every database of Oracul into ORACUL_HOME/backups, while it goes on working."""
    from oracul.cli.console import Bar, err, out, settings
    from oracul.times import utc_now
    from oracul.warehouse import connect
    from oracul.warehouse.backups import take

    name = name or f"{utc_now():%Y-%m-%dT%H%M%S}"
    loaded = settings()
    saved = take(
        loaded, connect(loaded, is_unhurried=True), name, incremental=incremental, progress=Bar()
    )
    on = f", on top of {saved.base}" if saved.base else ""
    out.print(f"Backed up {_size(saved)} as {name}{on}.")
    if incremental and not saved.base:
        err.print("There was no backup to build on, so this one is full.")
    out.print(f"To look whether it can be restored: oracul warehouse backups --verify {name}")
    out.print(f"To bring it back: oracul warehouse restore {name}")


@app.command()
def restore(
    name: Annotated[str, typer.Argument(help="Name of the backup.")],
    replace: Annotated[
        bool, typer.Option("--replace", help="Give up tables that hold rows.")
    ] = False,
) -> None:
    """Restore a backup beside the present tables, compare it, and put it in their place.

    A damaged backup changes nothing. Exit code 1 when it is damaged or tables are in the way.
    """
    from oracul.cli.console import Bar, out, settings, warn
    from oracul.warehouse import connect
    from oracul.warehouse.backups import restore as bring_back
    from oracul.warehouse.migrate import migrate as apply

    loaded = settings()
    client = connect(loaded, is_unhurried=True)
    restored = bring_back(loaded, client, name, replace=replace, progress=Bar())
    out.print(f"Restored {_size(restored.manifest)}; their contents are those of the backup.")
    if restored.removed:
        out.print(f"The backup did not have, so these are gone: {', '.join(restored.removed)}")
    if restored.views_left:
        warn(f"{', '.join(restored.views_left)}: made again by the next `oracul transform`.")
    if apply(client, dry_run=True):
        out.print("It is from an older version: say `oracul warehouse migrate` now.")


@app.command()
def backups(
    verify: Annotated[
        str | None,
        typer.Option(
            "--verify", metavar="NAME", help="Restore this one beside, compare, and drop it again."
        ),
    ] = None,
) -> None:
    """List the backups, newest first; or look whether one can be restored."""
    from oracul.cli.console import Bar, err, out, settings
    from oracul.warehouse import connect
    from oracul.warehouse.backups import catalog, unfinished
    from oracul.warehouse.backups import verify as look

    loaded = settings()
    client = connect(loaded, is_unhurried=True)
    if verify is not None:
        held = look(loaded, client, verify, progress=Bar())
        out.print(f"{verify} can be restored: {_size(held)} are as they were saved.")
        return
    listed = catalog(client, loaded)
    if not listed:
        out.print("There are none yet: oracul warehouse backup")
        return
    out.print(_backups_table(listed))
    for name in unfinished(loaded):
        err.print(f"{name} in {loaded.home / 'backups'} was never finished: delete that folder.")


def _backups_table(listed: "list[Known]") -> "Table":
    from rich.markup import escape
    from rich.table import Table

    table = Table("Backup", "Taken (UTC)", "Kind", "Rows", "Tables", "Takes", "Verified",
                  header_style="bold")  # fmt: skip
    for one in listed:
        table.add_row(
            one.name,
            f"{one.taken_at:%Y-%m-%d %H:%M}",
            f"on {one.base}" if one.base else "full",
            f"{one.rows:,}",
            f"{compact(one.size_bytes)}B",
            f"{compact(one.own_bytes)}B",
            escape(_verdict(one)),
        )
    return table


def _verdict(known: "Known") -> str:
    if known.broken_by:
        return f"unusable: {known.broken_by} is gone or damaged"
    if known.verdict == "damaged":
        return f"damaged: {known.details}"
    return f"{known.verdict_at:%Y-%m-%d %H:%M}" if known.verdict else "not yet"


def _size(saved: "Manifest") -> str:
    return f"{plural(len(saved.tables), 'table')} with {plural(saved.rows, 'row')}"
