"""Coinbase Exchange. Calls made here, one product (`ETH-USD`) each:

- history: `GET /products/{product}/candles?granularity=3600&start={s}&end={s}`, both inclusive, at
  most 300 candles → `[[start s, low, high, open, close, volume], …]`, newest first, hours without a
  trade left out, some before `start` possible
- current: `GET /products/{product}/ticker` → `{"price": "…", "time": "2025-08-18T05:57:56.35Z", …}`

A candle's open is used: the first trade of the hour, which does not change while the hour runs.
"""

from datetime import datetime
from typing import Any

from extractors.prices.connection import Connection
from extractors.prices.model import HOUR, Ask, Limits, Observation
from extractors.prices.reading import instant, number, rows, table
from oracul.errors import BadReply

NAME = "coinbase"
LIMITS = Limits(
    public_url="https://api.exchange.coinbase.com",
    seconds_between_calls=0.2,
    hours_per_call=300,
    points_per_call=300,
    assets_per_call=1,
    assets_per_current_call=1,
)


async def fetch(connection: Connection, ask: Ask) -> Any:
    """One call for `ask`; its JSON."""
    product = ask.assets[0].ids[NAME]
    if ask.is_current:
        return await connection.get(f"/products/{product}/ticker")
    return await connection.get(
        f"/products/{product}/candles",
        granularity=3600,
        start=int(ask.start.timestamp()),
        end=int((ask.end - HOUR).timestamp()),
    )


def parse(ask: Ask, payload: Any) -> list[Observation]:
    """Observations in a reply of `fetch`. Raises BadReply when it has another shape."""
    asset = ask.assets[0]
    if ask.is_current:
        ticker = table(payload, NAME, "ticker")
        price, at = number(ticker.get("price")), _trade_time(ticker.get("time"))
        return [ask.observe(asset, NAME, price, at)]
    return [
        ask.observe(asset, NAME, number(row[3]), instant(row[0], NAME))
        for row in rows(payload, NAME, "candles", width=5)
    ]


def _trade_time(text: Any) -> datetime:
    try:
        at = datetime.fromisoformat(text)
    except (TypeError, ValueError):
        raise BadReply(f"{NAME} sent a time that is none: {str(text)[:40]!r}.") from None
    if at.tzinfo is None:
        raise BadReply(f"{NAME} sent a time without a zone: {text!r}.")
    return at
