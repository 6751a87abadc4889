"""The price services answer in their own shapes, stray little, lie where planned, and go down."""

from typing import Any

import pytest

from oracul.demo.prices import HOUR, PriceReplay

ASSET, START = "devnet-credit", 1_788_134_400


@pytest.fixture
def book(manifest, prices) -> PriceReplay:
    symbols = {row["asset"]: row["symbol"] for row in manifest["assets"]}
    now = manifest["tip_second"]
    return PriceReplay(prices[0], prices[1], symbols, manifest["price_faults"], now)


def history(book: PriceReplay, source: str, start: int, hours: int) -> list[tuple[int, float]]:
    """Points of one source as its extractor would read them."""
    end = start + hours * HOUR
    answer: Any
    match source:
        case "coingecko":
            query = {"vs_currency": "usd", "from": str(start), "to": str(end - 1)}
            answer = book.answer(f"/coingecko/coins/{ASSET}/market_chart/range", query)[1]
            return [(ms // 1000 // HOUR * HOUR, price) for ms, price in answer["prices"]]
        case "defillama":
            query = {"start": str(start + 1800), "span": str(hours), "period": "1h"}
            answer = book.answer(f"/defillama/chart/coingecko:{ASSET}", query)[1]
            points = answer["coins"][f"coingecko:{ASSET}"]["prices"]
            return [(p["timestamp"] // HOUR * HOUR, p["price"]) for p in points]
        case "coinbase":
            query = {"granularity": "3600", "start": str(start), "end": str(end - HOUR)}
            answer = book.answer("/coinbase/products/DEVORC-USD/candles", query)[1]
            return sorted((row[0], row[3]) for row in answer)
        case _:
            query = {"pair": "DEVORCUSD", "interval": "60", "since": str(start - 1)}
            answer = book.answer("/kraken/0/public/OHLC", query)[1]
            rows = answer["result"]["DEVORCUSD"]
            return [(row[0], float(row[1])) for row in rows if row[0] < end]


@pytest.mark.parametrize("source", ["coingecko", "defillama", "coinbase", "kraken"])
def test_history_has_each_hour_near_the_recorded_price(book, prices, source) -> None:
    points = history(book, source, START, 48)
    assert [second for second, _ in points] == [START + hour * HOUR for hour in range(48)]
    recorded = prices[1][ASSET]
    for hour, (_, price) in enumerate(points):
        assert price == pytest.approx(recorded[hour], rel=0.002)


def test_sources_do_not_agree_to_the_last_digit(book) -> None:
    first = {history(book, source, START, 1)[0][1] for source in ("coingecko", "kraken")}
    assert len(first) == 2


def test_lying_source_reports_ten_times_the_price(book, manifest, prices) -> None:
    lie = manifest["price_faults"]["lie"]
    start, hours = lie["from_second"], lie["hours"]
    first = (start - prices[0]) // HOUR
    for hour, (_, price) in enumerate(history(book, lie["source"], start, hours)):
        assert price == pytest.approx(10 * prices[1][lie["asset"]][first + hour], rel=0.002)


def test_outage_leaves_hours_out(book, manifest) -> None:
    outage = manifest["price_faults"]["outage"]
    assert history(book, outage["source"], outage["from_second"], outage["hours"]) == []


def test_source_that_is_down_answers_503(book) -> None:
    book.down = {"kraken"}
    assert book.answer("/kraken/0/public/Ticker", {"pair": "DEVORCUSD"})[0] == 503


def test_unknown_coin_is_not_found_or_left_out(book) -> None:
    query = {"vs_currency": "usd", "from": "0", "to": "1"}
    assert book.answer("/coingecko/coins/nothing/market_chart/range", query)[0] == 404
    assert book.answer("/defillama/prices/current/coingecko:nothing", {})[1] == {"coins": {}}
    assert book.answer("/kraken/0/public/Ticker", {"pair": "NOTUSD"})[1]["error"]


def test_current_prices_carry_the_instant_of_the_recording(book, manifest) -> None:
    answer = book.answer("/coingecko/simple/price", {"ids": ASSET})[1]
    assert answer[ASSET]["last_updated_at"] == manifest["tip_second"]
