"""Which addresses Oracul connects to: never a cloud's metadata service, and no private ones where
that was not allowed. A guard against hostile addresses, and names that resolve to them.

Names are resolved once, every answer is judged, and the connection goes to a judged address: what
the name resolves to a moment later does not matter. Behind an HTTP proxy the proxy resolves names;
then only addresses written as numbers can be judged here.
"""

import asyncio
import socket
import sys
import threading
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

import aiohttp
import httpx
from aiohttp.abc import ResolveResult

from oracul.errors import BadReply

# Link-local covers 169.254.169.254; the others are metadata services elsewhere.
_METADATA = (
    ip_network("fd00:ec2::/32"),
    ip_network("100.100.100.200/32"),
    ip_network("192.0.0.192/32"),
    ip_network("168.63.129.16/32"),
)
# Hosts that are reached without the environment's proxy, whatever it says.
DIRECT = ("127.0.0.1", "localhost", "::1")
_NAT64 = ip_network("64:ff9b::/96")
Address = IPv4Address | IPv6Address


def refusal(address: str, *, allows_private: bool) -> str:
    """Why an IP address is not connected to; '' when it may be."""
    found = _inner(ip_address(address.partition("%")[0]))
    if found.is_link_local or any(
        found in net for net in _METADATA if net.version == found.version
    ):
        return "is link-local or a cloud's metadata service"
    if found.is_multicast:
        return "is a multicast address"
    if not found.is_global and not allows_private:
        return "is on this machine or in a private network"
    return ""


def _inner(address: Address) -> Address:
    """The IPv4 address that an IPv6 one stands for, if it does."""
    if isinstance(address, IPv4Address):
        return address
    if address in _NAT64:
        return IPv4Address(int(address) & 0xFFFFFFFF)
    return address.ipv4_mapped or address.sixtofour or address


async def judged_addresses(host: str, *, allows_private: bool, what: str, hint: str) -> list[str]:
    """What a host resolves to, IPv4 first. Raises BadReply when any of it is refused, OSError when
    the name is unknown. `what` names the host in the error, which does not show it.
    """
    addresses = await _resolved(host)
    for address in addresses:
        why = refusal(address, allows_private=allows_private)
        if why:
            raise BadReply(f"{what} leads to an address that {why}: it was not asked.", hint=hint)
    return addresses


async def _resolved(host: str) -> list[str]:
    loop = asyncio.get_running_loop()

    async def ask(flags: int) -> list[str]:
        rows = await loop.getaddrinfo(host, None, type=socket.SOCK_STREAM, flags=flags)
        rows.sort(key=lambda row: row[0] != socket.AF_INET)
        return list(dict.fromkeys(str(row[4][0]) for row in rows))

    try:
        return await ask(socket.AI_ADDRCONFIG)
    except OSError:  # a machine without a network knows its own name only without that flag
        return await ask(0)


def guard_of_requests(
    *, allows_private: bool, what: str, hint: str
) -> Callable[[httpx.Request], Awaitable[None]]:
    """A request hook of httpx that judges where a request goes and holds it to that address."""

    async def judge(request: httpx.Request) -> None:
        host = request.url.host
        is_proxied = (
            request.url.scheme in getproxies() and host not in DIRECT and not proxy_bypass(host)
        )
        if is_proxied and not _is_number(host):
            return
        try:
            addresses = await judged_addresses(
                host, allows_private=allows_private, what=what, hint=hint
            )
        except (OSError, UnicodeError):
            raise httpx.ConnectError("the name is unknown", request=request) from None
        if not is_proxied:
            # Certificates are checked against the name all the same.
            request.extensions = {**request.extensions, "sni_hostname": host}
            request.url = request.url.copy_with(host=addresses[0])

    return judge


def refusal_of_host(host: str, *, allows_private: bool) -> str:
    """Like `refusal`, of a host that may be a name; a name is judged when it is resolved."""
    return refusal(host, allows_private=allows_private) if _is_number(host) else ""


def _is_number(host: str) -> bool:
    try:
        ip_address(host.partition("%")[0])
    except ValueError:
        return False
    return True


class GuardedResolver(aiohttp.ThreadedResolver):
    """Resolves names for aiohttp; an answer that is refused fails the connection."""

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        """Addresses of a host. Raises OSError also when one of them is refused."""
        found = await super().resolve(host, port, family)
        for address in found:
            why = refusal(address["host"], allows_private=True)
            if why:
                raise OSError(f"the name leads to an address that {why}")
        return found


@dataclass
class Watch:
    """What one thread may connect to, and why it was last kept from connecting; '' = it was not."""

    allows_private: bool
    proxies: frozenset[tuple[str, int]] = frozenset()
    refused: str = ""


_watching = threading.local()
_hooked = threading.Lock()
_hooks: list[Callable[[str, tuple[object, ...]], None]] = []


@contextmanager
def watched_connections(*, allows_private: bool) -> Iterator[Watch]:
    """Inside, this thread connects to no address that is refused: the attempt fails as OSError.

    For libraries that open connections by themselves. What is judged is the address that the
    system is asked to connect to, whatever name or redirect led there. The environment's proxies
    are reached in any case. Other threads are not watched.
    """
    with _hooked:
        if not _hooks:  # a hook stays for the life of the process
            sys.addaudithook(_judge_connection)
            _hooks.append(_judge_connection)
    _watching.watch = watch = Watch(allows_private, _proxy_addresses())
    try:
        yield watch
    finally:
        _watching.watch = None


def _judge_connection(event: str, facts: tuple[object, ...]) -> None:
    if event != "socket.connect":
        return
    watch: Watch | None = getattr(_watching, "watch", None)
    address = facts[1]
    if watch is None or not isinstance(address, tuple) or address[:2] in watch.proxies:
        return
    host = str(address[0])
    # A name is resolved by the socket itself, unseen: libraries resolve before they connect.
    why = (
        refusal(host, allows_private=watch.allows_private)
        if _is_number(host)
        else "was not resolved before"
    )
    if why:
        watch.refused = why
        raise ConnectionRefusedError(f"the address {why}")


def _proxy_addresses() -> frozenset[tuple[str, int]]:
    found: set[tuple[str, int]] = set()
    for scheme, url in getproxies().items():
        with suppress(OSError, ValueError):
            proxy = urlsplit(url if "://" in url else f"//{url}")
            if scheme == "no" or not proxy.hostname:
                continue
            rows = socket.getaddrinfo(proxy.hostname, proxy.port or 80, type=socket.SOCK_STREAM)
            found |= {(str(row[4][0]), int(row[4][1])) for row in rows}
    return frozenset(found)
