"""`oracul coverage`: which days are there and proven, as a map of characters."""

import json as json_module
import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from datetime import date
from typing import Annotated

import typer

from oracul.analytics.coverage import (
    BLOCK_DATASETS,
    MARKS,
    NO_BLOCKS,
    Day,
    calendar,
    heat_map,
    read_days,
)
from oracul.cli.options import AnyChainOption, FirstDayOption, LastDayOption

STYLES = {"proven": "green", "partial": "yellow", "missing": "red", "broken": "bold red"}
WORST_SHOWN = 10
# What the counts of a dataset count.
UNITS = dict.fromkeys(BLOCK_DATASETS, "block") | {"prices": "hour", "marts": "table"}


def coverage(
    chain: AnyChainOption = None,
    first_day: FirstDayOption = None,
    last_day: LastDayOption = None,
    json: Annotated[
        bool, typer.Option("--json", help="Print one JSON object a chain, day and dataset.")
    ] = False,
) -> None:
    """Show by UTC day what is proven, partial, missing or broken.

    As of now: it looks at what is stored, and at what `oracul verify` last found of it. Prices are
    those of the chain's own coin, marts wait (◪) from a change of their blocks to their next build.
    """
    from oracul.cli.console import err, settings
    from oracul.errors import ConfigError
    from oracul.spans import parse_day
    from oracul.warehouse import connect, warehouse_errors

    first, last = parse_day(first_day) or date(1970, 1, 1), parse_day(last_day) or date(2106, 1, 1)
    if last < first:
        raise ConfigError(f"The days end ({last}) before they begin ({first}).")
    client = connect(settings())
    with warehouse_errors("Coverage cannot be read"):
        days = read_days(client, chain, first, last)
    if json:
        for day in days:
            typer.echo(json_module.dumps(day._asdict(), default=str))
    elif days:
        _show(days)
    else:
        err.print("No blocks there. `oracul status` shows what has landed.")


def _show(days: Sequence[Day]) -> None:
    from oracul.cli.console import out, plain
    from oracul.units import plural

    for chain in dict.fromkeys(day.chain for day in days):
        of_chain = [day for day in days if day.chain == chain]
        span = calendar(of_chain)
        until = f"{span[0]} to {span[-1]}" if len(span) > 1 else f"{span[0]}"
        out.print(f"[bold]{plain(chain)}[/]  {until}, {plural(len(span), 'day')} in UTC")
        for line in heat_map(of_chain, out.width):
            out.print(styled(line))
        counts = Counter(day.status for day in of_chain)
        legend = [
            f"[{STYLES[status]}]{mark}[/] {counts[status]:,} {status}"
            for status, mark in MARKS.items()
            if counts[status]
        ]
        out.print("  ".join([*legend, f"{NO_BLOCKS} no blocks"]))
        for line in advice(of_chain):
            out.print(line)


def styled(line: str) -> str:
    """A line of the map with the colours of its marks."""
    for status, mark in MARKS.items():
        line = re.sub(f"{mark}+", rf"[{STYLES[status]}]\g<0>[/]", line)
    return re.sub(f"{NO_BLOCKS}+", r"[dim]\g<0>[/]", line)


def advice(days: Sequence[Day]) -> Iterator[str]:
    """The days that are not whole, broken before missing, and what to type about them."""
    from oracul.cli.console import plain
    from oracul.units import plural

    faulty = defaultdict(list)
    for day in days:
        if day.status in ("broken", "missing"):
            count = day.broken if day.status == "broken" else day.missing
            total = day.proven + day.partial + day.broken + day.missing
            faulty[day.status, day.day, UNITS[day.dataset], count, total].append(day.dataset)
    for (status, when, unit, count, total), datasets in sorted(faulty.items())[:WORST_SHOWN]:
        what = "" if len(datasets) == len(BLOCK_DATASETS) else f" ({', '.join(datasets)})"
        yield f"  {when}  {count:,} of {plural(total, unit)} {status}{what}"
    if len(faulty) > WORST_SHOWN:
        yield f"  … and {len(faulty) - WORST_SHOWN:,} more: --json gives all."
    yield from _commands(plain(days[0].chain), days)


def _commands(chain: str, days: Sequence[Day]) -> Iterator[str]:
    """What to type, a line for each kind of trouble."""

    def span(datasets: Sequence[str], *statuses: str) -> str:
        found = [d.day for d in days if d.dataset in datasets and d.status in statuses]
        if not found:
            return ""
        first, last = min(found), max(found)
        return f"--from {first}" + (f" --to {last}" if last > first else "")

    if blocks := span(BLOCK_DATASETS, "broken", "missing"):
        yield f"Land them again: `oracul verify --chain {chain} {blocks} --repair`."
    if span(BLOCK_DATASETS, "partial"):
        yield f"Prove again what is partial: `oracul verify --chain {chain}`."
    if prices := span(["prices"], "missing"):
        yield f"Ask for the prices: `oracul backfill --chain {chain} {prices} --what prices,marts`."
    if span(["marts"], "missing", "partial"):
        yield "Build what waits: `oracul transform`; the nightly deployments do it by themselves."
