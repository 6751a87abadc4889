"""The four price services of the demo: recorded prices in the services' own shapes.

One path prefix each: `/coingecko`, `/defillama`, `/coinbase`, `/kraken`. Every source strays a
little from the recorded price, always by the same amount for the same hour. `PriceReplay` is pure
but for the sources it is told are down; `serve_prices` puts it on a free port of 127.0.0.1.
"""

import json
import threading
import zlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

HOUR = 3600
SPREAD = 0.001
"""Widest distance of a source from the recorded price, as a share."""

Reply = tuple[int, Any]
Query = Mapping[str, str]


@dataclass
class PriceReplay:
    """Recorded prices, and what is wrong with which source.

    `hourly` are USD prices at the full hours from `first_second` (Unix, s); `symbols` the ticker of
    each asset; `faults` the manifest's `price_faults`; `now_second` the instant of current prices.
    """

    first_second: int
    hourly: dict[str, list[float]]
    symbols: dict[str, str]
    faults: dict[str, Any]
    now_second: int
    down: set[str] = field(default_factory=set)

    def answer(self, path: str, query: Query) -> Reply:
        """HTTP status and JSON for one GET."""
        source, _, rest = path.lstrip("/").partition("/")
        if source in self.down:
            return 503, {"error": "service unavailable"}
        handler = _SOURCES.get(source)
        return handler(self, rest.split("/"), query) if handler else (404, {"error": "not found"})

    def price(self, source: str, asset: str, second: int) -> float | None:
        """What `source` says of the hour that holds `second`; None where nothing is recorded."""
        hour = (second - self.first_second) // HOUR
        known = self.hourly.get(asset)
        if known is None or not 0 <= hour < len(known):
            return None
        lie, outage = self.faults["lie"], self.faults["outage"]
        if source == outage["source"] and _within(outage, second):
            return None
        noise = zlib.crc32(f"{source}:{asset}:{hour}".encode()) / 2**32 - 0.5
        price = known[hour] * (1 + 2 * SPREAD * noise)
        if (source, asset) == (lie["source"], lie["asset"]) and _within(lie, second):
            price *= lie["factor"]
        return float(f"{price:.8g}")

    def hours(self, start: int, end: int) -> range:
        """Full hours of [start, end) that are recorded, as Unix seconds."""
        last = self.first_second + HOUR * max(map(len, self.hourly.values()))
        first = max(-(-start // HOUR) * HOUR, self.first_second)
        return range(first, min(end, last, self.now_second + 1), HOUR)

    def points(self, source: str, asset: str, start: int, end: int) -> list[tuple[int, float]]:
        """Hour (Unix, s) and price of every hour of [start, end) the source knows."""
        found = ((hour, self.price(source, asset, hour)) for hour in self.hours(start, end))
        return [(hour, price) for hour, price in found if price is not None]

    def ticker(self, pattern: str) -> dict[str, str]:
        """Assets by the ticker that `pattern` makes of their symbol."""
        return {pattern.format(symbol): asset for asset, symbol in self.symbols.items()}


def _within(fault: dict[str, Any], second: int) -> bool:
    return bool(fault["from_second"] <= second < fault["to_second"])


def _coingecko(book: PriceReplay, path: list[str], query: Query) -> Reply:
    if path == ["simple", "price"]:
        found = {
            asset: {"usd": price, "last_updated_at": book.now_second}
            for asset in query["ids"].split(",")
            if (price := book.price("coingecko", asset, book.now_second)) is not None
        }
        return 200, found
    if path[0] != "coins" or path[2:] != ["market_chart", "range"] or path[1] not in book.hourly:
        return 404, {"error": "coin not found"}
    # Its hourly points come some minutes after the hour.
    points = book.points("coingecko", path[1], int(query["from"]), int(query["to"]) + 1)
    prices = [[(hour + 240) * 1000, price] for hour, price in points]
    return 200, {"prices": prices, "market_caps": [], "total_volumes": []}


def _defillama(book: PriceReplay, path: list[str], query: Query) -> Reply:
    coins = {coin: coin.removeprefix("coingecko:") for coin in path[-1].split(",")}
    known = {coin: asset for coin, asset in coins.items() if asset in book.hourly}
    if path[:2] == ["prices", "current"]:
        found: dict[str, Any] = {
            coin: {
                "symbol": book.symbols[asset],
                "price": book.price("defillama", asset, book.now_second),
                "timestamp": book.now_second,
                "confidence": 0.99,
            }
            for coin, asset in known.items()
        }
        return 200, {"coins": found}
    if path[0] != "chart":
        return 404, {"message": "not found"}
    start = int(query["start"])
    step, offset = HOUR * int(query["period"].removesuffix("h")), start % HOUR
    end = start - offset + step * int(query["span"])
    found = {
        coin: {
            "symbol": book.symbols[asset],
            "confidence": 0.99,
            "prices": [
                {"timestamp": hour + offset, "price": price}
                for hour, price in book.points("defillama", asset, start - offset, end)
            ],
        }
        for coin, asset in known.items()
    }
    return 200, {"coins": found}


def _coinbase(book: PriceReplay, path: list[str], query: Query) -> Reply:
    asset = book.ticker("DEV{}-USD").get(path[1]) if len(path) == 3 else None
    if asset is None or path[0] != "products":
        return 404, {"message": "NotFound"}
    if path[2] == "ticker":
        price = book.price("coinbase", asset, book.now_second)
        return 200, {"price": str(price), "time": _iso(book.now_second), "size": "1"}
    points = book.points("coinbase", asset, int(query["start"]), int(query["end"]) + 1)
    candles = [[hour, p * 0.999, p * 1.001, p, p, 10.0] for hour, p in points]
    return 200, candles[::-1]


def _kraken(book: PriceReplay, path: list[str], query: Query) -> Reply:
    pair = query.get("pair", "")
    asset = book.ticker("DEV{}USD").get(pair)
    if asset is None:
        return 200, {"error": ["EQuery:Unknown asset pair"]}
    if path[-1] == "Ticker":
        price = book.price("kraken", asset, book.now_second)
        return 200, {"error": [], "result": {pair: {"c": [str(price), "1"]}}}
    points = book.points("kraken", asset, int(query.get("since", 0)) + 1, book.now_second)
    rows = [[hour, *[str(p)] * 5, "10", 7] for hour, p in points]
    return 200, {"error": [], "result": {pair: rows, "last": rows[-1][0] if rows else 0}}


_SOURCES = {
    "coingecko": _coingecko,
    "defillama": _defillama,
    "coinbase": _coinbase,
    "kraken": _kraken,
}


def _iso(second: int) -> str:
    return datetime.fromtimestamp(second, UTC).isoformat().replace("+00:00", "Z")


@contextmanager
def serve_prices(book: PriceReplay) -> Iterator[str]:
    """Serve `book` from a thread while the context lasts; yields the address, without a slash."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True

        def do_GET(self) -> None:
            parts = urlsplit(self.path)
            query = {key: values[-1] for key, values in parse_qs(parts.query).items()}
            try:
                status, answer = book.answer(unquote(parts.path), query)
            except (KeyError, ValueError):
                status, answer = 400, {"error": "bad request"}
            body = json.dumps(answer).encode()
            self.send_response(status)
            self.send_header("content-type", "application/json")
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:
            """Say nothing: the demo has one voice."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
