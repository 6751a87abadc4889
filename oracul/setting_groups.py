"""Groups of settings for what is operated: the local stack and its nightly upkeep."""

from pathlib import Path
from typing import Self

from pydantic import BaseModel, ConfigDict, Field, SecretStr, field_validator, model_validator

from oracul.redact import hide


class Group(BaseModel):
    """A part of the settings: an unknown name in it is a mistake, not something to ignore."""

    model_config = ConfigDict(extra="forbid")

    @model_validator(mode="after")
    def _hide_secrets(self) -> Self:
        """No text that this process writes shall hold one of these."""
        for value in self.__dict__.values():
            for secret in value if isinstance(value, list) else [value]:
                if isinstance(secret, SecretStr):
                    hide(secret.get_secret_value())
        return self


class PrefectSettings(Group):
    """The Prefect server and worker of the local stack (`oracul up`), and what it watches."""

    port: int = Field(4200, ge=1, le=65535, description="the server's port on 127.0.0.1")
    worker_limit: int = Field(4, ge=1, le=64, description="flow runs that the worker runs at once")
    late_minutes: int = Field(
        10, ge=1, description="a run that was due and has not begun for this long is told"
    )
    silent_minutes: int = Field(
        5, ge=2, description="a run that gives no sign of life for this long counts as crashed"
    )
    no_worker_minutes: int = Field(
        5, ge=1, description="a work pool that no worker serves for this long is told"
    )


class SupersetSettings(Group):
    """Superset with the dashboards, a part of the local stack."""

    enabled: bool = Field(True, description="`oracul up` starts it")
    port: int = Field(8088, ge=1, le=65535, description="its port on 127.0.0.1")
    url: str | None = Field(
        None, description="address under which people open it; empty = this machine's"
    )
    admin_password: SecretStr | None = Field(
        None, description="password of its user `admin`; empty = made at first use"
    )
    analyst_password: SecretStr | None = Field(None, description="the same of `analyst`")
    viewer_password: SecretStr | None = Field(None, description="the same of `viewer`")
    secret_key: SecretStr | None = Field(
        None, description="signs its sessions and hides what it stores; empty = made at first use"
    )
    warehouse_user: str | None = Field(
        None,
        description="user of your ClickHouse server with the role `oracul_reader`; the embedded"
        " warehouse has its own",
    )
    warehouse_password: SecretStr | None = Field(None, description="its password")
    metadata_url: SecretStr | None = Field(
        None, description="its own database, as `postgresql://…`; empty = SQLite below the home"
    )
    redis_url: SecretStr | None = Field(
        None, description="its caches, as `redis://…`; empty = files below the home"
    )

    @property
    def address(self) -> str:
        """Where people open it, without a slash at the end."""
        return (self.url or f"http://127.0.0.1:{self.port}").rstrip("/")


class DocsSettings(Group):
    """The pages of `oracul docs`."""

    port: int = Field(
        18124, ge=0, le=65535, description="their port on 127.0.0.1; 0 = any free one"
    )
    url: str | None = Field(
        None, description="address under which people open them; empty = this machine's"
    )

    @property
    def address(self) -> str:
        """Where people open them, without a slash at the end."""
        return (self.url or f"http://127.0.0.1:{self.port}").rstrip("/")


class MaintenanceSettings(Group):
    """What the nightly `maintain` keeps and gives up."""

    backup_place: str | None = Field(
        None,
        description="`here` = a backup each night where `oracul warehouse backup` puts it; a folder"
        " = and a copy there; empty = none",
    )
    backup_chains: int = Field(
        4, ge=1, description="weeks of nightly backups that are kept, each a full one and its rest"
    )
    ledger_days: int = Field(
        400, ge=30, description="days of runs, checks and refused answers that are kept in `meta`"
    )
    data_docs_days: int = Field(14, ge=1, description="days of result pages in the Data Docs")
    prefect_days: int = Field(
        7, ge=1, description="days that ended flow runs, their logs and artifacts stay in Prefect"
    )

    @field_validator("backup_place")
    @classmethod
    def _here_or_a_full_path(cls, value: str | None) -> str | None:
        """A relative folder would be another one for each program."""
        if value is None or value == "here" or Path(value).is_absolute():
            return value
        raise ValueError("write `here` or the full path of a folder")
