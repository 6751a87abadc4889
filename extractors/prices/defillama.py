"""DefiLlama, which prices tokens from exchanges and pools. Calls made here, where a coin is
`coingecko:{id}` or `{chain}:{token address}`:

- history: `GET /chart/{coin,coin}?start={s}&span={points}&period=1h&searchWidth=1800`
  → `{"coins": {coin: {"prices": [{"timestamp": s, "price": p}], "confidence": 0..1}}}`
- current: `GET /prices/current/{coin,coin}?searchWidth=1h`
  → `{"coins": {coin: {"price": p, "timestamp": s, "confidence": 0..1}}}`

It answers with the record nearest to the instant asked, so history is asked at half past each hour
within half an hour: whatever comes is of that hour. Coins it does not know are left out.
"""

from datetime import timedelta
from typing import Any

from extractors.prices.connection import Connection
from extractors.prices.model import Ask, Asset, Limits, Observation
from extractors.prices.reading import instant, number, rows, table

NAME = "defillama"
LIMITS = Limits(
    public_url="https://coins.llama.fi",
    seconds_between_calls=0.25,
    hours_per_call=480,
    points_per_call=480,
    assets_per_call=20,
    assets_per_current_call=50,
)
_HALF_HOUR = timedelta(minutes=30)


async def fetch(connection: Connection, ask: Ask) -> Any:
    """One call for `ask`; its JSON."""
    coins = ",".join(asset.ids[NAME] for asset in ask.assets)
    if ask.is_current:
        return await connection.get(f"/prices/current/{coins}", searchWidth="1h")
    return await connection.get(
        f"/chart/{coins}",
        start=int((ask.start + _HALF_HOUR).timestamp()),
        span=ask.hours,
        period="1h",
        searchWidth=1800,
    )


def parse(ask: Ask, payload: Any) -> list[Observation]:
    """Observations in a reply of `fetch`. Raises BadReply when it has another shape."""
    coins = table(table(payload, NAME, "prices").get("coins"), NAME, "coins")
    found = []
    for asset in ask.assets:
        # It writes addresses with or without capitals, so names are compared without case.
        coin = coins.get(asset.ids[NAME]) or _without_case(coins, asset.ids[NAME])
        if coin is not None:
            found.extend(_observations(ask, asset, table(coin, NAME, "coin")))
    return found


def _without_case(coins: dict[str, Any], name: str) -> Any:
    return next((coin for key, coin in coins.items() if key.lower() == name.lower()), None)


def _observations(ask: Ask, asset: Asset, coin: dict[str, Any]) -> list[Observation]:
    points = [coin] if ask.is_current else rows(coin.get("prices"), NAME, "price history")
    doubt = coin.get("confidence")
    return [
        ask.observe(
            asset,
            NAME,
            number(table(point, NAME, "price point").get("price")),
            instant(point.get("timestamp"), NAME),
            None if doubt is None else number(doubt),
        )
        for point in points
    ]
