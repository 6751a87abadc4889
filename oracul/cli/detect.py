"""`oracul detect` and `oracul alert`: find what is unusual, tell people."""


def detect() -> None:
    """Score tokens and addresses for anomalies and write them to `meta.anomalies`."""
    from oracul.cli.steps import new_run, run_and_exit

    run_and_exit(new_run(), ["detect"])


def alert() -> None:
    """Tell people what is wrong or unusual and was not told yet, here and on every channel.

    `oracul alerts list` shows all that stands.
    """
    from oracul.cli.steps import new_run, run_and_exit

    run_and_exit(new_run(), ["alert"])
