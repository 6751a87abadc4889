"""`oracul coverage`: which days are there and proven, as a map of characters."""

import json as json_module
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from itertools import groupby
from typing import TYPE_CHECKING, Annotated, NamedTuple

import typer

from oracul.cli.options import AnyChainOption, FirstDayOption, LastDayOption

if TYPE_CHECKING:
    from oracul.warehouse import Client

DATASETS = ("blocks", "transactions", "logs", "withdrawals")
# Told apart without colours too.
MARKS = {"proven": "■", "partial": "◪", "missing": "□", "broken": "✗"}
STYLES = {"proven": "green", "partial": "yellow", "missing": "red", "broken": "bold red"}
NO_BLOCKS = "·"
WORST_SHOWN = 10
_LABEL_WIDTH = max(map(len, DATASETS)) + 2
_SELECT = """
select chain, block_date, dataset, status,
    proven_count, partial_count, broken_count, missing_count, last_verified_at
from marts.coverage_daily
where ({chain:String} = '' or chain = {chain:String})
    and block_date between {first:Date32} and {last:Date32}
order by chain, block_date, dataset
"""


class Day(NamedTuple):
    """One kind of rows of a chain and UTC day; counts are blocks."""

    chain: str
    day: date
    dataset: str
    status: str
    proven: int
    partial: int
    broken: int
    missing: int
    last_verified_at: object


def coverage(
    chain: AnyChainOption = None,
    first_day: FirstDayOption = None,
    last_day: LastDayOption = None,
    json: Annotated[
        bool, typer.Option("--json", help="Print one JSON object a chain, day and dataset.")
    ] = False,
) -> None:
    """Show by UTC day what is proven, partial, missing or broken.

    As of now: it looks at what is stored, and at what `oracul verify` last found of it.
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


def read_days(client: "Client", chain: str | None, first: date, last: date) -> list[Day]:
    """What is known of the days, by chain and day. Raises WarehouseError before the first build."""
    from oracul.errors import WarehouseError

    if not int(str(client.command("exists table marts.coverage_daily"))):
        raise WarehouseError(
            "Nothing is built yet.", hint="Build the marts with `oracul transform`."
        )
    rows = client.query(_SELECT, parameters={"chain": chain or "", "first": first, "last": last})
    return [Day(*row) for row in rows.result_rows]


def _show(days: Sequence[Day]) -> None:
    from oracul.cli.console import out, plain
    from oracul.units import plural

    for chain in dict.fromkeys(day.chain for day in days):
        of_chain = [day for day in days if day.chain == chain]
        span = calendar(of_chain)
        until = f"{span[0]} to {span[-1]}" if len(span) > 1 else f"{span[0]}"
        out.print(f"[bold]{plain(chain)}[/]  {until}, {plural(len(span), 'day')} in UTC")
        for line in heat_map(of_chain, out.width):
            out.print(line)
        counts = Counter(day.status for day in of_chain)
        legend = [
            f"[{STYLES[status]}]{mark}[/] {counts[status]:,} {status}"
            for status, mark in MARKS.items()
            if counts[status]
        ]
        out.print("  ".join([*legend, f"{NO_BLOCKS} no blocks"]))
        for line in advice(of_chain):
            out.print(line)


def calendar(days: Sequence[Day]) -> list[date]:
    """Every day from the first to the last."""
    first, last = min(day.day for day in days), max(day.day for day in days)
    return [first + timedelta(days=i) for i in range((last - first).days + 1)]


def heat_map(days: Sequence[Day], width: int) -> Iterator[str]:
    """Lines of marks, one a dataset and one for the months, folded to the width of a terminal."""
    status = {(day.dataset, day.day): day.status for day in days}
    span, room = calendar(days), max(7, width - _LABEL_WIDTH)
    for start in range(0, len(span), room):
        part = span[start : start + room]
        yield " " * _LABEL_WIDTH + month_names(part)
        for dataset in DATASETS:
            stretches = groupby(status.get((dataset, day)) for day in part)
            marks = "".join(_marks(state, len(list(same))) for state, same in stretches)
            yield f"{dataset:<{_LABEL_WIDTH}}{marks}"


def _marks(status: str | None, count: int) -> str:
    if status is None:
        return f"[dim]{NO_BLOCKS * count}[/]"
    return f"[{STYLES[status]}]{MARKS[status] * count}[/]"


def month_names(span: Sequence[date]) -> str:
    """The months above the days: each name where its month begins, where there is room for it."""
    line = ""
    for place, day in enumerate(span):
        name = f"{day:%b %Y}" if place == 0 or day.month == 1 else f"{day:%b}"
        fits = place == 0 or (len(line) < place and place + len(name) <= len(span))
        if fits and (place == 0 or day.day == 1):
            line = f"{line:<{place}}{name}"
    return line


def advice(days: Sequence[Day]) -> Iterator[str]:
    """The days that are not whole, broken before missing, and what to type about them."""
    from oracul.cli.console import plain
    from oracul.units import plural

    faulty = defaultdict(list)
    for day in days:
        if day.status in ("broken", "missing"):
            count = day.broken if day.status == "broken" else day.missing
            total = day.proven + day.partial + day.broken + day.missing
            faulty[day.status, day.day, count, total].append(day.dataset)
    for (status, when, count, total), datasets in sorted(faulty.items())[:WORST_SHOWN]:
        what = "" if len(datasets) == len(DATASETS) else f" ({', '.join(datasets)})"
        yield f"  {when}  {count:,} of {plural(total, 'block')} {status}{what}"
    if len(faulty) > WORST_SHOWN:
        yield f"  … and {len(faulty) - WORST_SHOWN:,} more: --json gives all."
    chain = plain(days[0].chain)
    if faulty:
        first, last = min(day for _, day, *_ in faulty), max(day for _, day, *_ in faulty)
        span = f"--from {first}" + (f" --to {last}" if last > first else "")
        yield f"Land them again: `oracul verify --chain {chain} {span} --repair`."
    if any(day.status == "partial" for day in days):
        yield f"Prove again what is partial: `oracul verify --chain {chain}`."
