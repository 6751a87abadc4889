"""The price sources: which modules there are, and how settings turn into connections."""

from typing import Any, Protocol

import httpx

from extractors.prices import coinbase, coingecko, defillama, kraken
from extractors.prices.connection import Connection, Pace
from extractors.prices.model import Ask, Limits, Observation
from oracul.errors import ConfigError
from oracul.settings import PriceSourceSettings, PricesSettings


class PriceSource(Protocol):
    """What each source module offers."""

    NAME: str
    LIMITS: Limits

    async def fetch(self, connection: Connection, ask: Ask) -> Any:
        """One call; its JSON."""

    def parse(self, ask: Ask, payload: Any) -> list[Observation]:
        """Observations in that JSON."""


SOURCES: tuple[PriceSource, ...] = (coingecko, defillama, coinbase, kraken)


def enabled_sources(settings: PricesSettings) -> list[PriceSource]:
    """The sources that are switched on. Raises ConfigError when there is none."""
    enabled = [source for source in SOURCES if source_settings(settings, source.NAME).enabled]
    if not enabled:
        raise ConfigError(
            "Every price source is switched off.",
            hint="Set ORACUL_PRICES__DEFILLAMA__ENABLED=true, or that of another source.",
        )
    return enabled


def source_settings(settings: PricesSettings, name: str) -> PriceSourceSettings:
    """The settings of one source."""
    groups = {
        coingecko.NAME: settings.coingecko,
        defillama.NAME: settings.defillama,
        coinbase.NAME: settings.coinbase,
        kraken.NAME: settings.kraken,
    }
    return groups[name]


def is_public(settings: PriceSourceSettings, limits: Limits) -> bool:
    """True when the source is asked at its public address, whose manners and reach then bind."""
    return settings.base_url is None or settings.base_url.rstrip("/") == limits.public_url


def connect_source(
    client: httpx.AsyncClient, source: PriceSource, settings: PricesSettings
) -> Connection:
    """How to reach `source` under these settings."""
    own = source_settings(settings, source.NAME)
    base_url = own.base_url or source.LIMITS.public_url
    headers = {}
    if own.api_key is not None and source.NAME == coingecko.NAME:
        headers = coingecko.key_headers(own.api_key.get_secret_value(), base_url)
    seconds = source.LIMITS.seconds_between_calls if is_public(own, source.LIMITS) else 0.0
    return Connection(
        client=client,
        name=source.NAME,
        base_url=base_url,
        deadline_seconds=settings.deadline_seconds,
        pace=Pace(seconds),
        headers=headers,
    )
