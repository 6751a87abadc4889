"""Which assets are asked for."""

from pathlib import Path

import pytest

from extractors.prices.assets import choose_assets, read_assets, read_token_assets
from extractors.prices.model import Asset
from oracul.errors import ConfigError

ETHER = Asset("ethereum", "ETH", {"coingecko": "ethereum"})
DAI = Asset("dai", "DAI", {"coingecko": "dai"})
ASSETS = {"ethereum": ETHER, "dai": DAI}
TOKENS = {("ethereum", "0xdai"): "dai", ("ethereum", "0xodd"): "not-in-seed"}


NATIVES = {"ethereum": "ethereum"}


def test_choose_assets_takes_natives_and_moved_tokens() -> None:
    chosen = choose_assets(NATIVES, [("ethereum", "0xdai")], ASSETS, TOKENS, unmapped_limit=0)
    assert list(chosen) == [DAI, ETHER]


def test_choose_assets_knows_every_chain_of_an_asset() -> None:
    natives = {"ethereum": "ethereum", "optimism": "ethereum"}
    chosen = choose_assets(natives, [("ethereum", "0xdai")], ASSETS, TOKENS, unmapped_limit=0)
    assert chosen == {DAI: {"ethereum"}, ETHER: {"ethereum", "optimism"}}


def test_choose_assets_leaves_out_tokens_that_did_not_move() -> None:
    assert list(choose_assets(NATIVES, [], ASSETS, TOKENS, unmapped_limit=9)) == [ETHER]


def test_choose_assets_asks_unmapped_tokens_by_address_up_to_the_limit() -> None:
    moved = [("polygon", f"0x{n}") for n in range(5)]
    chosen = choose_assets({}, moved, ASSETS, TOKENS, unmapped_limit=2)
    assert [a.ids for a in chosen] == [{"defillama": "polygon:0x0"}, {"defillama": "polygon:0x1"}]


def test_choose_assets_does_not_ask_a_curated_token_by_address() -> None:
    moved = [("ethereum", "0xodd")]
    assert choose_assets({}, moved, ASSETS, TOKENS, unmapped_limit=9) == {}


def test_seeds_of_the_project_are_readable() -> None:
    assets = read_assets()
    assert assets["ethereum"].ids["coinbase"] == "ETH-USD"
    assert "" not in {name for a in assets.values() for name in a.ids.values()}


def test_every_asset_of_a_token_is_in_the_assets() -> None:
    assert set(read_token_assets().values()) <= set(read_assets())


def test_read_assets_names_the_missing_column(tmp_path: Path) -> None:
    seed = tmp_path / "ref_assets.csv"
    seed.write_text("asset,symbol\nether,ETH\n")
    with pytest.raises(ConfigError, match="coinbase_product"):
        read_assets(seed)


def test_read_assets_says_what_to_do_when_the_file_is_missing(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="restore it"):
        read_assets(tmp_path / "ref_assets.csv")
