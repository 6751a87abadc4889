"""The chains of the seed, and what a wrong one says."""

import pytest

from oracul.chains import get_chain, load_chains
from oracul.errors import ConfigError


def test_seed_names_the_four_chains_and_the_demo():
    assert set(load_chains()) == {"ethereum", "optimism", "polygon", "arbitrum", "devnet"}


@pytest.mark.parametrize(
    ("slug", "chain_id"), [("ethereum", 1), ("optimism", 10), ("polygon", 137), ("arbitrum", 42161)]
)
def test_chain_has_its_eip155_number(slug, chain_id):
    assert get_chain(slug).chain_id == chain_id


def test_unknown_chain_lists_the_known_ones():
    with pytest.raises(ConfigError, match="Known chains: arbitrum, devnet, ethereum"):
        get_chain("ethereun")


def test_broken_seed_row_is_named_by_line(tmp_path):
    seed = tmp_path / "ref_chains.csv"
    seed.write_text("chain,chain_id,name,kind\nx,notanumber,X,evm\n")
    with pytest.raises(ConfigError, match="line 2"):
        load_chains(seed)
