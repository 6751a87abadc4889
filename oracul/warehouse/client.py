"""One way to reach ClickHouse: a server when one is configured, else the embedded warehouse."""

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, cast

import clickhouse_connect
from clickhouse_connect.driver.client import Client
from clickhouse_connect.driver.exceptions import ClickHouseError

from oracul.errors import WarehouseError
from oracul.settings import Settings
from oracul.warehouse.cluster import CLUSTER_SETTINGS, on_cluster
from oracul.warehouse.patience import Patience, PatientPool
from oracul.warehouse.tls import (
    authority_environment,
    explain,
    refuse_missing_authority,
    warn_unchecked,
)

if TYPE_CHECKING:
    from clickhouse_connect.driver.httpclient import HttpClient
    from urllib3 import PoolManager

# The driver logs what it then raises; without a handler Python would print it beside our message.
logging.getLogger("clickhouse_connect").addHandler(logging.NullHandler())

# What every session of ours sets, so that a server with other defaults behaves the same.
SESSION_SETTINGS = {
    "join_use_nulls": 1,
    "async_insert": 0,
    "insert_deduplicate": 0,
    "input_format_null_as_default": 0,
    "do_not_merge_across_partitions_select_final": 1,
}

_UNHURRIED = {"max_execution_time": 0}
_USUAL_SECONDS = 300
_A_DAY_SECONDS = 86_400


def connect(
    settings: Settings, patience: Patience | None = None, *, is_unhurried: bool = False
) -> Client:
    """A client with the rights to write; the embedded warehouse is started when none runs.

    With `patience`, a warehouse that goes away later is waited for (and an embedded one started
    again). `is_unhurried`: a statement may take a day, as those of a backup of a large table do.
    Raises WarehouseError when the server cannot be reached now, or refuses the user.
    """
    target = settings.clickhouse
    host, port, user, secret = target.host, target.port, target.user, target.password
    # The embedded warehouse answers on loopback, without TLS.
    is_secure = target.secure and not settings.is_embedded
    if settings.is_embedded:
        from oracul.warehouse.embedded import ensure_running

        endpoint = ensure_running(settings)
        host, port, user, secret = (
            endpoint.host,
            endpoint.port,
            endpoint.user,
            endpoint.password,
        )
    elif target.secure:
        refuse_missing_authority(settings)
        warn_unchecked(settings)
    try:
        client = clickhouse_connect.get_client(
            host=host,
            port=port or 0,
            username=user,
            password=secret.get_secret_value() if secret else "",
            secure=is_secure,
            verify=target.verify,
            ca_cert=str(target.ca_cert) if target.ca_cert else None,
            autogenerate_session_id=False,
            client_name="oracul",
            settings=SESSION_SETTINGS
            | (_UNHURRIED if is_unhurried else {})
            | (CLUSTER_SETTINGS if target.cluster else {}),
            send_receive_timeout=_A_DAY_SECONDS if is_unhurried else _USUAL_SECONDS,
        )
    except ClickHouseError as error:
        raise _not_connected(error, f"{host}:{port or 'its usual port'}", is_secure) from error
    if target.cluster:
        _say_to_all(client, target.cluster)
    if patience is not None:
        _wait_for(client, settings, patience)
    return client


def _say_to_all(client: Client, cluster: str) -> None:
    """Let what the client commands reach every replica: one place for all DDL of Oracul."""
    say = client.command

    def command(cmd: str, *args: Any, **words: Any) -> Any:
        return say(on_cluster(cmd, cluster), *args, **words)

    client.command = command  # type: ignore[method-assign]


def _not_connected(error: Exception, place: str, is_secure: bool) -> WarehouseError:
    if found := explain(error, is_secure=is_secure):
        return WarehouseError(f"ClickHouse at {place} {found[0]}.", hint=found[1])
    reached = "refused" not in str(error) and "Max retries" not in str(error)
    what = "does not let us in" if reached else "cannot be reached"
    why = f": {first_words(error)}" if reached else ""
    return WarehouseError(
        f"ClickHouse at {place} {what}{why}.",
        hint="Check ORACUL_CLICKHOUSE__HOST, PORT, USER, PASSWORD and SECURE; leave HOST empty "
        "for the embedded warehouse.",
    )


def _wait_for(client: Client, settings: Settings, patience: Patience) -> None:
    """Let the client's requests wait; over HTTP, the only interface we use, it has a pool."""
    over_http = cast("HttpClient", client)
    find = _finder(settings, over_http.url)
    pool = PatientPool(over_http.http, over_http.url, find, patience)
    over_http.http = cast("PoolManager", pool)


def _finder(settings: Settings, address: str) -> Callable[[], str]:
    """Where the warehouse is now: an embedded one is started, and may have another port."""

    def find() -> str:
        if not settings.is_embedded:
            return address
        from oracul.warehouse.embedded import ensure_running

        endpoint = ensure_running(settings)
        return f"http://{endpoint.host}:{endpoint.port}"

    return find


def connection_environment(settings: Settings, *, reader: bool = False) -> dict[str, str]:
    """The `ORACUL_CLICKHOUSE__*` variables by which another program reaches the same warehouse.

    `reader`: as the embedded warehouse's user that can only select. Starts the embedded warehouse
    when none runs. Holds the password. Raises WarehouseError for the reader of another server.
    """
    if settings.is_embedded:
        from oracul.warehouse.embedded import ensure_running, environment

        return environment(ensure_running(settings), reader=reader)
    if reader:
        raise WarehouseError(
            "Only the embedded warehouse makes a user that can only select.",
            hint="On your server: CREATE USER …, then GRANT SELECT ON marts.* and curated.* to it.",
        )
    target = settings.clickhouse
    known = {
        "HOST": target.host,
        "PORT": target.port or (8443 if target.secure else 8123),
        "USER": target.user,
        "PASSWORD": target.password.get_secret_value() if target.password else "",
        "SECURE": str(target.secure).lower(),
        "VERIFY": str(target.verify).lower(),
        "CLUSTER": target.cluster or "",
    }
    variables = {f"ORACUL_CLICKHOUSE__{name}": str(value) for name, value in known.items()}
    return variables | authority_environment(settings)


@contextmanager
def warehouse_errors(what: str) -> Iterator[None]:
    """Turn an error of the driver into a WarehouseError: `what`, then ClickHouse's own words."""
    try:
        yield
    except ClickHouseError as error:
        raise WarehouseError(f"{what}: {first_words(error)}.", hint=_hint(error)) from error


def as_warehouse_error(error: Exception) -> WarehouseError | None:
    """What an error of the driver says, as ours; None for any other error."""
    if not isinstance(error, ClickHouseError):
        return None
    return WarehouseError(f"ClickHouse refused: {first_words(error)}.", hint=_hint(error))


def _hint(error: Exception) -> str:
    """What to do about an error whose own words do not say it."""
    if "NOT_ENOUGH_SPACE" in str(error) or "No space left on device" in str(error):
        return (
            "The disk of the warehouse is full; nothing that was landed is lost. Make room there "
            "and run the same command again, or leave it to the next scheduled run."
        )
    if "Not enough privileges" in str(error):
        return (
            "The user of this connection may not. Variables of `oracul warehouse env --reader` make"
            " every command in their shell connect as `reader`: use another shell."
        )
    return ""


def first_words(error: Exception) -> str:
    """ClickHouse's message without the driver's wrapping and the statement's tail, one line."""
    text = " ".join(str(error).split())
    if "HTTPConnectionPool" in text or "Connection aborted" in text:
        return "it went away or cannot be reached; type the same command again"
    text = text.partition("DB::Exception: ")[2] or text
    return text.partition(" (for url ")[0].partition(". Expected one of:")[0][:600].rstrip(".")
