"""An ordinary day on the demo chain: calm, with a week's rhythm. Returns transactions by hour."""

import math
from collections.abc import Iterator

from oracul.demo.generator.setup import PAIRS, approve
from oracul.demo.generator.tokens import BY_KEY, TOKENS, TokenPlan
from oracul.demo.generator.trading import swaps
from oracul.demo.generator.world import (
    ARTIST,
    DEPLOYER,
    EXCHANGES,
    MAKERS,
    RETAIL,
    TREASURY,
    Tx,
    World,
    call,
    scale,
)

WEEK = (1.0, 1.05, 1.08, 1.04, 0.96, 0.62, 0.55)
"""Share of an ordinary Monday, Monday to Sunday."""
CLOCK = tuple(1 + 0.7 * math.sin((hour - 8) / 24 * 2 * math.pi) for hour in range(24))
PAYROLL_USDX = 60_000
TINY_CONTRACT = bytes.fromhex("600a600c600039600a6000f3602a60005260206000f3")
FAILING_CREATION = bytes.fromhex("60006000fd")


def ordinary_day(world: World, day: int, weekday: int, prices: dict[str, float]) -> list[list[Tx]]:
    """The 24 hours of day `day`; `prices` are that day's USD prices by asset."""
    season = WEEK[weekday]
    hours: list[list[Tx]] = [[] for _ in range(24)]
    # Planned in the order they will run, so that the books never promise money still to come.
    planned = [tx for token in TOKENS for tx in _transfers(world, token, day, season)]
    planned += list(_treasury(world, season))
    planned += list(_wraps(world, season))
    planned += list(_supply(world, day, season))
    planned += list(_nfts(world, day, season))
    planned += list(_native(world, season))
    planned += list(_approvals(world, season))
    planned += list(_failures(world, day, season))
    if day % 3 == 0:
        planned.append(world.tx(world.rng.choice(RETAIL), None, TINY_CONTRACT + bytes([day])))
    for tx in planned:
        hours[world.rng.choices(range(3, 24), CLOCK[3:])[0]].append(tx)
    for name in PAIRS:
        trades = list(swaps(world, name, season, prices))
        # In the order they were planned: what a swap yields depends on the swaps before it.
        when = sorted(world.rng.choices(range(3, 24), k=len(trades)))
        for hour, tx in zip(when, trades, strict=True):
            hours[hour].append(tx)
    return hours


def volume_parts(world: World, total: float, count: int) -> list[float]:
    """`count` positive parts of `total` with mild spread."""
    weights = [world.rng.lognormvariate(0, 0.6) for _ in range(count)]
    return [total * weight / sum(weights) for weight in weights]


def _weights(accounts: list[int]) -> list[float]:
    rank = dict.fromkeys(EXCHANGES, 6.0) | dict.fromkeys(MAKERS, 4.0)
    return [
        rank.get(account, 1.0 + 1.5 / (1 + position)) for position, account in enumerate(accounts)
    ]


def _transfers(world: World, token: TokenPlan, day: int, season: float) -> Iterator[Tx]:
    if not token.daily_count or not token.first_day < day <= token.last_day:
        return
    count = max(1, round(token.daily_count * season * world.rng.gauss(1, 0.1)))
    total = token.daily_volume * season * world.rng.lognormvariate(0, 0.07)
    holders = world.holders[token.key]
    weights = _weights(holders)
    sides = [world.rng.choices(holders, weights, k=2) for _ in range(count)]
    sizes = [world.rng.lognormvariate(0, 0.5) * _share(pair) for pair in sides]
    for (sender, to), size in zip(sides, sizes, strict=True):
        raw = max(1, int(total * size / sum(sizes) * scale(token)))
        if world.balance[token.key][sender] < raw:
            sender = max(holders, key=lambda account: world.balance[token.key][account])
        if to == sender:
            to = world.rng.choice([account for account in holders if account != sender])
        yield world.move(token.key, sender, to, raw)


def _share(pair: list[int]) -> float:
    """Size of a payment against one among professionals: private people move little."""
    return 0.2 if any(account in RETAIL for account in pair) else 1.0


def _treasury(world: World, season: float) -> Iterator[Tx]:
    """Revenue in, payroll out: the treasury's flows nearly cancel, every day but one."""
    total = PAYROLL_USDX * season * world.rng.lognormvariate(0, 0.05)
    yield world.move("usdx", EXCHANGES[0], TREASURY, int(total * 10**6))
    for part in volume_parts(world, total * world.rng.gauss(1, 0.03), 3):
        if world.balance["usdx"][TREASURY] > part * 10**6:
            yield world.move("usdx", TREASURY, world.rng.choice(RETAIL), int(part * 10**6))


def _wraps(world: World, season: float) -> Iterator[Tx]:
    for _ in range(round(6 * season)):
        sender, value = (
            world.rng.choice(world.holders["weth"]),
            int(world.rng.uniform(0.5, 9) * 10**18),
        )
        world.balance["weth"][sender] += value
        yield world.tx(sender, world.token["weth"], call("deposit()"), value=value)
    for _ in range(round(5 * season)):
        sender, value = (
            world.rng.choice(world.holders["weth"]),
            int(world.rng.uniform(0.5, 7) * 10**18),
        )
        if world.balance["weth"][sender] >= value:
            world.balance["weth"][sender] -= value
            yield world.tx(sender, world.token["weth"], call("withdraw(uint256)", value))


def _supply(world: World, day: int, season: float) -> Iterator[Tx]:
    """The issuer of the dollar mints and burns daily, others once a week."""
    for key in ("usdx", "eurx", "orc") if day % 7 == 2 else ("usdx",):
        token = BY_KEY[key]
        raw = int(
            token.daily_volume * 0.03 * season * world.rng.lognormvariate(0, 0.05) * scale(token)
        )
        yield world.mint(key, [EXCHANGES[day % 3]], raw)
        burner = MAKERS[day % 5]
        if world.balance[key][burner] > raw:
            world.balance[key][burner] -= raw
            yield world.tx(burner, world.token[key], call("burn(uint256)", raw))


def _nfts(world: World, day: int, season: float) -> Iterator[Tx]:
    nft = world.contract["Nft"]
    for number in range(round(3 * season)):
        owner, token_id = world.rng.choice(RETAIL), day * 100 + number
        world.nft_owner[token_id] = owner
        yield world.tx(ARTIST, nft, call("mint(address,uint256)", world.accounts[owner], token_id))
    # Only those of earlier days are traded: the hours of one day are shuffled.
    settled = [token_id for token_id in world.nft_owner if token_id < day * 100]
    traded = world.rng.sample(settled, min(len(settled), round(5 * season)))
    for token_id in traded:
        owner, to = world.nft_owner[token_id], world.rng.choice(RETAIL)
        world.nft_owner[token_id] = to
        pair = (world.accounts[owner], world.accounts[to])
        yield world.tx(owner, nft, call("transferFrom(address,address,uint256)", *pair, token_id))
    kept = [token_id for token_id in settled if token_id not in traded]
    if day % 5 == 0 and kept:
        owner = world.nft_owner.pop(kept[0])
        yield world.tx(owner, nft, call("burn(uint256)", kept[0]))


def _native(world: World, season: float) -> Iterator[Tx]:
    for _ in range(round(14 * season)):
        sender, to = world.rng.sample(RETAIL, 2)
        value = int(world.rng.lognormvariate(0, 0.8) * 10**18)
        yield world.tx(sender, world.accounts[to], b"", value=value, gas=25_000)


def _approvals(world: World, season: float) -> Iterator[Tx]:
    for _ in range(round(8 * season)):
        owner, spender = world.rng.sample(RETAIL, 2)
        key = world.rng.choice(("usdx", "weth", "eurx", "gld", "orc"))
        raw = world.rng.choice((2**256 - 1, 10**24, 0))
        yield approve(world, owner, key, world.accounts[spender], raw)
    if season > 0.9:
        data = call("setApprovalForAll(address,bool)", world.accounts[DEPLOYER], True)
        yield world.tx(world.rng.choice(RETAIL), world.contract["Nft"], data)


def _failures(world: World, day: int, season: float) -> Iterator[Tx]:
    """Calls that revert, run out of gas, or create a contract that refuses."""
    for _ in range(round(4 * season)):
        sender, to = world.rng.sample(RETAIL, 2)
        key = world.rng.choice(("usdx", "gld", "weth", "wbit"))
        data = call("transfer(address,uint256)", world.accounts[to], 10**40)
        yield world.tx(sender, world.token[key], data, tag="failed")
    data = call("transfer(address,uint256)", world.accounts[TREASURY], 1)
    yield world.tx(EXCHANGES[1], world.token["usdx"], data, gas=24_000, tag="failed")
    if day % 10 == 4:
        yield world.tx(world.rng.choice(RETAIL), None, FAILING_CREATION, tag="failed")
