"""Door 2, addresses: what flows out flows in."""

from great_expectations import ExpectationSuite

from expectations.checks import ADDRESS, days_are_built, matches, no_rows
from expectations.scope import Scope

TABLE = ("marts", "address_flows_daily")


def suite(scope: Scope) -> ExpectationSuite:
    """The checks of this table."""
    return ExpectationSuite(
        name=".".join(TABLE),
        expectations=[
            days_are_built(scope, "curated.erc20_transfers"),
            matches("address", ADDRESS, "40 lower-case hex digits"),
            no_rows(
                scope,
                "flows_balance",
                "inflows and outflows of a chain and day count each transfer once",
            ),
            no_rows(
                scope,
                "flow_values_are_possible",
                "flows not negative, net flow is their difference",
            ),
        ],
    )
