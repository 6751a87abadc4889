"""Grows the demo chain on a real node, day by day, with a reorganisation, and reads it back."""

import random
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

from oracul.demo.generator.business import ordinary_day
from oracul.demo.generator.market import ASSETS, HOURS_PER_DAY, hourly_prices
from oracul.demo.generator.miner import Miner
from oracul.demo.generator.node import Node, compile_contracts, install, running_node
from oracul.demo.generator.setup import PAIRS, setup_day
from oracul.demo.generator.story import REORG_DAY, REORG_HOURS, cheat, story_day
from oracul.demo.generator.world import ACCOUNT_COUNT, Tx, World

FIRST_DAY = date(2026, 8, 31)
DAY_COUNT = 76
"""Day 0, on which everything is set up, and 75 days of business."""
CHAIN_ID = 31337
SEED = 20260831
CONTRACTS = Path(__file__).parent / "contracts"
METADATA_CALLS = {
    "name()": "0x06fdde03",
    "symbol()": "0x95d89b41",
    "decimals()": "0x313ce567",
    "totalSupply()": "0x18160ddd",
    "NAME()": "0xa3f4df7e",
    "SYMBOL()": "0xf76f8d78",
    "DECIMALS()": "0x2e0f2625",
}

BlockAnswer = tuple[dict[str, Any], list[dict[str, Any]]]
"""One block with full transactions, and its receipts, as the node answered."""


@dataclass
class Grown:
    """What was read back: blocks with receipts, the orphaned branch, answers to calls.

    `tagged` and `orphaned_tagged` name the transactions of planted events: tag and hash.
    """

    blocks: list[BlockAnswer]
    orphaned: list[BlockAnswer]
    calls: dict[str, dict[str, Any]]
    prices: dict[str, list[float]]
    world: World
    tagged: list[tuple[str, str]]
    orphaned_tagged: list[tuple[str, str]]
    fork_number: int
    first_day: date = FIRST_DAY
    day_count: int = DAY_COUNT
    seed: int = SEED

    def tagged_hashes(self, tag: str) -> list[tuple[str, int]]:
        """Transactions of a tag on the main branch: hash and block number."""
        wanted = {tx_hash for name, tx_hash in self.tagged if name == tag}
        return [
            (receipt["transactionHash"], int(receipt["blockNumber"], 16))
            for _, receipts in self.blocks
            for receipt in receipts
            if receipt["transactionHash"] in wanted
        ]


@dataclass
class _Growth:
    """The chain while it grows."""

    miner: Miner
    prices: dict[str, list[float]]
    orphaned: list[BlockAnswer] = field(default_factory=list)
    orphaned_tagged: list[tuple[str, str]] = field(default_factory=list)
    fork_number: int = 0

    @property
    def world(self) -> World:
        return self.miner.world


def day_start_seconds(day: int) -> int:
    """Unix time of the first second of day `day`."""
    start = datetime(FIRST_DAY.year, FIRST_DAY.month, FIRST_DAY.day, tzinfo=UTC)
    return int((start + timedelta(days=day)).timestamp())


def build(cache_dir: Path, *, day_count: int = DAY_COUNT, seed: int = SEED) -> Grown:
    """Grow `day_count` days on a fresh node and read them back; same seed, same block hashes."""
    install(cache_dir)
    code = compile_contracts(cache_dir, CONTRACTS)
    prices = {asset.asset: hourly_prices(asset, DAY_COUNT, seed) for asset in ASSETS}
    start = day_start_seconds(0)
    with running_node(
        cache_dir, timestamp=start, accounts=ACCOUNT_COUNT, chain_id=CHAIN_ID
    ) as node:
        accounts = [account.lower() for account in node.call("eth_accounts")]
        world = World(accounts, code, random.Random(seed))
        growth = _Growth(Miner(node, world, CHAIN_ID, random.Random(seed + 1)), prices)
        for day in range(day_count):
            _grow_day(growth, day)
        blocks = read_blocks(node, 0, growth.miner.head + 1)
        return Grown(
            blocks=blocks,
            orphaned=growth.orphaned,
            calls=_read_calls(node, blocks, world),
            prices={key: values[: day_count * HOURS_PER_DAY] for key, values in prices.items()},
            world=world,
            tagged=growth.miner.tagged,
            orphaned_tagged=growth.orphaned_tagged,
            fork_number=growth.fork_number,
            day_count=day_count,
            seed=seed,
        )


def _grow_day(growth: _Growth, day: int) -> None:
    world = growth.world
    if day == 0:
        hours = setup_day(world)
    else:
        # Tokens deployed today are planned first: they take the deployer's next nonces.
        noon = {asset: values[day * 24 + 12] for asset, values in growth.prices.items()}
        hours = [[] for _ in range(24)]
        story_day(world, day, hours)
        weekday = (FIRST_DAY + timedelta(days=day)).weekday()
        for hour, txs in enumerate(ordinary_day(world, day, weekday, noon)):
            hours[hour] += txs
    if day == REORG_DAY:
        _grow_orphaned(growth, hours)
    for hour, txs in enumerate(hours):
        if day != REORG_DAY or hour >= REORG_HOURS.start:
            _mine(growth.miner, day, hour, txs)


def _mine(miner: Miner, day: int, hour: int, txs: list[Tx]) -> int:
    timestamp = day_start_seconds(day) + hour * 3600 + miner.rng.randrange(5, 60)
    return miner.mine(txs, timestamp)


def _grow_orphaned(growth: _Growth, hours: list[list[Tx]]) -> None:
    """Mine the morning, then a branch that loses; leave `hours` as the winner will hold them."""
    miner, rng = growth.miner, growth.world.rng
    for hour in range(REORG_HOURS.start):
        growth.fork_number = _mine(miner, REORG_DAY, hour, hours[hour])
    snapshot = miner.node.call("evm_snapshot")
    nonces, tagged = dict(miner.nonces), list(miner.tagged)
    for hour in REORG_HOURS:
        extra = [cheat(growth.world, honest=True)] if hour == REORG_HOURS.start + 1 else []
        _mine(miner, REORG_DAY, hour, [*hours[hour], *extra])
    growth.orphaned = read_blocks(miner.node, growth.fork_number + 1, miner.head + 1)
    if not miner.node.call("evm_revert", snapshot):
        raise RuntimeError("the node did not revert to the fork block")
    miner.head = growth.fork_number
    miner.nonces.clear()
    miner.nonces.update(nonces)
    growth.orphaned_tagged = miner.tagged[len(tagged) :]
    miner.tagged[:] = tagged
    for hour in REORG_HOURS:
        # Some payments are mined an hour later than on the branch that lost.
        late = [tx for tx in hours[hour] if rng.random() < 0.3]
        hours[hour] = [tx for tx in hours[hour] if tx not in late]
        hours[hour + 1] = late + hours[hour + 1]
    hours[REORG_HOURS.start + 1].append(cheat(growth.world, honest=False))


def read_blocks(node: Node, start: int, end: int) -> list[BlockAnswer]:
    """Blocks [start, end) with full transactions, each with its receipts."""
    found = []
    for first in range(start, end, 50):
        calls: list[tuple[str, list[object]]] = []
        for number in range(first, min(first + 50, end)):
            calls.append(("eth_getBlockByNumber", [hex(number), True]))
            calls.append(("eth_getBlockReceipts", [hex(number)]))
        answers = node.calls(calls)
        found += list(zip(answers[0::2], answers[1::2], strict=True))
    return found


def _read_calls(node: Node, blocks: list[BlockAnswer], world: World) -> dict[str, dict[str, Any]]:
    """Answers to the metadata getters of every address that emitted a log, with its code."""
    emitters = {log["address"] for _, receipts in blocks for r in receipts for log in r["logs"]}
    addresses = sorted(emitters | {world.contract[name] for name in PAIRS})
    found: dict[str, dict[str, Any]] = {}
    for address in addresses:
        calls: list[tuple[str, list[object]]] = [
            ("eth_call", [{"to": address, "data": data}, "latest"])
            for data in METADATA_CALLS.values()
        ]
        replies = node.try_calls([*calls, ("eth_getCode", [address, "latest"])])
        answers = [{k: r[k] for k in ("result", "error") if k in r} for r in replies]
        by_data = dict(zip(METADATA_CALLS.values(), answers, strict=False))
        found[address] = {"code": answers[-1]["result"], "calls": by_data}
    return found
