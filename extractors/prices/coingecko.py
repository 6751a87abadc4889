"""CoinGecko, an aggregator over exchanges. Calls made here, below the API's `/api/v3`:

- history, one asset: `GET /coins/{id}/market_chart/range?vs_currency=usd&from={s}&to={s}`
  → `{"prices": [[ms, price], …], …}`; hourly points for spans of 2 to 90 days, finer below
- current, many assets: `GET /simple/price?ids={a,b}&vs_currencies=usd&include_last_updated_at=true`
  → `{"{id}": {"usd": price, "last_updated_at": s}}`; ids it does not know are left out

Without a key it answers a handful of calls a minute and the last 365 days.
"""

from datetime import timedelta
from typing import Any

from extractors.prices.connection import Connection
from extractors.prices.model import Ask, Limits, Observation
from extractors.prices.reading import instant, number, rows, table

NAME = "coingecko"
LIMITS = Limits(
    public_url="https://api.coingecko.com/api/v3",
    seconds_between_calls=4.0,
    hours_per_call=90 * 24,
    points_per_call=90 * 24,
    assets_per_call=1,
    assets_per_current_call=100,
    reach=timedelta(days=365),
)


def key_headers(key: str, base_url: str) -> dict[str, str]:
    """Where the key goes: the free and the paid service name the header differently."""
    return {"x-cg-pro-api-key" if "pro-api" in base_url else "x-cg-demo-api-key": key}


async def fetch(connection: Connection, ask: Ask) -> Any:
    """One call for `ask`; its JSON."""
    if ask.is_current:
        ids = ",".join(asset.ids[NAME] for asset in ask.assets)
        return await connection.get(
            "/simple/price", ids=ids, vs_currencies="usd", include_last_updated_at="true"
        )
    return await connection.get(
        f"/coins/{ask.assets[0].ids[NAME]}/market_chart/range",
        vs_currency="usd",
        **{"from": int(ask.start.timestamp()), "to": int(ask.end.timestamp()) - 1},
    )


def parse(ask: Ask, payload: Any) -> list[Observation]:
    """Observations in a reply of `fetch`. Raises BadReply when it has another shape."""
    reply = table(payload, NAME, "prices")
    if ask.is_current:
        found = []
        for asset in ask.assets:
            quote = reply.get(asset.ids[NAME])
            # A coin that nobody trades any more has neither price nor time.
            if isinstance(quote, dict) and quote.get("last_updated_at") and "usd" in quote:
                at = instant(quote["last_updated_at"], NAME)
                price = number(quote["usd"])
                found.append(ask.observe(asset, NAME, price, at))
        return found
    asset = ask.assets[0]
    return [
        ask.observe(asset, NAME, number(row[1]), instant(number(row[0]) / 1000, NAME))
        for row in rows(reply.get("prices"), NAME, "price history", width=2)
    ]
