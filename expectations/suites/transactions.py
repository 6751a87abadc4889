"""Door 1, transactions: as many as proven, once, well formed."""

from great_expectations import ExpectationSuite

from expectations.checks import ADDRESS, HASH, count_is_proven, matches, no_rows
from expectations.scope import Scope

TABLE = ("raw", "transactions")


def suite(scope: Scope) -> ExpectationSuite:
    """The checks of this table."""
    return ExpectationSuite(
        name=".".join(TABLE),
        expectations=[
            matches("tx_hash", HASH, "64 lower-case hex digits", landed=scope),
            matches("from_address", ADDRESS, "40 lower-case hex digits", landed=scope),
            matches("to_address", ADDRESS, "40 lower-case hex digits or NULL", landed=scope),
            count_is_proven(scope, "transaction", "tx_index"),
            no_rows(
                scope,
                "transaction_stands_once",
                "no transaction is in two canonical blocks of a chain",
            ),
            no_rows(
                scope,
                "transaction_values_are_possible",
                "gas used within the limit, a receiver or a created contract",
            ),
        ],
    )
