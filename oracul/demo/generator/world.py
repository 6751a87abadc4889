"""The people of the demo chain, what they own, and the calls they can make."""

import random
from collections import defaultdict
from dataclasses import dataclass, field
from typing import Any

from eth_abi.abi import encode
from eth_utils.crypto import keccak
from web3 import Web3
from web3.types import Nonce
from web3.utils.address import get_create_address

from oracul.demo.generator.tokens import BY_KEY, TokenPlan

ACCOUNT_COUNT = 340
DEPLOYER, TREASURY = 0, 1
EXCHANGES = (2, 3, 4)
MAKERS = (5, 6, 7, 8, 9)
WHALES = (10, 11, 12, 13, 14)
ATTACKER, POISONER, ARBITRAGEUR, COLLECTOR, SPAMMER, ARTIST, CHEAT, CHEAT_SELF = range(15, 23)
RETAIL = range(30, ACCOUNT_COUNT)

SUPPLY_DAYS = {"maker": 14.0, "retail": 4.0}
"""Ordinary days of a token's whole volume that one holder owns at the start: nobody runs dry."""


@dataclass(frozen=True)
class Tx:
    """One transaction still to be signed.

    `sender` is an account index, `value` in wei; `to` None creates a contract; `tag` names the
    planted event it belongs to.
    """

    sender: int
    to: str | None
    data: bytes
    value: int = 0
    gas: int = 150_000
    tx_type: int = 2
    tip_gwei: float = 1.0
    tag: str | None = None


@dataclass
class World:
    """All that the plan of the next day depends on. Mutable: planning a day moves it a day on."""

    accounts: list[str]
    code: dict[str, str]
    rng: random.Random
    token: dict[str, str] = field(default_factory=dict)
    contract: dict[str, str] = field(default_factory=dict)
    holders: dict[str, list[int]] = field(default_factory=dict)
    balance: dict[str, dict[int, int]] = field(
        default_factory=lambda: defaultdict(lambda: defaultdict(int))
    )
    nft_owner: dict[int, int] = field(default_factory=dict)
    reserves: dict[str, list[int]] = field(default_factory=dict)
    deployer_nonce: int = 0

    def fee_fields(self) -> tuple[int, float]:
        """Transaction type and tip of an ordinary user: mostly type 2, some 0, a few 1."""
        kind = self.rng.choices((2, 0, 1), (75, 18, 7))[0]
        return kind, round(self.rng.uniform(0.1, 2.0), 2)

    def tx(self, sender: int, to: str | None, data: bytes, **extra: Any) -> Tx:
        """A transaction with a type and a tip drawn at random."""
        kind, tip = self.fee_fields()
        return Tx(sender, to, data, tx_type=kind, tip_gwei=tip, **extra)

    def deploy(
        self, contract: str, arguments: bytes = b"", *, gas: int = 3_000_000
    ) -> tuple[Tx, str]:
        """Creation of a contract by the deployer, and the address it will have."""
        address = created_address(self.accounts[DEPLOYER], self.deployer_nonce)
        self.deployer_nonce += 1
        code = bytes.fromhex(self.code[contract]) + arguments
        return Tx(DEPLOYER, None, code, gas=3_000_000), address

    def move(self, key: str, sender: int, to: int, raw: int, tag: str | None = None) -> Tx:
        """A token transfer; the books follow, and a sender without the money is refused here."""
        if self.balance[key][sender] < raw:
            raise ValueError(f"account {sender} has too little {key}")
        self.balance[key][sender] -= raw
        fee = raw // 100 if BY_KEY[key].contract == "FeeToken" else 0
        self.balance[key][to] += raw - fee
        self.balance[key][COLLECTOR] += fee
        data = call("transfer(address,uint256)", self.accounts[to], raw)
        return self.tx(sender, self.token[key], data, tag=tag)

    def mint(self, key: str, to: list[int], raw: int) -> Tx:
        """New tokens for each of `to`, by the deployer."""
        self.deployer_nonce += 1
        for account in to:
            self.balance[key][account] += raw
        data = call("mint(address[],uint256)", [self.accounts[i] for i in to], raw)
        return Tx(DEPLOYER, self.token[key], data, gas=100_000 + 60_000 * len(to))


def created_address(creator: str, nonce: int) -> str:
    """Address of the contract that `creator` makes with this nonce."""
    return get_create_address(Web3.to_checksum_address(creator), Nonce(nonce)).lower()


def call(signature: str, *arguments: object) -> bytes:
    """Call data of `name(type,...)` with these arguments."""
    types = signature[signature.index("(") + 1 : -1].split(",")
    selector = keccak(text=signature)[:4]
    return selector + encode([t for t in types if t], list(arguments))


def scale(token: TokenPlan) -> int:
    """Smallest units in one whole token; a token without decimals counts in units of 10^6."""
    return int(10 ** (6 if token.decimals is None else token.decimals))


def lookalike(address: str, seed: str) -> str:
    """An address that begins and ends like `address`, as poisoners grind them."""
    middle = keccak(text=seed + address).hex()[:28]
    return address[:8] + middle + address[-6:]
