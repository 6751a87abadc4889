"""What happens on the demo chain on purpose: the planted events and nuisances, day by day."""

from collections.abc import Iterator

from oracul.demo.generator.business import volume_parts
from oracul.demo.generator.setup import deploy_token, hand_out
from oracul.demo.generator.tokens import BY_KEY, TOKENS
from oracul.demo.generator.world import (
    ATTACKER,
    CHEAT,
    EXCHANGES,
    MAKERS,
    POISONER,
    RETAIL,
    SPAMMER,
    TREASURY,
    WHALES,
    Tx,
    World,
    call,
    lookalike,
    scale,
)

REORG_DAY, REORG_HOURS = 50, range(10, 14)


def story_day(world: World, day: int, hours: list[list[Tx]]) -> None:
    """Add day `day`'s planted transactions to its hours."""
    for token in TOKENS:
        if token.first_day == day:
            hours[0] += deploy_token(world, token)
            hours[1] += hand_out(world, token)
    for hour, tx in (*_planted(world, day), *_nuisances(world, day), *_rarities(world, day)):
        hours[hour].append(tx)


def _planted(world: World, day: int) -> Iterator[tuple[int, Tx]]:
    match day:
        case 33:
            yield 15, _whale(world, "tide", 14, WHALES[1], "whale-tide")
        case 47:
            yield from _airdrop(world)
        case 64:
            yield from _wash(world)
        case 68:
            yield 9, _whale(world, "gld", 40, WHALES[0], "whale-gld")
        case 71:
            for key, whole in (("usdx", 25_000_000), ("weth", 1_500), ("gld", 30_000)):
                yield 4, world.move(key, TREASURY, ATTACKER, whole * scale(BY_KEY[key]), "drain")
        case 72:
            for number, part in enumerate(volume_parts(world, 25_000_000 * 0.99, 6)):
                yield (
                    6 + number,
                    world.move("usdx", ATTACKER, 23 + number, int(part * 10**6), "loot"),
                )
        case 73:
            yield 13, _whale(world, "wbit", 25, WHALES[2], "whale-wbit")
        case 74:
            yield from _panic(world)
        case 75:
            yield from _bank_run(world)


def _whale(world: World, key: str, factor: float, whale: int, tag: str) -> Tx:
    token = BY_KEY[key]
    return world.move(key, whale, MAKERS[1], int(token.daily_volume * factor * scale(token)), tag)


def _airdrop(world: World) -> Iterator[tuple[int, Tx]]:
    crowd = world.rng.sample(RETAIL, 300)
    for number in range(0, 300, 100):
        to = crowd[number : number + 100]
        raw = 900 * 10**18
        world.balance["fern"][WHALES[3]] -= raw * len(to)
        for account in to:
            world.balance["fern"][account] += raw
        addresses = [world.accounts[i] for i in to]
        data = call("pay(address,address[],uint256)", world.token["fern"], addresses, raw)
        pay = world.tx(
            WHALES[3], world.contract["Disperse"], data, gas=8_000_000, tag="airdrop-fern"
        )
        yield 12 + number // 100, pay


def _wash(world: World) -> Iterator[tuple[int, Tx]]:
    for number in range(80):
        pair = (WHALES[4], SPAMMER) if number % 2 else (SPAMMER, WHALES[4])
        raw = int(world.rng.uniform(4_000, 6_000) * 10**18)
        yield 3 + number // 4, world.move("pike", *pair, raw, "wash-pike")


def _panic(world: World) -> Iterator[tuple[int, Tx]]:
    token = BY_KEY["nova"]
    for number, part in enumerate(volume_parts(world, token.daily_volume * 4, 24)):
        raw, holders = int(part * scale(token)), world.holders["nova"]
        sender = max(holders, key=lambda account: world.balance["nova"][account])
        to = EXCHANGES[number % 3] if sender != EXCHANGES[number % 3] else MAKERS[0]
        yield 5 + number // 3, world.move("nova", sender, to, raw, "panic-nova")


def _bank_run(world: World) -> Iterator[tuple[int, Tx]]:
    crowd = world.rng.sample(RETAIL, 60)
    for number, part in enumerate(volume_parts(world, 2_600_000, 60)):
        raw = int(part * 10**6)
        yield 3 + number // 3, world.move("eurx", EXCHANGES[0], crowd[number], raw, "run-eurx")


def _nuisances(world: World, day: int) -> Iterator[tuple[int, Tx]]:
    """Spam with sums nobody has, and address poisoning."""
    if day % 7 == 2 and day > 9:
        crowd = [world.accounts[i] for i in world.rng.sample(RETAIL, 60)]
        pretended = world.accounts[EXCHANGES[0]]
        data = call("airdrop(address,address[],uint256)", pretended, crowd, 10**30)
        yield 20, world.tx(SPAMMER, world.token["spam"], data, gas=1_500_000, tag="spam")
    for number in range(2 if day >= 55 else 0):
        victim, known = world.rng.sample(world.holders["usdx"], 2)
        fake = lookalike(world.accounts[known], str(day))
        data = call(
            "poison(address,address,address)", world.token["usdx"], world.accounts[victim], fake
        )
        yield 21 + number, world.tx(POISONER, world.contract["Poisoner"], data, tag="poison")


def _rarities(world: World, day: int) -> Iterator[tuple[int, Tx]]:
    """Odd logs, a token that is gone at once, accounts that take over code, a typed access list."""
    if day % 20 == 5:
        pair = [world.accounts[i] for i in world.rng.sample(RETAIL, 2)]
        data = call("emitAll(address,address,uint256)", *pair, 10**18)
        yield 19, world.tx(SPAMMER, world.contract["OddLogs"], data, tag="odd")
    if day == 28:
        arguments = call("x(address,uint256)", world.accounts[RETAIL[0]], 10**20)[4:]
        ghost = bytes.fromhex(world.code["Ghost"]) + arguments
        yield 19, world.tx(SPAMMER, None, ghost, gas=500_000, tag="ghost")
    if day % 20 == 10:
        data = call("execute()")
        account = RETAIL[100 + day]
        yield 18, Tx(account, world.accounts[account], data, tx_type=4, tag="delegation")


def cheat(world: World, *, honest: bool) -> Tx:
    """The double spend of the reorg: half a million to an exchange, or back to the payer."""
    to = EXCHANGES[1] if honest else CHEAT + 1
    data = call("transfer(address,uint256)", world.accounts[to], 500_000 * 10**6)
    return Tx(CHEAT, world.token["usdx"], data, tag="double-spend")
