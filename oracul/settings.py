"""Settings: one model, read once at the edge from `ORACUL_*` variables and `.env`, passed down.

Nesting is written with two underscores: `ORACUL_CHAINS__ETHEREUM__RPC_URLS`. `.env.example` and the
settings page of the documentation are generated from the descriptions below.
"""

import os
import re
from math import floor
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import (
    Field,
    SecretStr,
    ValidationError,
    field_validator,
    model_validator,
)
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict, SettingsError

from oracul.chains import get_chain
from oracul.errors import ConfigError
from oracul.log import guard_other_loggers
from oracul.redact import hide
from oracul.setting_groups import DocsSettings as DocsSettings
from oracul.setting_groups import Group
from oracul.setting_groups import MaintenanceSettings as MaintenanceSettings
from oracul.setting_groups import PrefectSettings as PrefectSettings
from oracul.setting_groups import SupersetSettings as SupersetSettings
from oracul.variables import refuse_unknown, variable_name

_HOST = re.compile(r"[\w.:\-\[\]]+")
Severity = Literal["low", "medium", "high", "critical"]
# Each is a rule of oracul/alerts and has its page in docs/runbooks/.
AlertRule = Literal[
    "check_failed", "step_failed", "step_degraded", "pipeline_late", "lag", "gap", "reorg",
    "fork_below_finality", "proof_failed", "price_disagreement", "disk", "rpc_budget", "anomaly",
]  # fmt: skip


def _parts(value: object) -> object:
    """What stands between commas; anything but a text as it is."""
    if isinstance(value, str):
        return [part.strip() for part in value.split(",") if part.strip()]
    return value


class ClickHouseSettings(Group):
    """Where the warehouse is. Without a host, Oracul starts its embedded one."""

    host: str | None = Field(None, description="ClickHouse server; empty = embedded warehouse")
    port: int | None = Field(None, description="HTTP port; empty = 8123, or 8443 with TLS")
    user: str = Field("oracul", description="user with the right to write")
    password: SecretStr | None = Field(
        None, description="its password; embedded: made at first use"
    )
    secure: bool = Field(False, description="use TLS")
    verify: bool = Field(True, description="check the server's certificate")
    ca_cert: Path | None = Field(None, description="certificate authority to trust, a PEM file")
    cluster: str | None = Field(
        None,
        pattern=r"^[A-Za-z_]\w*$",
        description="name of the server's cluster, of one shard: tables are then replicated",
    )
    patience_seconds: float = Field(
        300, ge=0, description="how long a run waits for a warehouse that went away"
    )

    @field_validator("host")
    @classmethod
    def _name_alone(cls, value: str | None) -> str | None:
        """The host is shown in messages; an address may hold a password."""
        if value is not None and not _HOST.fullmatch(value):
            raise ValueError("write the name alone, without https://, user, password or path")
        return value

    @model_validator(mode="after")
    def _cluster_has_a_host(self) -> Self:
        """The embedded warehouse is one process; a cluster's name would be ignored."""
        if self.cluster and self.host is None:
            raise ValueError("a cluster needs a host")
        return self


class WarehouseSettings(Group):
    """The embedded warehouse (used when no ClickHouse host is set)."""

    port: int = Field(18123, ge=0, le=65535, description="its port on 127.0.0.1; 0 = any free one")
    max_memory_mb: int = Field(4096, ge=256, description="memory one query may use, MB")
    max_execution_seconds: int = Field(600, ge=1, description="time one query may take")
    max_body_mb: int = Field(2048, ge=1, description="largest request body, MB, also unpacked")
    max_connections: int = Field(64, ge=1, description="requests served at once; more wait")
    reader_max_rows: int = Field(
        1_000_000, ge=1, description="rows one result of `reader` may have"
    )
    reader_max_execution_seconds: int = Field(
        60, ge=1, description="time one query of `reader` may take"
    )
    reader_max_memory_mb: int = Field(
        2048, ge=64, description="memory one query of `reader` may use, MB"
    )


# The greeting, the tags, the highest final block and a first batch: a run that has less is no use.
REQUESTS_TO_BEGIN = 6


class ChainSettings(Group):
    """How to reach one chain and how hard to pull."""

    rpc_urls: Annotated[list[SecretStr], NoDecode] = Field(
        default_factory=list, description="JSON-RPC endpoints, separated by commas"
    )
    max_concurrency: int = Field(8, ge=1, le=256, description="requests in flight to one endpoint")
    max_batch_blocks: int = Field(10, ge=1, le=100, description="blocks in one JSON-RPC batch")
    request_timeout_seconds: float = Field(30, gt=0, description="longest wait for one answer")
    deadline_seconds: float = Field(
        300, gt=0, description="longest time for one call, retries included"
    )

    blocks_per_run: int = Field(
        1000, ge=1, description="blocks one run lands when it follows the chain; the next goes on"
    )
    follow_days: int = Field(
        14,
        ge=0,
        description="days (at least 10,000 blocks) back from the head that following fills; "
        "what is older is for `oracul backfill`; 0 = back to the first block",
    )
    daily_requests: int | None = Field(
        None, ge=1, description="HTTP requests to all its endpoints in a UTC day; empty = no limit"
    )
    backfill_share: float = Field(
        0.5,
        gt=0,
        le=1,
        description="part of daily_requests at which backfills and `oracul verify` stop for the"
        " day",
    )

    @field_validator("rpc_urls", mode="before")
    @classmethod
    def _split(cls, value: object) -> object:
        return _parts(value)

    @model_validator(mode="after")
    def _share_is_enough_to_begin(self) -> Self:
        """A share that no run can begin with would be spent each day before anything is asked."""
        if self.daily_requests is None:
            return self
        share = floor(self.daily_requests * self.backfill_share)
        if share < REQUESTS_TO_BEGIN:
            raise ValueError(
                f"backfill_share {self.backfill_share:g} of daily_requests {self.daily_requests:,}"
                f" is {share} requests, and a run needs {REQUESTS_TO_BEGIN} to begin:"
                " raise one of them"
            )
        return self


class PriceSourceSettings(Group):
    """One source of spot prices."""

    enabled: bool = Field(True, description="ask this source")
    base_url: str | None = Field(
        None, repr=False, description="its address; empty = the public one"
    )
    api_key: SecretStr | None = Field(None, description="key, where the source sells one")

    @model_validator(mode="after")
    def _hide_address(self) -> Self:
        """Some put a key, or the login of a proxy, into the address."""
        hide(self.base_url or "")
        return self


class PricesSettings(Group):
    """Spot prices: the sources and what counts as a believable price."""

    coingecko: PriceSourceSettings = Field(default_factory=PriceSourceSettings)
    defillama: PriceSourceSettings = Field(default_factory=PriceSourceSettings)
    coinbase: PriceSourceSettings = Field(default_factory=PriceSourceSettings)
    kraken: PriceSourceSettings = Field(default_factory=PriceSourceSettings)
    band_ratio: float = Field(
        0.1, gt=0, lt=1, description="largest distance from the median of sources"
    )
    jump_ratio: float = Field(
        10, gt=1, description="a lone price that moved by this factor is refused"
    )
    stale_seconds: int = Field(7200, ge=60, description="an older observation is refused")
    deadline_seconds: float = Field(
        30, gt=0, description="longest time for one question, retries included"
    )


class AnomalySettings(Group):
    """What the anomaly detectors look at."""

    window_days: int = Field(
        60, ge=14, le=730, description="days of history a value is compared with"
    )
    min_history_days: int = Field(14, ge=7, description="fewer days than this are not judged")
    top_addresses: int = Field(200, ge=1, description="addresses with the largest flows, by chain")
    min_volume_usd: float = Field(1000, ge=0, description="smaller moves in USD are not reported")


class ChannelSettings(Group):
    """One more place where alerts go, and which of them."""

    url: SecretStr = Field(
        description="address as Apprise writes it: `slack://…`, `tgram://…`, `mailto://…`"
    )
    min_severity: Severity = Field("low", description="lesser alerts are not told here")
    rules: Annotated[list[AlertRule], NoDecode] = Field(
        default_factory=list, description="rules told here, separated by commas; empty = all"
    )

    @field_validator("rules", mode="before")
    @classmethod
    def _split(cls, value: object) -> object:
        return _parts(value)


class AlertSettings(Group):
    """Where alerts go, and from where on something is worth one."""

    webhook_url: SecretStr | None = Field(
        None, description="receives a JSON POST for each message: the channel `webhook`"
    )
    channels: dict[Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$")], ChannelSettings] = Field(
        default_factory=dict, description="one group for each further channel, by its name"
    )
    allow_private_webhook: bool = Field(
        False, description="channels may be on this machine or in a private network"
    )
    max_messages: int = Field(
        20, ge=1, description="messages one run sends to a channel; one more counts the rest"
    )
    runbook_base: str = Field(
        "docs/runbooks/", description="where the pages are that alerts name, up to the last slash"
    )
    min_severity: Severity = Field("high", description="anomalies below this are only stored")
    max_lag_minutes: int = Field(
        30, ge=1, description="a followed chain whose newest block is older lags"
    )
    min_reorg_blocks: int = Field(
        3, ge=1, description="a change of branch that replaced fewer blocks is not told"
    )
    min_free_disk_ratio: float = Field(
        0.1, ge=0, lt=1, description="less of the warehouse's disk free is told"
    )
    min_free_disk_gb: float = Field(2, ge=0, description="fewer GB free on it are told")

    @field_validator("channels")
    @classmethod
    def _own_names(cls, value: dict[str, ChannelSettings]) -> dict[str, ChannelSettings]:
        if taken := {"console", "webhook"} & set(value):
            raise ValueError(f"{taken.pop()} is the name of another channel")
        return value


class Settings(BaseSettings):
    """Everything that can be set. Paths are relative to the working directory."""

    model_config = SettingsConfigDict(
        env_prefix="ORACUL_",
        env_nested_delimiter="__",
        env_file=".env",
        env_ignore_empty=True,
        extra="ignore",
    )

    home: Path = Field(Path(".oracul"), description="data, logs and state of this installation")
    log_level: Literal["debug", "info", "warning", "error"] = Field(
        "warning", description="what is written to standard error"
    )
    log_json: bool = Field(False, description="write logs as JSON objects")
    clickhouse: ClickHouseSettings = Field(default_factory=ClickHouseSettings)
    warehouse: WarehouseSettings = Field(default_factory=WarehouseSettings)
    chains: dict[str, ChainSettings] = Field(
        default_factory=dict,
        description="one group for each chain to follow, by its slug",
    )
    prices: PricesSettings = Field(default_factory=PricesSettings)
    anomalies: AnomalySettings = Field(default_factory=AnomalySettings)
    alerts: AlertSettings = Field(default_factory=AlertSettings)
    prefect: PrefectSettings = Field(default_factory=PrefectSettings)
    superset: SupersetSettings = Field(default_factory=SupersetSettings)
    maintenance: MaintenanceSettings = Field(default_factory=MaintenanceSettings)
    docs: DocsSettings = Field(default_factory=DocsSettings)

    @field_validator("home")
    @classmethod
    def _absolute(cls, value: Path) -> Path:
        return value.expanduser().resolve()

    @property
    def is_embedded(self) -> bool:
        """True when Oracul runs the warehouse itself."""
        return self.clickhouse.host is None


def load_settings() -> Settings:
    """Settings of the environment and `.env`.

    Raises ConfigError that names each variable which does not make sense, never its value.
    """
    guard_other_loggers()
    refuse_unknown(os.environ, Settings.model_fields)
    try:
        settings = Settings()
    except ValidationError as error:
        faults = "; ".join(
            f"{variable_name(fault['loc'])}: {fault['msg']}"
            for fault in error.errors(include_input=False, include_url=False)
        )
        raise ConfigError(
            f"Settings do not make sense: {faults}.",
            hint="See .env.example for every setting and its default.",
        ) from None
    except SettingsError as error:
        # Its own message is a name and a position; its cause would hold the text itself.
        raise ConfigError(
            f"Settings cannot be read: {error}.",
            hint="A group is set name by name, as in ORACUL_CHAINS__ETHEREUM__RPC_URLS.",
        ) from None
    for chain in settings.chains:
        get_chain(chain)
    return settings
