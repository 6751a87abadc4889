"""Day 0: contracts are created, tokens handed out, pools filled. Returns transactions by hour."""

from collections.abc import Iterator

from oracul.demo.generator.market import ASSETS
from oracul.demo.generator.tokens import BY_KEY, TOKENS, TokenPlan
from oracul.demo.generator.world import (
    ARBITRAGEUR,
    CHEAT,
    COLLECTOR,
    DEPLOYER,
    EXCHANGES,
    MAKERS,
    RETAIL,
    SPAMMER,
    SUPPLY_DAYS,
    TREASURY,
    WHALES,
    Tx,
    World,
    call,
    created_address,
    scale,
)

PAIRS = {
    "weth-usdx": ("weth", "usdx", 2_000.0),
    "gld-usdx": ("gld", "usdx", 20_000.0),
    "orc-weth": ("orc", "weth", 400_000.0),
}
"""Pools: base token, quote token, whole base tokens put in at the start."""
RETAIL_TRADERS = tuple(RETAIL[:10])
TRADERS = (*MAKERS, ARBITRAGEUR, *RETAIL_TRADERS)
START_USD = {asset.asset: asset.start_usd for asset in ASSETS}
INFINITE = 2**256 - 1
# Whole tokens that planted events need beyond ordinary business.
CHESTS: dict[str, list[tuple[int, float]]] = {
    "usdx": [(TREASURY, 30_000_000), (CHEAT, 1_000_000), (ARBITRAGEUR, 5_000_000)],
    "gld": [(TREASURY, 36_000), (WHALES[0], 400_000), (ARBITRAGEUR, 20_000)],
    "tide": [(WHALES[1], 600_000)],
    "wbit": [(WHALES[2], 800)],
    "orc": [(ARBITRAGEUR, 300_000)],
    "fern": [(WHALES[3], 40_000_000)],
    "pike": [(WHALES[4], 2_000_000), (SPAMMER, 2_000_000)],
    "eurx": [(EXCHANGES[0], 8_000_000)],
    "nova": [(MAKERS[0], 20_000)],
}
WETH_CHESTS = {TREASURY: 2_000, ARBITRAGEUR: 3_000}


def setup_day(world: World) -> list[list[Tx]]:
    """The 24 hours of day 0."""
    hours: list[list[Tx]] = [[] for _ in range(24)]
    hours[0] = list(_contracts(world))
    hours[2] = [tx for token in TOKENS if token.first_day == 0 for tx in deploy_token(world, token)]
    for position, token in enumerate(t for t in TOKENS if t.first_day == 0):
        hours[4 + position % 8] += hand_out(world, token)
    hours[14] = list(_pairs(world))
    hours[16] = [tx for key in PAIRS for tx in _fill(world, key)]
    hours[18] = list(_approvals(world))
    return hours


def _contracts(world: World) -> Iterator[Tx]:
    # WETH first: the deployer's nonce 0 gives it the address that ref_chains.csv names.
    yield from deploy_token(world, BY_KEY["weth"])
    for name in ("Factory", "Disperse", "Poisoner", "OddLogs", "Wallet"):
        tx, world.contract[name] = world.deploy(name)
        yield tx
    arguments = call("x(string,string)", "Demo Apes", "DAPE")[4:]
    tx, world.contract["Nft"] = world.deploy("Nft", arguments)
    yield tx


def deploy_token(world: World, token: TokenPlan) -> Iterator[Tx]:
    """Creation of one token, unless it exists."""
    if token.key not in world.token:
        arguments = token.constructor(world.accounts[COLLECTOR])
        tx, world.token[token.key] = world.deploy(token.contract, arguments)
        yield tx


def hand_out(world: World, token: TokenPlan) -> Iterator[Tx]:
    """Choose the holders of a token and mint (or wrap) what they start with."""
    crowd = sorted(world.rng.sample(RETAIL, max(token.holders - 8, 0))) if token.holders else []
    if any(token.key in pair for pair in PAIRS.values()):
        crowd = sorted({*crowd, *RETAIL_TRADERS})
    inner = [*EXCHANGES, *MAKERS]
    world.holders[token.key] = [*inner, *crowd] if token.holders else []
    if token.contract == "SpamToken":
        return
    if token.key == "weth":
        yield from _wrap(world, inner, crowd)
        return
    unit = token.daily_volume * scale(token)
    yield world.mint(token.key, inner, int(unit * SUPPLY_DAYS["maker"]))
    for start in range(0, len(crowd), 100):
        yield world.mint(token.key, crowd[start : start + 100], int(unit * SUPPLY_DAYS["retail"]))
    for account, whole in CHESTS.get(token.key, []):
        yield world.mint(token.key, [account], int(whole * scale(token)))


def _wrap(world: World, inner: list[int], crowd: list[int]) -> Iterator[Tx]:
    daily = BY_KEY["weth"].daily_volume
    chests = dict.fromkeys(inner, daily * 14) | dict.fromkeys(crowd, daily * 4) | dict(WETH_CHESTS)
    for account, whole in chests.items():
        value = int(whole * 10**18)
        world.balance["weth"][account] += value
        yield world.tx(account, world.token["weth"], call("deposit()"), value=value)


def _pairs(world: World) -> Iterator[Tx]:
    for count, (name, (base, quote, _)) in enumerate(PAIRS.items(), start=1):
        # A contract's own nonce starts at 1 (EIP-161), so the pairs' addresses are known.
        world.contract[name] = created_address(world.contract["Factory"], count)
        data = call("createPair(address,address)", world.token[base], world.token[quote])
        world.deployer_nonce += 1
        yield Tx(DEPLOYER, world.contract["Factory"], data, gas=3_000_000)


def _fill(world: World, name: str) -> Iterator[Tx]:
    """Makers' approvals and the first liquidity of a pair, at the market's first price."""
    base, quote, size = PAIRS[name]
    price = START_USD[str(BY_KEY[base].asset)] / START_USD[str(BY_KEY[quote].asset)]
    amounts = {
        base: int(size * scale(BY_KEY[base])),
        quote: int(size * price * scale(BY_KEY[quote])),
    }
    maker = MAKERS[list(PAIRS).index(name)]
    for key in (base, quote):
        world.balance[key][maker] -= amounts[key]
        yield approve(world, maker, key, world.contract[name])
    first, second = sorted((base, quote), key=lambda key: world.token[key])
    world.reserves[name] = [amounts[first], amounts[second]]
    data = call("deposit(uint256,uint256)", amounts[first], amounts[second])
    yield world.tx(maker, world.contract[name], data, gas=500_000)


def approve(world: World, owner: int, key: str, spender: str, raw: int = INFINITE) -> Tx:
    """An approval, without limit unless `raw` says otherwise."""
    return world.tx(owner, world.token[key], call("approve(address,uint256)", spender, raw))


def _approvals(world: World) -> Iterator[Tx]:
    for name, (base, quote, _) in PAIRS.items():
        maker = MAKERS[list(PAIRS).index(name)]
        for trader in TRADERS:
            if trader != maker:
                for key in (base, quote):
                    yield approve(world, trader, key, world.contract[name])
    yield approve(world, WHALES[3], "fern", world.contract["Disperse"])
