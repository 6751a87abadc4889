"""What verification says of a block, and the checks it can fail. Pure."""

from typing import Literal

import msgspec

State = Literal["proven", "partial", "broken", "missing"]
# From best to worst: what a day or a table is worth is what its worst block is worth.
STATES: tuple[State, ...] = ("proven", "partial", "missing", "broken")
DATASETS = ("blocks", "transactions", "logs", "withdrawals")

POINTERS, BLOCKS, TRANSACTIONS, LOGS, WITHDRAWALS = (
    "meta.canonical_blocks",
    "raw.blocks",
    "raw.transactions",
    "raw.logs",
    "raw.withdrawals",
)
LINKED = "blocks are linked"
BRANCH = "branch is the node's"
POINTER_FITS = "pointer fits its block"
STORED = "block is stored once"
HEADER = "header has its hash"
ROWS_FIT = "rows fit their block"
TRANSACTIONS_ROOT = "transactionsRoot"
RECEIPTS_ROOT = "receiptsRoot and logsBloom"
WITHDRAWALS_ROOT = "withdrawalsRoot"
DERIVED = "gas, price and contract follow"
AS_LANDED = "what no root covers is as landed"
IS_HEX = "text is lower-case hex"

# Table and check, in the order they are shown; a fault names one of them.
CHECKS: tuple[tuple[str, str], ...] = (
    (POINTERS, LINKED),
    (POINTERS, BRANCH),
    (POINTERS, POINTER_FITS),
    (BLOCKS, STORED),
    (BLOCKS, HEADER),
    (BLOCKS, ROWS_FIT),
    (BLOCKS, IS_HEX),
    (TRANSACTIONS, ROWS_FIT),
    (TRANSACTIONS, TRANSACTIONS_ROOT),
    (TRANSACTIONS, DERIVED),
    (TRANSACTIONS, AS_LANDED),
    (TRANSACTIONS, IS_HEX),
    (LOGS, ROWS_FIT),
    (LOGS, RECEIPTS_ROOT),
    (LOGS, IS_HEX),
    (WITHDRAWALS, ROWS_FIT),
    (WITHDRAWALS, WITHDRAWALS_ROOT),
    (WITHDRAWALS, IS_HEX),
)


class Fault(msgspec.Struct, frozen=True):
    """A check of a table that a block does not pass, with the reason."""

    table: str
    check: str
    reason: str

    @property
    def text(self) -> str:
        """As meta.verified_blocks keeps it."""
        return f"{self.table} {self.check}: {self.reason}"


class Verdict(msgspec.Struct, frozen=True):
    """What was found of one canonical block; `states` in the order of DATASETS."""

    number: int
    hash: str
    states: tuple[State, State, State, State]
    faults: tuple[Fault, ...] = ()

    @property
    def is_broken(self) -> bool:
        """True when anything about it does not hold."""
        return bool(self.faults)


class Pointed(msgspec.Struct, frozen=True):
    """A canonical pointer as stored."""

    number: int
    hash: str
    parent_hash: str
    timestamp: int
    finality: str


class Batch(msgspec.Struct, frozen=True):
    """Pointers, the faults already known of them, and their stored rows as Arrow streams."""

    chain: str
    pointers: tuple[Pointed, ...]
    known: dict[int, tuple[Fault, ...]]
    tables: dict[str, bytes]
