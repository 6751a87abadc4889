"""`oracul dbt …`: dbt with the project, the profile and the warehouse found for you."""

import typer

DROP_DEV = ["run-operation", "drop_dev", "--target", "dev"]


def dbt(context: typer.Context) -> None:
    """Run any dbt command on the project: `oracul dbt build --select token_metrics_daily`.

    Starts the embedded warehouse when none runs and passes its address and password to dbt.
    `oracul dbt build --target dev --select state:modified+` builds the models that you changed
    into schemas that carry your name, and reads all others from the published tables;
    `oracul dbt drop-dev` drops those schemas. `oracul dbt lint [MODEL …]` checks names,
    descriptions, tests and layout without a warehouse; with `--fix` the layout is mended.
    """
    args = context.args or ["--help"]
    if args[0] == "lint":
        from oracul.cli.model_lint import lint

        names = [word for word in args[1:] if word != "--fix"]
        raise typer.Exit(0 if lint(names, fix="--fix" in args) else 1)

    from oracul.cli.console import settings
    from oracul.warehouse.dbt import run_dbt_command

    if args[0] == "drop-dev":
        args = [*DROP_DEV, *args[1:]]
    raise typer.Exit(run_dbt_command(settings(), args))
