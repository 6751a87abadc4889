"""Door 1, the pointer: whole, linked, fresh, and pointing at what is there."""

from great_expectations import ExpectationSuite

from expectations.checks import HASH, matches, no_rows, one_of
from expectations.scope import Scope

TABLE = ("meta", "canonical_blocks")


def suite(scope: Scope) -> ExpectationSuite:
    """The checks of this table."""
    return ExpectationSuite(
        name=".".join(TABLE),
        expectations=[
            matches("block_hash", HASH, "64 lower-case hex digits"),
            one_of("finality", ["latest", "safe", "finalized"]),
            no_rows(scope, "pointer_has_its_block", "every canonical block is in raw.blocks"),
            no_rows(scope, "parents_link", "each block names the hash and comes after its parent"),
            no_rows(scope, "hash_stands_once", "no block hash is canonical at two heights"),
            no_rows(
                scope,
                "gaps",
                "no block number is missing between the first and the last",
                severity="warning",
            ),
            no_rows(
                scope,
                "freshness",
                "followed chains keep up with the tip that their endpoints name",
                severity="warning",
            ),
            no_rows(
                scope,
                "tip_moves",
                "the tip of followed chains is as recent as their block time lets expect",
                severity="warning",
            ),
            no_rows(scope, "not_from_the_future", "no block is later than an hour from now"),
        ],
    )
