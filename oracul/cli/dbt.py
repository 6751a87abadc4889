"""`oracul dbt …`: dbt with the project, the profile and the warehouse found for you."""

import typer


def dbt(context: typer.Context) -> None:
    """Run any dbt command on the project: `oracul dbt build --select token_metrics_daily`.

    Starts the embedded warehouse when none runs and passes its address and password to dbt.
    """
    from oracul.cli.console import settings
    from oracul.warehouse.dbt import run_dbt_command

    raise typer.Exit(run_dbt_command(settings(), context.args or ["--help"]))
