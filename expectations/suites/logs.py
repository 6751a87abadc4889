"""Door 1, logs: as many as proven, of known transactions, well formed."""

from great_expectations import ExpectationSuite

from expectations.checks import ADDRESS, HASH, HEX, count_is_proven, matches, no_rows
from expectations.scope import Scope

TABLE = ("raw", "logs")


def suite(scope: Scope) -> ExpectationSuite:
    """The checks of this table."""
    return ExpectationSuite(
        name=".".join(TABLE),
        expectations=[
            matches("address", ADDRESS, "40 lower-case hex digits", landed=scope),
            matches("tx_hash", HASH, "64 lower-case hex digits", landed=scope),
            matches("topic0", HASH, "64 lower-case hex digits or NULL", landed=scope),
            matches("data", HEX, "whole bytes in lower-case hex", landed=scope),
            count_is_proven(scope, "log", "log_index"),
            no_rows(scope, "log_has_its_transaction", "every log names a transaction of its block"),
            no_rows(scope, "topics_are_in_order", "no topic without the one before it"),
        ],
    )
