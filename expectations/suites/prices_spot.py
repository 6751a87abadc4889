"""Door 1, accepted prices: in dollars, possible, not from the future."""

from great_expectations import ExpectationSuite

from expectations.checks import no_rows, one_of
from expectations.scope import Scope

TABLE = ("raw", "prices_spot")


def suite(scope: Scope) -> ExpectationSuite:
    """The checks of this table."""
    return ExpectationSuite(
        name=".".join(TABLE),
        expectations=[
            one_of("quote", ["usd"]),
            no_rows(scope, "price_is_possible", "positive, finite, of a named asset"),
            no_rows(scope, "price_is_not_from_the_future", "observed at most an hour from now"),
        ],
    )
