"""Door 2, the network: every chain and day, with all its blocks and transactions."""

from great_expectations import ExpectationSuite

from expectations.checks import days_are_built, no_rows
from expectations.scope import Scope

TABLE = ("marts", "network_metrics_daily")


def suite(scope: Scope) -> ExpectationSuite:
    """The checks of this table."""
    return ExpectationSuite(
        name=".".join(TABLE),
        expectations=[
            days_are_built(scope, "curated.blocks"),
            no_rows(
                scope,
                "network_days_match_blocks",
                "each chain and day counts the canonical blocks and proven transactions",
            ),
            no_rows(
                scope,
                "network_values_are_possible",
                "ratios in [0, 1], fees and times not negative",
            ),
        ],
    )
