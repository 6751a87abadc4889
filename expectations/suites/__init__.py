"""Suites: one module for each guarded table, with `TABLE` and `suite(scope)`."""

from types import ModuleType

from expectations.scope import Door


def suites_of(door: Door) -> list[ModuleType]:
    """The modules of a door, in the order they are checked."""
    from expectations.suites import (
        address_flows_daily,
        blocks,
        canonical_blocks,
        logs,
        network_metrics_daily,
        prices_spot,
        token_metadata,
        token_metrics_daily,
        transactions,
        withdrawals,
    )

    doors: dict[Door, list[ModuleType]] = {
        "raw": [
            canonical_blocks, blocks, transactions, logs, withdrawals, token_metadata, prices_spot,
        ],
        "marts": [network_metrics_daily, token_metrics_daily, address_flows_daily],
    }  # fmt: skip
    return doors[door]
