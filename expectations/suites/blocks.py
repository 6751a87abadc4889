"""Door 1, blocks: hashes, proof and possible values."""

from great_expectations import ExpectationSuite

from expectations.checks import HASH, matches, no_rows
from expectations.scope import Scope

TABLE = ("raw", "blocks")


def suite(scope: Scope) -> ExpectationSuite:
    """The checks of this table."""
    return ExpectationSuite(
        name=".".join(TABLE),
        expectations=[
            matches("block_hash", HASH, "64 lower-case hex digits"),
            matches("parent_hash", HASH, "64 lower-case hex digits"),
            no_rows(
                scope,
                "block_values_are_possible",
                "gas used within the limit, time after 2015-07-30",
            ),
            no_rows(scope, "proof_is_stated", "every canonical block says what was proven"),
            no_rows(
                scope,
                "proof_coverage",
                "header, transactions and receipts proven for at least 99 % of blocks",
                severity="warning",
            ),
        ],
    )
