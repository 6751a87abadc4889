"""One way to reach ClickHouse: a server when one is configured, else the embedded warehouse."""

from typing import cast

import clickhouse_connect
from clickhouse_connect.driver.client import Client
from clickhouse_connect.driver.exceptions import ClickHouseError

from oracul.errors import WarehouseError
from oracul.settings import Settings

# What every session of ours sets, so that a server with other defaults behaves the same.
SESSION_SETTINGS = {
    "join_use_nulls": 1,
    "async_insert": 0,
    "insert_deduplicate": 0,
    "input_format_null_as_default": 0,
    "do_not_merge_across_partitions_select_final": 1,
}


def connect(settings: Settings) -> Client:
    """A client with the rights to write; the embedded warehouse is started when none runs.

    Raises WarehouseError when the server cannot be reached or refuses the user.
    """
    target = settings.clickhouse
    host, port, user, secret = target.host, target.port, target.user, target.password
    if settings.is_embedded:
        from oracul.warehouse.embedded import ensure_running

        endpoint = ensure_running(settings)
        host, port, user, secret = (
            endpoint.host,
            endpoint.port,
            endpoint.user,
            endpoint.password,
        )
    try:
        client = clickhouse_connect.get_client(
            host=host,
            port=port or 0,
            username=user,
            password=secret.get_secret_value() if secret else "",
            secure=target.secure,
            verify=target.verify,
            ca_cert=str(target.ca_cert) if target.ca_cert else None,
            autogenerate_session_id=False,
            client_name="oracul",
            settings=SESSION_SETTINGS,
        )
    except ClickHouseError as error:
        first_line = str(error).strip().splitlines()[0]
        raise WarehouseError(
            f"ClickHouse at {host} does not let us in: {first_line[:300]}",
            hint="Check ORACUL_CLICKHOUSE__HOST, PORT, USER, PASSWORD and SECURE; leave HOST empty "
            "for the embedded warehouse.",
        ) from error
    return cast("Client", client)
