"""Trades in the demo chain's pools: small ones either way, and one that follows the market."""

import math
from collections.abc import Iterator

from oracul.demo.generator.setup import PAIRS, RETAIL_TRADERS
from oracul.demo.generator.tokens import BY_KEY
from oracul.demo.generator.world import ARBITRAGEUR, Tx, World, call, scale


def swaps(world: World, name: str, season: float, prices: dict[str, float]) -> Iterator[Tx]:
    """A day's trades in one pool; `prices` are USD by asset."""
    base, _, size = PAIRS[name]
    for _ in range(round(3 * season)):
        raw = int(size * world.rng.uniform(0.0004, 0.0012) * scale(BY_KEY[base]))
        trader = world.rng.choice(RETAIL_TRADERS)
        yield from _swap(world, name, base, raw, trader, world.rng.random() < 0.5)
    yield from _arbitrage(world, name, prices)


def _swap(world: World, name: str, base: str, raw: int, trader: int, sell: bool) -> Iterator[Tx]:
    """Sell `raw` of the base token, or buy about that much of it with the quote token."""
    quote = PAIRS[name][1]
    first_is_base = world.token[base] < world.token[quote]
    held = world.reserves[name]
    if not sell:
        raw = raw * held[1 if first_is_base else 0] // held[0 if first_is_base else 1]
    key, other = (base, quote) if sell else (quote, base)
    zero_for_one = sell == first_is_base
    into, out_of = (0, 1) if zero_for_one else (1, 0)
    if raw <= 0 or world.balance[key][trader] < raw:
        return
    fee = raw * 997
    got = fee * held[out_of] // (held[into] * 1000 + fee)
    held[into] += raw
    held[out_of] -= got
    world.balance[key][trader] -= raw
    world.balance[other][trader] += got
    data = call("swap(bool,uint256,address)", zero_for_one, raw, world.accounts[trader])
    yield world.tx(trader, world.contract[name], data, gas=300_000)


def _arbitrage(world: World, name: str, prices: dict[str, float]) -> Iterator[Tx]:
    """One trade a day brings the pool back to the market's price."""
    base, quote, _ = PAIRS[name]
    target = prices[str(BY_KEY[base].asset)] / prices[str(BY_KEY[quote].asset)]
    target *= scale(BY_KEY[quote]) / scale(BY_KEY[base])
    first_is_base = world.token[base] < world.token[quote]
    x, y = world.reserves[name] if first_is_base else reversed(world.reserves[name])
    wanted = math.sqrt(x * y / target)
    if abs(wanted - x) > 0.002 * x:
        yield from _swap(world, name, base, int(abs(wanted - x)), ARBITRAGEUR, wanted > x)
