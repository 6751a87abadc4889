"""Token contracts' answers as ethereum-etl recorded them, against the values it expects."""

import csv
import json
from pathlib import Path

import pytest

from extractors.evm.token_decode import SELECTORS, decode_token
from tests.fixtures.real_chain import CHAIN_DATA, needs_shared_data

CASES = CHAIN_DATA / "ethereum_etl" / "test_export_tokens_job"

pytestmark = [pytest.mark.needs_shared_data, needs_shared_data]


def recorded(folder: Path, selector: str) -> str:
    (path,) = folder.glob(f"web3_response.eth_call_data_{selector}_to_*_latest.json")
    return str(json.loads(path.read_text())["result"])


@pytest.mark.parametrize("case", ["alternative_return_type", "invalid_data"])
def test_decode_token_reads_what_ethereum_etl_expects(case: str) -> None:
    folder = CASES / f"token_with_{case}"
    with (folder / "expected_tokens.csv").open(newline="") as file:
        (expected,) = csv.DictReader(file)
    token = decode_token({name: recorded(folder, s) for name, s in SELECTORS.items()})
    assert {
        "symbol": token.symbol,
        "name": token.name,
        "decimals": str(token.decimals),
        "total_supply": str(token.total_supply_raw),
    } == {name: expected[name] for name in ("symbol", "name", "decimals", "total_supply")}
