"""The chains Oracul knows: rows of `dbt_project/seeds/ref_chains.csv`, and of no other place."""

import csv
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Literal, NewType

from oracul.errors import ConfigError

Chain = NewType("Chain", str)
Address = NewType("Address", str)
TxHash = NewType("TxHash", str)

PROJECT_ROOT = Path(__file__).resolve().parent.parent
DBT_PROJECT_DIR = PROJECT_ROOT / "dbt_project"
SEED_FILE = DBT_PROJECT_DIR / "seeds" / "ref_chains.csv"


@dataclass(frozen=True)
class ChainSpec:
    """What must be known of a chain before the first call.

    `chain_id` is the EIP-155 number every endpoint must answer; `block_seconds` the usual distance
    of blocks; `finality_depth` how many blocks below the head count as final on a node without a
    `finalized` tag; `native_asset` the canonical asset id that prices the native coin.
    """

    chain: Chain
    chain_id: int
    name: str
    kind: Literal["evm"]
    native_symbol: str
    native_asset: str
    wrapped_native_address: Address
    block_seconds: float
    finality_depth: int


@cache
def load_chains(seed_file: Path = SEED_FILE) -> dict[Chain, ChainSpec]:
    """All chains of the seed, by slug. Raises ConfigError naming the row that does not parse."""
    chains: dict[Chain, ChainSpec] = {}
    with seed_file.open(newline="", encoding="utf-8") as file:
        for line, row in enumerate(csv.DictReader(file), start=2):
            try:
                spec = _spec(row)
            except (KeyError, ValueError) as error:
                raise ConfigError(
                    f"{seed_file.name} line {line} does not describe a chain: {error}.",
                    hint="Compare the row with its neighbours and the columns in the first line.",
                ) from error
            chains[spec.chain] = spec
    return chains


def _spec(row: dict[str, str]) -> ChainSpec:
    if row["kind"] != "evm":
        raise ValueError(f"unknown kind {row['kind']!r}")
    return ChainSpec(
        chain=Chain(row["chain"]),
        chain_id=int(row["chain_id"]),
        name=row["name"],
        kind="evm",
        native_symbol=row["native_symbol"],
        native_asset=row["native_asset"],
        wrapped_native_address=Address(row["wrapped_native_address"]),
        block_seconds=float(row["block_seconds"]),
        finality_depth=int(row["finality_depth"]),
    )


def get_chain(slug: str) -> ChainSpec:
    """The chain of this slug. Raises ConfigError that lists the known ones."""
    known = load_chains()
    try:
        return known[Chain(slug)]
    except KeyError:
        raise ConfigError(
            f"Unknown chain {slug!r}.",
            hint=f"Known chains: {', '.join(sorted(known))}. "
            "A new one is a row in dbt_project/seeds/ref_chains.csv and an RPC URL "
            "(docs/how-to/add-a-chain.md).",
        ) from None
