"""Pace between calls, and what a source module makes of odd replies."""

from datetime import UTC, datetime

import httpx
import pytest

from extractors.prices import coinbase, coingecko, defillama, kraken
from extractors.prices.connection import Connection, Pace, UnknownAsset
from extractors.prices.model import HOUR, Ask, Asset
from extractors.prices.sources import SOURCES, enabled_sources
from oracul.errors import BadReply, ConfigError, RateLimited, SourceUnavailable
from oracul.settings import PriceSourceSettings, PricesSettings

START = datetime(2024, 5, 1, tzinfo=UTC)
ETHER = Asset(
    "ether", "ETH", dict.fromkeys(("coingecko", "defillama", "coinbase", "kraken"), "ether")
)
HISTORY = Ask((ETHER,), START, START + 24 * HOUR)
CURRENT = Ask((ETHER,), START, START + HOUR, asked_at=START)


async def test_pace_lets_calls_pass_in_steps() -> None:
    clock, waits = [100.0], []

    async def sleep(seconds: float) -> None:
        waits.append(seconds)
        clock[0] += seconds

    pace = Pace(2.0, clock=lambda: clock[0], sleep=sleep)
    for _ in range(3):
        await pace.turn()
    assert waits == [2.0, 2.0]


@pytest.mark.parametrize(
    ("status", "body", "error"),
    [(404, "coin not found", UnknownAsset), (400, "answered HTTP 404 upstream", BadReply)],
)
async def test_asset_is_unknown_only_when_the_source_itself_says_not_found(
    status: int, body: str, error: type[BadReply]
) -> None:
    transport = httpx.MockTransport(lambda _: httpx.Response(status, text=body))
    async with httpx.AsyncClient(transport=transport) as client:
        source = Connection(client, "coingecko", "http://source", 5, Pace(0))
        with pytest.raises(BadReply) as raised:
            await source.get("/simple/price")
    assert type(raised.value) is error


@pytest.mark.parametrize("source", SOURCES, ids=lambda s: s.NAME)
@pytest.mark.parametrize("ask", [HISTORY, CURRENT], ids=["history", "current"])
@pytest.mark.parametrize("payload", [None, 3, "text", [1], {"coins": 4}, {"result": []}, [[None]]])
def test_parse_refuses_or_finds_nothing_in_another_shape(
    source: object, ask: Ask, payload: object
) -> None:
    try:
        found = source.parse(ask, payload)  # type: ignore[attr-defined]
    except BadReply:
        return
    assert found == []


def test_kraken_tells_rate_limits_from_outages_and_unknown_pairs() -> None:
    for text, error in [
        ("EAPI:Rate limit exceeded", RateLimited),
        ("EService:Unavailable", SourceUnavailable),
        ("EQuery:Unknown asset pair", UnknownAsset),
        ("EGeneral:Invalid arguments", BadReply),
    ]:
        with pytest.raises(error):
            kraken.parse(HISTORY, {"error": [text]})


def test_coinbase_takes_the_open_of_a_candle() -> None:
    (found,) = coinbase.parse(HISTORY, [[1714521600, 1.0, 9.0, 5.0, 6.0, 7.0]])
    assert (found.price, found.observed_at) == (5.0, START)


def test_coingecko_sends_the_key_where_each_service_wants_it() -> None:
    assert coingecko.key_headers("k", "https://pro-api.coingecko.com/api/v3") == {
        "x-cg-pro-api-key": "k"
    }
    assert coingecko.key_headers("k", "https://api.coingecko.com/api/v3") == {
        "x-cg-demo-api-key": "k"
    }


def test_defillama_finds_an_address_written_with_capitals() -> None:
    token = Asset("x", "X", {"defillama": "ethereum:0xabcd"})
    ask = Ask((token,), START, START + HOUR, asked_at=START)
    payload = {"coins": {"ethereum:0xAbCd": {"price": 2, "timestamp": 1714521600}}}
    assert defillama.parse(ask, payload)[0].price == 2.0


def test_enabled_sources_wants_at_least_one() -> None:
    off = PriceSourceSettings(enabled=False)
    settings = PricesSettings(coingecko=off, defillama=off, coinbase=off, kraken=off)
    with pytest.raises(ConfigError, match="switched off"):
        enabled_sources(settings)
