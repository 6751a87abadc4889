"""Door 2, tokens: sums equal the curated transfers; prices and volume within their bands."""

from great_expectations import ExpectationSuite

from expectations.checks import days_are_built, no_rows
from expectations.scope import Scope

TABLE = ("marts", "token_metrics_daily")


def suite(scope: Scope) -> ExpectationSuite:
    """The checks of this table."""
    return ExpectationSuite(
        name=".".join(TABLE),
        expectations=[
            days_are_built(scope, "curated.erc20_transfers"),
            no_rows(
                scope,
                "token_sums_match_transfers",
                "count and exact raw volume of each token and day equal its transfers",
            ),
            no_rows(
                scope,
                "token_usd_matches_transfers",
                "volume in USD equals that of the transfers to one part in a million",
            ),
            no_rows(
                scope,
                "token_values_are_possible",
                "ratios in [0, 1], amounts not negative, low <= open and close <= high",
            ),
            no_rows(
                scope,
                "price_coverage",
                "90 % of the transfers of curated tokens have a value in USD",
                severity="warning",
            ),
            no_rows(
                scope,
                "volume_within_band",
                "volume of the newest week within 20 times of the four weeks before",
                severity="warning",
            ),
        ],
    )
