"""The chain that the benchmarks read: made by hand, every root right, each block like a busy one of
mainnet (160 transactions, 389 logs, about 540 KB of JSON).
"""

from functools import partial
from pathlib import Path
from typing import Any

from oracul.demo.recording import Recording
from oracul.settings import ChainSettings, Settings, WarehouseSettings
from tests.fixtures.toy_chain import like_mainnet, toy_chain

CHAIN, CHAIN_ID = "devnet", 31337
TRANSACTIONS, LOGS = 160, 389


def long_recording(blocks: int) -> Recording:
    """A recording of that many blocks, from 0; importable, so that a server process can make it."""
    return Recording(CHAIN_ID, toy_chain(blocks, fill=like_mainnet))


def loader(blocks: int) -> Any:
    """`long_recording` of a size, to hand to `serve_recording`."""
    return partial(long_recording, blocks)


def local_settings(home: Path, url: str, **chain: Any) -> Settings:
    """Settings of an embedded warehouse of its own and one endpoint."""
    return Settings(
        home=home,
        warehouse=WarehouseSettings(port=0),
        chains={CHAIN: ChainSettings(rpc_urls=url, **chain)},
        _env_file=None,
    )
