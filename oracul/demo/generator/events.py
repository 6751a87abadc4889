"""The planted anomalies as a list: what the detectors must find, and what people are told of it."""

from dataclasses import dataclass

from oracul.demo.generator.tokens import BY_KEY
from oracul.demo.generator.world import EXCHANGES, TREASURY

VOLUME, COUNT, ADDRESSES, RETURN, FLOW = (
    "volume_usd",
    "transfer_count",
    "unique_addresses",
    "price_return",
    "net_flow_usd",
)


@dataclass(frozen=True)
class Event:
    """One planted anomaly: its day, its token or address, the daily metrics in which it shows.

    `account` is an index into the demo's accounts; `factor` how many ordinary days it weighs.
    """

    tag: str
    day: int
    kind: str
    story: str
    metrics: tuple[str, ...]
    token: str | None = None
    account: int | None = None
    factor: float | None = None


def _token(
    tag: str, day: int, kind: str, key: str, story: str, *metrics: str, factor: float | None = None
) -> Event:
    return Event(tag, day, kind, story, metrics, token=key, factor=factor)


def _account(tag: str, day: int, kind: str, account: int, story: str) -> Event:
    return Event(tag, day, kind, story, (FLOW,), account=account)


EVENTS = (
    _token(
        "dead-moth",
        BY_KEY["moth"].last_day + 1,
        "dead",
        "moth",
        "MOTH stops trading for good",
        VOLUME,
    ),
    _token(
        "whale-tide",
        33,
        "whale",
        "tide",
        "a whale moves 14 times the usual volume of TIDE",
        VOLUME,
        factor=14,
    ),
    _token(
        "airdrop-fern",
        47,
        "airdrop",
        "fern",
        "FERN is dropped on 300 addresses in a day",
        COUNT,
        ADDRESSES,
    ),
    _token(
        "wash-pike",
        64,
        "wash_trading",
        "pike",
        "two accounts trade PIKE to and fro 80 times",
        COUNT,
        VOLUME,
    ),
    _token(
        "whale-gld",
        68,
        "whale",
        "gld",
        "a whale moves 40 times the usual volume of GLD",
        VOLUME,
        factor=40,
    ),
    _account(
        "drain", 71, "drain", TREASURY, "the treasury is drained: USDX, WETH and GLD leave at once"
    ),
    _token("drain", 71, "drain", "usdx", "the treasury's dollars leave: USDX volume jumps", VOLUME),
    _token("drain", 71, "drain", "gld", "the treasury's gold leaves: GLD volume jumps", VOLUME),
    _token("drain", 71, "drain", "weth", "the treasury's ether leaves: WETH volume jumps", VOLUME),
    _token("loot", 72, "laundering", "usdx", "the loot is split over six fresh addresses", VOLUME),
    _token(
        "whale-wbit",
        73,
        "whale",
        "wbit",
        "a whale moves 25 times the usual volume of WBIT",
        VOLUME,
        factor=25,
    ),
    _token(
        "panic-nova",
        74,
        "crash",
        "nova",
        "NOVA loses 38 % overnight and holders panic",
        RETURN,
        VOLUME,
    ),
    _token(
        "run-eurx",
        75,
        "bank_run",
        "eurx",
        "sixty customers withdraw EURX from one exchange",
        COUNT,
        VOLUME,
        ADDRESSES,
    ),
    _account(
        "run-eurx",
        75,
        "bank_run",
        EXCHANGES[0],
        "the exchange behind the EURX run loses money all day",
    ),
)
