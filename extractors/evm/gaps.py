"""Which blocks are missing: the wanted range minus the pointers that exist. Never remembered."""

from collections.abc import Iterator, Sequence

from oracul.warehouse import Client

# A row for each gap: where the distance to the pointer before is more than one.
_GAPS = """
    select previous + 1 as gap_start, block_number as gap_end
    from (
        select
            block_number,
            lagInFrame(block_number, 1, {start:Int64} - 1) over (
                order by block_number rows between unbounded preceding and current row
            ) as previous
        from (
            select distinct toInt64(block_number) as block_number
            from meta.canonical_blocks
            where chain = {chain:String}
                and block_number >= {start:Int64} and block_number < {end:Int64}
            union all
            select {end:Int64} as block_number
        )
    )
    where block_number > previous + 1
    order by gap_start desc
"""


def missing_ranges(client: Client, chain: str, start: int, end: int) -> list[range]:
    """Runs of block numbers in [start, end) without a pointer, newest first."""
    rows = client.query(_GAPS, parameters={"chain": chain, "start": start, "end": end}).result_rows
    return [range(first, last) for first, last in rows]


def newest_first(ranges: Sequence[range]) -> Iterator[int]:
    """Every number of the ranges, from the highest down."""
    for run in sorted(ranges, key=lambda r: r.start, reverse=True):
        yield from reversed(run)


def runs(numbers: Sequence[int]) -> list[range]:
    """Numbers as sorted half-open runs: [3, 1, 2, 7] → [1..4), [7..8)."""
    found: list[range] = []
    for number in sorted(set(numbers)):
        if found and found[-1].stop == number:
            found[-1] = range(found[-1].start, number + 1)
        else:
            found.append(range(number, number + 1))
    return found
