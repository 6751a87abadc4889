"""Which days of a chain are there and proven, and a map of them in characters."""

from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from typing import TYPE_CHECKING, NamedTuple

from oracul.errors import WarehouseError

if TYPE_CHECKING:
    from oracul.warehouse import Client

BLOCK_DATASETS = ("blocks", "transactions", "logs", "withdrawals")
DATASETS = (*BLOCK_DATASETS, "prices", "marts")
# Told apart without colours too.
MARKS = {"proven": "■", "partial": "◪", "missing": "□", "broken": "✗"}
NO_BLOCKS = "·"
LABEL_WIDTH = max(map(len, DATASETS)) + 2
_SELECT = """
select chain, block_date, dataset, status,
    proven_count, partial_count, broken_count, missing_count, last_verified_at
from marts.coverage_daily
where ({chain:String} = '' or chain = {chain:String})
    and block_date between {first:Date32} and {last:Date32}
order by chain, block_date, dataset
"""


class Day(NamedTuple):
    """One dataset of a chain and UTC day; counts are blocks, of prices hours, of marts tables."""

    chain: str
    day: date
    dataset: str
    status: str
    proven: int
    partial: int
    broken: int
    missing: int
    last_verified_at: object


def read_days(client: "Client", chain: str | None, first: date, last: date) -> list[Day]:
    """What is known of the days, by chain and day. Raises WarehouseError before the first build."""
    if not int(str(client.command("exists table marts.coverage_daily"))):
        raise WarehouseError(
            "Nothing is built yet.", hint="Build the marts with `oracul transform`."
        )
    rows = client.query(_SELECT, parameters={"chain": chain or "", "first": first, "last": last})
    return [Day(*row) for row in rows.result_rows]


def calendar(days: Sequence[Day]) -> list[date]:
    """Every day from the first to the last."""
    first, last = min(day.day for day in days), max(day.day for day in days)
    return [first + timedelta(days=i) for i in range((last - first).days + 1)]


def heat_map(days: Sequence[Day], width: int) -> Iterator[str]:
    """Lines of marks, one a dataset and one for the months, folded to `width` characters."""
    status = {(day.dataset, day.day): day.status for day in days}
    span, room = calendar(days), max(7, width - LABEL_WIDTH)
    for start in range(0, len(span), room):
        part = span[start : start + room]
        yield " " * LABEL_WIDTH + month_names(part)
        for dataset in DATASETS:
            marks = (MARKS.get(status.get((dataset, day), ""), NO_BLOCKS) for day in part)
            yield f"{dataset:<{LABEL_WIDTH}}{''.join(marks)}"


def month_names(span: Sequence[date]) -> str:
    """The months above the days: each name where its month begins, where there is room for it."""
    line = ""
    for place, day in enumerate(span):
        name = f"{day:%b %Y}" if place == 0 or day.month == 1 else f"{day:%b}"
        fits = place == 0 or (len(line) < place and place + len(name) <= len(span))
        if fits and (place == 0 or day.day == 1):
            line = f"{line:<{place}}{name}"
    return line
