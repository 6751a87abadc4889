"""The tree of verbs."""

from typing import Annotated

import typer

from oracul import __version__
from oracul.cli import (
    alerts,
    backfill,
    bi,
    check,
    coverage,
    dbt,
    demo,
    detect,
    docs,
    ingest,
    maintain,
    run,
    sql,
    stack,
    status,
    transform,
    verify,
    warehouse,
)

app = typer.Typer(
    name="oracul",
    help="On-chain analytics warehouse: proven chain data in, trustworthy marts out.",
    epilog="Start with `oracul demo`. Settings are ORACUL_* variables: see .env.example.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode="markdown",
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _version(asked: bool) -> None:
    if asked:
        typer.echo(f"oracul {__version__}")
        raise typer.Exit


@app.callback()
def _root(
    version: Annotated[
        bool,
        typer.Option(
            "--version", callback=_version, is_eager=True, help="Say which version this is."
        ),
    ] = False,
) -> None:
    """Options that stand before the verb."""


app.command("demo")(demo.demo)
app.command("run")(run.run)
app.add_typer(ingest.app, name="ingest")
app.command("backfill")(backfill.backfill)
app.command("transform")(transform.transform)
app.command("check")(check.check)
app.command("verify")(verify.verify)
app.command("detect")(detect.detect)
app.command("alert")(detect.alert)
app.command("maintain")(maintain.maintain)
app.add_typer(alerts.app, name="alerts")
app.command("up")(stack.up)
app.command("down")(stack.down)
app.command("deploy")(stack.deploy)
app.command("logs")(stack.logs)
app.add_typer(bi.app, name="bi")
app.command("status")(status.status)
app.command("coverage")(coverage.coverage)
app.command("sql")(sql.sql)
app.command("dbt", context_settings={"allow_extra_args": True, "ignore_unknown_options": True})(
    dbt.dbt
)
app.add_typer(docs.app, name="docs")
app.add_typer(warehouse.app, name="warehouse")
