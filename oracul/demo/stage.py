"""The demo's stage: three nodes of one chain and four price services, all local.

One node is honest, one falsifies answers, one refuses now and then. The pipeline meets them as it
meets any node: through settings, which `stage` derives; the environment is left alone.
"""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from pydantic import SecretStr

from oracul.demo.faults import RateLimiting, Tampering
from oracul.demo.places import RECORDING_DIR, chain_loader, load_manifest, load_prices
from oracul.demo.prices import PriceReplay, serve_prices
from oracul.demo.replay import ReplayServer, serve_recording
from oracul.settings import ChainSettings, PriceSourceSettings, PricesSettings, Settings
from oracul.times import from_epoch

CHAIN = "devnet"
SOURCES = ("coingecko", "defillama", "coinbase", "kraken")
SHAKY_SOURCE = "kraken"
"""Price source that is out of service in the first act."""
RATE_LIMIT_EVERY = 250
PRICE_DEADLINE_SECONDS = 2.0


@dataclass(frozen=True)
class Stage:
    """What is running: `settings` lead to it, `now` is the instant the recording plays at."""

    settings: Settings
    manifest: dict[str, Any]
    now: datetime
    nodes: tuple[ReplayServer, ...]
    book: PriceReplay

    def act(self, number: int) -> dict[str, Any]:
        """Show act 1 (before the reorganisation) or 2 (the whole chain); returns the view shown."""
        view: dict[str, Any] = self.manifest["phases"][number - 1]
        for node in self.nodes:
            node.set(**view)
        self.book.down = {SHAKY_SOURCE} if number == 1 else set()
        return view


@contextmanager
def stage(settings: Settings, folder: Path = RECORDING_DIR) -> Iterator[Stage]:
    """Start the local servers and show act 1; they stop when the context ends."""
    manifest = load_manifest(folder)
    book = _book(folder, manifest)
    tampering = Tampering(**{k: frozenset(v) for k, v in manifest["endpoint_faults"].items()})
    loader, faults = chain_loader(folder), (None, tampering, RateLimiting(RATE_LIMIT_EVERY))
    with ExitStack() as stack:
        with ThreadPoolExecutor() as pool:  # each node is a process of its own: start them at once
            starts = [
                pool.submit(stack.enter_context, serve_recording(loader, fault=fault))
                for fault in faults
            ]
            nodes = tuple(start.result() for start in starts)
        prices_url = stack.enter_context(serve_prices(book))
        shown = Stage(
            settings=_derived(settings, [node.url for node in nodes], prices_url),
            manifest=manifest,
            now=from_epoch(manifest["tip_second"]) + timedelta(minutes=5),
            nodes=nodes,
            book=book,
        )
        shown.act(1)
        yield shown


def _book(folder: Path, manifest: dict[str, Any]) -> PriceReplay:
    first_second, hourly = load_prices(folder)
    symbols = {row["asset"]: row["symbol"] for row in manifest["assets"]}
    return PriceReplay(
        first_second, hourly, symbols, manifest["price_faults"], manifest["tip_second"]
    )


def _derived(settings: Settings, node_urls: list[str], prices_url: str) -> Settings:
    """The settings with the demo's chain alone and its price services; the rest stays.

    No channel: invented anomalies are not for the people who wait for real ones.
    """
    urls = [SecretStr(url) for url in node_urls]
    chain = ChainSettings(rpc_urls=urls, blocks_per_run=10_000)
    sources = {
        name: PriceSourceSettings(enabled=True, base_url=f"{prices_url}/{name}", api_key=None)
        for name in SOURCES
    }
    kept = settings.prices.model_dump(exclude=set(SOURCES))
    prices = PricesSettings(**{**kept, **sources, "deadline_seconds": PRICE_DEADLINE_SECONDS})
    alerts = settings.alerts.model_copy(update={"webhook_url": None, "channels": {}})
    changed = {"chains": {CHAIN: chain}, "prices": prices, "alerts": alerts}
    return settings.model_copy(update=changed)
