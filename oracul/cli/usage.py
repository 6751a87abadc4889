"""The part of `oracul status` that tells what was asked of whom today, and what of the quota."""

from datetime import datetime
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from oracul.settings import Settings
    from oracul.warehouse import Client


def usage_facts(settings: "Settings", client: "Client", now: datetime) -> list[dict[str, Any]]:
    """Requests of the UTC day of `now`, a group a chain (chain "" = prices); none without any use.

    `quota` is what the settings allow the chain in a day, `quota_ratio` the part that is used, both
    None without a quota; `backfill_limit` is where backfills stop.
    """
    from oracul.warehouse import used_on

    chains: dict[str, dict[str, Any]] = {}
    for used in used_on(client, now.date()):
        traffic = used.traffic
        group = chains.setdefault(used.chain, {"chain": used.chain, "requests": 0, "providers": []})
        group["requests"] += traffic.requests
        group["providers"].append(
            {
                "provider": used.provider,
                "requests": traffic.requests,
                "calls": traffic.calls,
                "bytes": traffic.received_bytes,
                "failures": traffic.failures,
            }
        )
    for name, group in chains.items():
        wanted = settings.chains.get(name)
        quota = wanted.daily_requests if wanted else None
        share = wanted.backfill_share if wanted else 1.0
        group["quota"] = quota
        group["quota_ratio"] = group["requests"] / quota if quota else None
        group["backfill_limit"] = int(quota * share) if quota else None
    return list(chains.values())


def show_usage(chains: list[dict[str, Any]]) -> None:
    """A line a provider, and what of its chain's quota is used; nothing when nothing was asked."""
    from rich.table import Table

    from oracul.cli.console import out, plain
    from oracul.units import bytes_text

    if not chains:
        return
    table = Table(title="Requests today (UTC)", header_style="bold", title_justify="left")
    for name in ("Chain", "Provider", "Requests", "Received", "Failures", "Quota of the chain"):
        table.add_column(name, justify="left" if name in ("Chain", "Provider") else "right")
    for chain in chains:
        quota = f"{chain['quota_ratio']:.1%} of {chain['quota']:,}" if chain["quota"] else ""
        for place, used in enumerate(chain["providers"]):
            table.add_row(
                plain(chain["chain"] or "prices") if not place else "",
                plain(used["provider"]),
                f"{used['requests']:,}",
                bytes_text(used["bytes"]),
                f"{used['failures']:,}",
                quota if not place else "",
            )
    out.print(table)
