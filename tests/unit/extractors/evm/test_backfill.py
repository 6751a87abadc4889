"""Which pieces a backfill lands, and which blocks it tries for its estimate. Pure."""

import pytest

from extractors.evm.backfill import CHUNK_BLOCKS, chunks, missing_in, spread

MISSING = [range(9_000, 13_000), range(5_000, 5_010), range(4_500)]


def numbers(ranges):
    return [number for one in ranges for number in one]


@pytest.mark.parametrize("order", ["newest_first", "oldest_first"])
def test_chunks_hold_every_missing_block_once(order):
    parts = [part for chunk in chunks(MISSING, order) for part in missing_in(MISSING, chunk)]
    assert sorted(numbers(parts)) == sorted(numbers(MISSING))


def test_no_chunk_is_longer_than_allowed():
    assert max(map(len, chunks(MISSING, "newest_first"))) == CHUNK_BLOCKS


def test_newest_first_goes_down_and_oldest_first_up():
    down = [chunk.start for chunk in chunks(MISSING, "newest_first")]
    assert down == sorted(down, reverse=True)
    assert list(chunks(MISSING, "oldest_first")) == list(chunks(MISSING, "newest_first"))[::-1]


def test_small_gaps_beside_each_other_are_one_chunk():
    holes = [range(n, n + 1) for n in range(1_000, 0, -10)]
    assert list(chunks(holes, "newest_first")) == [range(10, 1_001)]


def test_nothing_missing_is_no_chunk():
    assert list(chunks([], "newest_first")) == []
    assert spread([], 30) == []


def test_tried_blocks_are_missing_ones_spread_over_all():
    tried = spread(MISSING, 30)
    assert len(tried) == len(set(tried)) == 30
    assert set(tried) <= set(numbers(MISSING))
    assert {n // 1_000 for n in tried} >= {0, 2, 4, 9, 11}


def test_few_missing_blocks_are_tried_all():
    assert spread([range(7, 10)], 30) == [7, 8, 9]
