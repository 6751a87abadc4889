"""Door 1, what tokens say of themselves."""

from great_expectations import ExpectationSuite

from expectations.checks import ADDRESS, matches, one_of
from expectations.scope import Scope

TABLE = ("raw", "token_metadata")


def suite(scope: Scope) -> ExpectationSuite:
    """The checks of this table."""
    return ExpectationSuite(
        name=".".join(TABLE),
        expectations=[
            matches("token_address", ADDRESS, "40 lower-case hex digits"),
            one_of("decode_status", ["string", "bytes32", "non_utf8", "reverted", "no_code"]),
        ],
    )
