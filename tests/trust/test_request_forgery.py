"""No address that somebody sets makes Oracul ask a metadata service, or a private host unasked."""

import asyncio
import socket
from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest
from pydantic import SecretStr

from extractors.evm.endpoint import make_endpoints
from oracul.alerts.deliver import post_all
from oracul.alerts.messages import bundle
from oracul.alerts.rules import Alert
from oracul.chains import PROJECT_ROOT
from oracul.errors import BadReply, ConfigError
from oracul.http import RetryPolicy, fetch_json, open_client
from oracul.reach import GuardedResolver, refusal, watched_connections
from tests.fixtures.echo_server import Echo, serve_echo

NOW = datetime(2026, 3, 2, tzinfo=UTC)
METADATA = (
    "169.254.169.254", "169.254.170.2", "100.100.100.200", "192.0.0.192", "168.63.129.16",
    "fd00:ec2::254", "fe80::1", "fe80::1%eth0", "::ffff:169.254.169.254", "64:ff9b::a9fe:a9fe",
    "2002:a9fe:a9fe::1", "224.0.0.1", "ff02::1",
)  # fmt: skip
PRIVATE = (
    "127.0.0.1", "127.9.9.9", "0.0.0.0",  # noqa: S104
     "10.1.2.3", "172.16.0.1", "192.168.1.1", "100.64.0.1",
    "240.0.0.1", "::1", "::", "fc00::1", "::ffff:10.0.0.1",
)  # fmt: skip
# The metadata service as browsers, curl and libc also read it.
SPELLINGS = ("2852039166", "0xa9fea9fe", "169.254.43518", "0251.0376.0251.0376")


@pytest.fixture(scope="module")
def echo() -> Any:
    with serve_echo() as running:
        yield running


def post(url: str, *, allows_private: bool) -> str:
    message = bundle([Alert("id", "step_failed", "high", "t", "b")])
    policy = RetryPolicy(deadline_seconds=0.2)
    posting = post_all(
        url, message, run_id="r", now=NOW, allows_private=allows_private, policy=policy
    )
    return asyncio.run(posting)[0]


@pytest.mark.parametrize("address", METADATA)
def test_metadata_and_link_local_are_refused_whatever_is_allowed(address: str) -> None:
    assert refusal(address, allows_private=True)


@pytest.mark.parametrize("address", PRIVATE)
def test_private_addresses_are_refused_unless_allowed(address: str) -> None:
    assert refusal(address, allows_private=False)
    assert not refusal(address, allows_private=True)


@pytest.mark.parametrize(
    "address", ["8.8.8.8", "1.1.1.1", "2606:4700:4700::1111", "64:ff9b::808:808"]
)
def test_public_addresses_are_not_refused(address: str) -> None:
    assert not refusal(address, allows_private=False)


def test_webhook_on_this_machine_is_refused_unless_allowed(echo: Echo) -> None:
    before = len(echo.paths)
    fault = post(echo.url("json", path="secret-path"), allows_private=False)
    assert "private network" in fault
    assert "ORACUL_ALERTS__ALLOW_PRIVATE_WEBHOOK" in fault
    assert "secret-path" not in fault
    assert len(echo.paths) == before
    assert post(echo.url("json"), allows_private=True) == ""


def test_webhook_by_name_on_this_machine_is_refused(echo: Echo) -> None:
    port = echo.host.rpartition(":")[2]
    assert "private network" in post(f"http://localhost:{port}/json", allows_private=False)
    assert post(f"http://localhost:{port}/json", allows_private=True) == ""


@pytest.mark.parametrize("host", [*SPELLINGS, "169.254.169.254", "[::ffff:169.254.169.254]"])
def test_webhook_never_reaches_the_metadata_service(host: str) -> None:
    fault = post(f"http://{host}/latest/meta-data", allows_private=True)
    assert "metadata service" in fault or "is not a URL" in fault


@pytest.mark.parametrize("scheme", ["file", "ftp", "gopher", "unix", "javascript", ""])
def test_webhook_is_http_or_nothing(scheme: str) -> None:
    assert "not delivered" in post(f"{scheme}://example.invalid/x", allows_private=True)


def test_webhook_follows_no_redirect(echo: Echo) -> None:
    assert "302" in post(echo.url("moved"), allows_private=True)
    assert not [path for path in echo.paths if path.startswith("/stolen")]


def connect(echo: Echo) -> None:
    host, _, port = echo.host.partition(":")
    socket.create_connection((host, int(port)), timeout=2).close()


def test_library_that_connects_by_itself_is_watched(echo: Echo) -> None:
    with (
        watched_connections(allows_private=False) as watch,
        pytest.raises(OSError, match="private"),
    ):
        connect(echo)
    assert "private network" in watch.refused
    with watched_connections(allows_private=True):
        connect(echo)
        with pytest.raises(OSError, match="metadata"):
            socket.create_connection(("169.254.169.254", 80), timeout=2)


def test_control_a_connection_that_is_not_watched_succeeds(echo: Echo) -> None:
    """The control: afterwards, and in other threads, the same connection is made."""
    with watched_connections(allows_private=False), ThreadPoolExecutor() as pool:
        pool.submit(connect, echo).result()
    connect(echo)


@pytest.mark.parametrize(("name", "passes"), [("HTTP_PROXY", True), ("NO_PROXY", False)])
def test_proxy_is_reached_and_nothing_else_there(
    echo: Echo, monkeypatch: pytest.MonkeyPatch, name: str, passes: bool
) -> None:
    monkeypatch.setenv(name, f"http://{echo.host}" if passes else echo.host)
    with watched_connections(allows_private=False) as watch:
        with nullcontext() if passes else pytest.raises(OSError, match="private"):
            connect(echo)
        with pytest.raises(OSError, match="private"):
            socket.create_connection(("127.0.0.1", 9), timeout=2)
    assert watch.refused


def test_price_source_follows_no_redirect_and_meets_no_metadata_service(echo: Echo) -> None:
    async def get(url: str) -> Any:
        async with open_client(2) as client:
            return await fetch_json(client, url, deadline_seconds=1, source="kraken")

    with pytest.raises(BadReply, match="302"):
        asyncio.run(get(echo.url("moved")))
    with pytest.raises(BadReply, match="metadata"):
        asyncio.run(get("http://169.254.169.254/x"))
    assert not [path for path in echo.paths if path.startswith("/stolen")]


def test_control_a_client_that_follows_is_led_away(echo: Echo) -> None:
    """The control: with redirects followed, the other place is asked."""
    httpx.get(echo.url("moved"), follow_redirects=True)
    assert echo.paths.pop().startswith("/stolen")


def test_name_is_resolved_once_and_the_judged_address_is_asked(
    echo: Echo, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A name that turns private after it was judged (DNS rebinding) leads nowhere else."""
    answers = [("127.0.0.1", 0), ("169.254.169.254", 0)]
    asked = []
    real = socket.getaddrinfo

    def lookup(host: Any, *rest: Any, **named: Any) -> Any:
        if host != "rebind.test":
            return real(host, *rest, **named)
        asked.append(host)
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", answers[len(asked) - 1])]

    monkeypatch.setattr(socket, "getaddrinfo", lookup)
    port = echo.host.rpartition(":")[2]
    assert post(f"http://rebind.test:{port}/json", allows_private=True) == ""
    assert asked == ["rebind.test"]
    assert "metadata" in post(f"http://rebind.test:{port}/json", allows_private=True)


@pytest.mark.parametrize("host", ["169.254.169.254", "[fd00:ec2::254]", "[::ffff:169.254.169.254]"])
def test_rpc_endpoint_is_no_metadata_service(host: str) -> None:
    with pytest.raises(ConfigError, match="metadata"):
        make_endpoints([SecretStr(f"http://{host}/key")], max_concurrency=1, max_batch_blocks=1)


@pytest.mark.parametrize("host", SPELLINGS)
def test_rpc_endpoint_by_any_name_is_no_metadata_service(host: str) -> None:
    async def resolve() -> None:
        await GuardedResolver().resolve(host, 80)

    with pytest.raises(OSError, match=r"metadata|resol|known|Name"):
        asyncio.run(resolve())


@pytest.mark.parametrize(
    "url",
    ["http://user:pa/ss@host.example/x", "https://user:12345/x@host.example", "http://[bad/x",
     "http://user:p?a@host.example", "ftp://host.example/x", "http://host:port/x", "x"],
)  # fmt: skip
def test_address_that_falls_apart_is_refused_and_not_shown(url: str) -> None:
    with pytest.raises(ConfigError) as caught:
        make_endpoints([SecretStr(url)], max_concurrency=1, max_batch_blocks=1)
    shown = f"{caught.value} {caught.value.__cause__}"
    assert not [part for part in ("user", "pa/", "12345", "host.example", "p?a") if part in shown]


def test_no_flow_takes_an_address() -> None:
    """Parameters can be typed into Prefect's form: a chain's slug, a span, numbers, switches."""
    import importlib

    from prefect import Flow

    taken: dict[str, Any] = {}
    for path in sorted((PROJECT_ROOT / "flows").glob("*.py")):
        module = importlib.import_module(f"flows.{path.stem}")
        for value in vars(module).values():
            if isinstance(value, Flow):
                taken |= value.parameters.model_dump()["properties"]
    texts = {
        name: schema
        for name, schema in taken.items()
        if any(kind.get("type") not in ("boolean", "integer", "null") for kind in _kinds(schema))
    }
    # The slug is one of a list, the span has a pattern of digits. What an automation says of a run
    # is only told, harmless.
    free = {name for name, schema in texts.items() if not all(map(_is_bound, _kinds(schema)))}
    assert free == {"subject", "text"}


def _is_bound(kind: dict[str, Any]) -> bool:
    """Whether a form takes nothing but numbers, switches, days, listed words or a pattern."""
    plain = kind.get("type") in ("boolean", "integer", "null")
    listed = "enum" in kind or "const" in kind or "pattern" in kind or kind.get("format") == "date"
    return plain or listed or ("items" in kind and _is_bound(kind["items"]))


def _kinds(schema: dict[str, Any]) -> list[dict[str, Any]]:
    return list(schema.get("anyOf", [schema]))


@pytest.mark.parametrize("chain", ["http://169.254.169.254/", "../../x", "ethereum'; drop table x"])
def test_chain_of_a_flow_is_one_that_is_known(chain: str) -> None:
    from flows.bodies import chains_to_run
    from flows.steps import Run
    from oracul.settings import Settings

    with pytest.raises(ConfigError):
        chains_to_run(Run(Settings(_env_file=None), chain=chain))


def test_localhost_goes_around_the_proxy_and_is_judged(
    echo: Echo, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A proxy resolves names for us, but not those that never reach it."""
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    before = len(echo.paths)
    address = echo.url("ok").replace("127.0.0.1", "localhost")
    assert "private network" in post(address, allows_private=False)
    assert len(echo.paths) == before
