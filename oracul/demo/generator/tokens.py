"""The tokens of the demo chain: what they say of themselves on chain, and what is true."""

from dataclasses import dataclass

from eth_abi.abi import encode


@dataclass(frozen=True)
class TokenPlan:
    """One token of the demo chain.

    `key` is our name for it; `decimals` the true scale of its amounts (None: nobody can know);
    `asset` the canonical asset id that prices it, None when it has no price; `daily_count` and
    `daily_volume` the transfers and whole tokens of an ordinary Monday; `holders` how many accounts
    hold it; `first_day` the day it is deployed, `last_day` the last day it trades.
    """

    key: str
    contract: str
    name: bytes
    symbol: bytes
    decimals: int | None
    asset: str | None
    daily_count: int
    daily_volume: float
    holders: int
    first_day: int = 0
    last_day: int = 10_000
    onchain_decimals: int | None = None
    is_stablecoin: bool = False
    in_seed: bool = True

    def constructor(self, collector: str) -> bytes:
        """ABI-encoded constructor arguments; `collector` receives the fees of the fee token."""
        said = self.decimals if self.onchain_decimals is None else self.onchain_decimals
        match self.contract:
            case "Token":
                return encode(["bytes", "bytes", "uint8"], [self.name, self.symbol, said])
            case "FeeToken":
                types = ["bytes", "bytes", "uint8", "address"]
                return encode(types, [self.name, self.symbol, said, collector])
            case "Bytes32Token":
                return self.name.ljust(32, b"\0") + self.symbol.ljust(32, b"\0")
            case "SpamToken":
                return encode(["bytes", "bytes"], [self.name, self.symbol])
            case _:
                return b""


WETH = TokenPlan("weth", "Weth", b"Wrapped Ether", b"WETH", 18, "devnet-ether", 28, 420, 90)
TOKENS = (
    WETH,
    TokenPlan(
        "usdx",
        "Token",
        b"Demo Dollar",
        b"USDX",
        6,
        "devnet-dollar",
        44,
        1_900_000,
        150,
        is_stablecoin=True,
    ),
    TokenPlan(
        "eurx",
        "Token",
        b"Demo Euro",
        b"EURX",
        6,
        "devnet-euro",
        12,
        310_000,
        60,
        is_stablecoin=True,
    ),
    TokenPlan("gld", "Token", b"Gold Gram", b"GLD", 18, "devnet-gold", 16, 4_200, 70),
    TokenPlan("wbit", "Token", b"Wrapped Bit", b"WBIT", 8, "devnet-bit", 12, 14, 60),
    TokenPlan("orc", "Token", b"Oracle Credit", b"ORC", 18, "devnet-credit", 12, 120_000, 60),
    TokenPlan("tide", "Token", b"Tide Energy", b"TIDE", 18, "devnet-tide", 10, 16_000, 50),
    TokenPlan("nova", "Token", b"Nova Compute", b"NOVA", 18, "devnet-nova", 9, 1_100, 45),
    # Its contract says 18; its amounts have eight. Only the curated seed knows.
    TokenPlan(
        "qtz", "Token", b"Quartz", b"QTZ", 8, "devnet-quartz", 8, 21_000, 40, onchain_decimals=18
    ),
    TokenPlan("pike", "Token", b"Pike Fishery", b"PIKE", 18, "devnet-pike", 8, 60_000, 40),
    TokenPlan("hrb", "Token", b"Harbour Share", b"HRB", 18, "devnet-harbour", 8, 90_000, 40),
    TokenPlan("fern", "Token", b"Fern", b"FERN", 18, "devnet-fern", 8, 1_500_000, 40),
    TokenPlan("mrk", "Bytes32Token", b"Market Maker Share", b"MRK", 18, "devnet-share", 6, 70, 30),
    TokenPlan("levy", "FeeToken", b"Levy Coin", b"LEVY", 18, "devnet-levy", 6, 300_000, 30),
    TokenPlan("old", "UpperCaseToken", b"Oldstyle Coin", b"OLD", 8, "devnet-old", 5, 3_000, 25),
    TokenPlan(
        "moth", "Token", b"Moth Lamp", b"MOTH", 18, "devnet-moth", 6, 40_000, 30, last_day=30
    ),
    TokenPlan(
        "pts",
        "NoDecimalsToken",
        b"Points Without Scale",
        b"PTS",
        None,
        None,
        4,
        900,
        20,
        in_seed=False,
    ),
    TokenPlan(
        "flat", "UnindexedToken", b"Flat Log Coin", b"FLAT", 18, None, 3, 5_000, 15, in_seed=False
    ),
    TokenPlan(
        "torn",
        "Token",
        b"Torn \xc3\x28 Name",
        b"\xff\xfeTORN\x00\x01",
        18,
        None,
        3,
        700,
        12,
        in_seed=False,
    ),
    TokenPlan(
        "nul",
        "Token",
        b"NUL\x00Padded\x00\x00",
        b"NUL\x00\x00",
        18,
        None,
        3,
        700,
        12,
        in_seed=False,
    ),
    TokenPlan(
        "evil",
        "Token",
        b'=HYPERLINK("http://claim.example","USDX")',
        b"<img src=x onerror=alert(1)>",
        18,
        None,
        2,
        10_000,
        12,
        first_day=12,
        in_seed=False,
    ),
    TokenPlan(
        "cat", "Token", b"Cat With Hat", b"CHAT", 18, None, 5, 8e8, 35, first_day=20, in_seed=False
    ),
    TokenPlan(
        "frog", "Token", b"Frog Moon", b"FROG", 9, None, 5, 3e9, 30, first_day=40, in_seed=False
    ),
    TokenPlan(
        "bot", "Token", b"Bot Of Bots", b"BOT", 18, None, 5, 6e6, 25, first_day=63, in_seed=False
    ),
    # It calls itself USDX: a symbol is no identity.
    TokenPlan(
        "spam", "SpamToken", b"Demo Dollar", b"USDX", 18, None, 0, 0, 0, first_day=9, in_seed=False
    ),
)
BY_KEY = {token.key: token for token in TOKENS}
