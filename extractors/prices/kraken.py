"""Kraken. Calls made here, one pair (`XETHZUSD`) each:

- history: `GET /0/public/OHLC?pair={pair}&interval=60&since={s}`, exclusive
  → `{"error": [], "result": {pair: [[start s, open, high, low, close, vwap, volume, trades], …],
  "last": s}}`; only the newest 720 exist, whatever `since` says, and the last one still runs
- current: `GET /0/public/Ticker?pair={pair}`
  → `{"error": [], "result": {pair: {"c": [price, lot], …}}}`

A candle's open is used: the first trade of the hour, which does not change while the hour runs.
Errors come with HTTP 200 in `error`. The reply may name the pair otherwise than the question did.
"""

from datetime import timedelta
from typing import Any

from extractors.prices.connection import Connection, UnknownAsset
from extractors.prices.model import Ask, Limits, Observation
from extractors.prices.reading import instant, number, rows, table
from oracul.errors import BadReply, RateLimited, SourceUnavailable

NAME = "kraken"
LIMITS = Limits(
    public_url="https://api.kraken.com",
    seconds_between_calls=1.0,
    hours_per_call=720,
    points_per_call=720,
    assets_per_call=1,
    assets_per_current_call=1,
    reach=timedelta(hours=719),
)


async def fetch(connection: Connection, ask: Ask) -> Any:
    """One call for `ask`; its JSON."""
    pair = ask.assets[0].ids[NAME]
    if ask.is_current:
        return await connection.get("/0/public/Ticker", pair=pair)
    since = int(ask.start.timestamp()) - 1
    return await connection.get("/0/public/OHLC", pair=pair, interval=60, since=since)


def parse(ask: Ask, payload: Any) -> list[Observation]:
    """Observations in a reply of `fetch`; a ticker carries no time, so it is of `ask.asked_at`.

    Raises BadReply when it has another shape, RateLimited or SourceUnavailable when it says so.
    """
    reply = table(payload, NAME, "result")
    _raise_for(reply.get("error"))
    result = table(reply.get("result"), NAME, "result")
    pairs = [value for key, value in result.items() if key != "last"]
    if len(pairs) != 1:
        raise BadReply(f"{NAME} answered with {len(pairs)} pairs where one was asked.")
    asset = ask.assets[0]
    if ask.asked_at is not None:
        closing = table(pairs[0], NAME, "ticker").get("c")
        price = number(closing[0] if isinstance(closing, list) and closing else None)
        return [ask.observe(asset, NAME, price, ask.asked_at)]
    return [
        ask.observe(asset, NAME, number(row[1]), instant(row[0], NAME))
        for row in rows(pairs[0], NAME, "candles", width=5)
    ]


def _raise_for(errors: Any) -> None:
    if not errors:
        return
    text = str(errors)[:200]
    if "Rate limit" in text or "Too many requests" in text or "Throttled" in text:
        raise RateLimited(f"{NAME} asks to slow down: {text}.", hint="Try again in a minute.")
    if "EService" in text:
        raise SourceUnavailable(f"{NAME} is not in service: {text}.", hint="Try again later.")
    if "Unknown asset" in text:
        raise UnknownAsset(f"{NAME} does not list it: {text}.")
    raise BadReply(f"{NAME} refused the question: {text}.")
