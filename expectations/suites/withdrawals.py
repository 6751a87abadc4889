"""Door 1, withdrawals: as many as proven, well formed."""

from great_expectations import ExpectationSuite

from expectations.checks import ADDRESS, count_is_proven, matches
from expectations.scope import Scope

TABLE = ("raw", "withdrawals")


def suite(scope: Scope) -> ExpectationSuite:
    """The checks of this table."""
    return ExpectationSuite(
        name=".".join(TABLE),
        expectations=[
            matches("address", ADDRESS, "40 lower-case hex digits"),
            count_is_proven(scope, "withdrawal", "withdrawal_index"),
        ],
    )
