"""How far back following a chain goes. Pure."""

import pytest

from extractors.evm.follow import AT_LEAST_BLOCKS, lowest_followed
from oracul.chains import get_chain


@pytest.mark.parametrize(
    ("chain", "days", "blocks"),
    [
        ("ethereum", 14, 100_800),  # 12 seconds each
        ("polygon", 1, 43_200),
        ("ethereum", 1, AT_LEAST_BLOCKS),
        ("devnet", 14, AT_LEAST_BLOCKS),
    ],
)
def test_following_fills_the_days_before_the_head(chain, days, blocks):
    head = 20_000_000
    assert head + 1 - lowest_followed(head, days, get_chain(chain)) == blocks


def test_no_days_means_the_whole_chain():
    assert lowest_followed(20_000_000, 0, get_chain("ethereum")) == 0


def test_young_chain_is_followed_whole():
    assert lowest_followed(5_000, 14, get_chain("ethereum")) == 0
