"""Hourly prices of the demo's assets: one seeded random walk each. Pure."""

import math
import random
from dataclasses import dataclass

HOURS_PER_DAY = 24


@dataclass(frozen=True)
class AssetPlan:
    """One priced asset: its first price in USD and its usual daily move (standard deviation)."""

    asset: str
    symbol: str
    name: str
    start_usd: float
    daily_volatility: float
    is_stablecoin: bool = False


ASSETS = (
    AssetPlan("devnet-ether", "ETH", "Ether (demo)", 3_150.0, 0.018),
    AssetPlan("devnet-dollar", "USDX", "Demo Dollar", 1.0, 0.0004, is_stablecoin=True),
    AssetPlan("devnet-euro", "EURX", "Demo Euro", 1.09, 0.003, is_stablecoin=True),
    AssetPlan("devnet-gold", "GLD", "Gold Gram", 84.0, 0.008),
    AssetPlan("devnet-bit", "WBIT", "Wrapped Bit", 61_000.0, 0.015),
    AssetPlan("devnet-credit", "ORC", "Oracle Credit", 2.4, 0.022),
    AssetPlan("devnet-tide", "TIDE", "Tide Energy", 12.5, 0.02),
    AssetPlan("devnet-nova", "NOVA", "Nova Compute", 148.0, 0.02),
    AssetPlan("devnet-quartz", "QTZ", "Quartz", 5.1, 0.02),
    AssetPlan("devnet-pike", "PIKE", "Pike Fishery", 1.7, 0.02),
    AssetPlan("devnet-harbour", "HRB", "Harbour Share", 0.82, 0.02),
    AssetPlan("devnet-fern", "FERN", "Fern", 0.052, 0.025),
    AssetPlan("devnet-share", "MRK", "Market Maker Share", 1_420.0, 0.015),
    AssetPlan("devnet-levy", "LEVY", "Levy Coin", 0.31, 0.02),
    AssetPlan("devnet-old", "OLD", "Oldstyle Coin", 22.0, 0.015),
    AssetPlan("devnet-moth", "MOTH", "Moth Lamp", 0.64, 0.03),
)
CRASH_ASSET, CRASH_DAY, CRASH_FACTOR = "devnet-nova", 74, 0.62


def hourly_prices(asset: AssetPlan, day_count: int, seed: int) -> list[float]:
    """Price in USD at each full hour of `day_count` days, in six significant digits.

    The walk returns gently to its start, so that 75 days stay in a believable range; the planted
    crash of CRASH_ASSET falls in the early morning of CRASH_DAY and stays.
    """
    rng = random.Random(f"{seed}:{asset.asset}")
    hourly = asset.daily_volatility / math.sqrt(HOURS_PER_DAY)
    level, prices = 0.0, []
    for hour in range(day_count * HOURS_PER_DAY):
        level = level * 0.999 + min(max(rng.gauss(0, hourly), -3 * hourly), 3 * hourly)
        factor = 1.0
        if asset.asset == CRASH_ASSET and hour >= CRASH_DAY * HOURS_PER_DAY + 4:
            factor = CRASH_FACTOR
        prices.append(float(f"{asset.start_usd * factor * math.exp(level):.6g}"))
    return prices
