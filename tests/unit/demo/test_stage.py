"""The stage runs: three nodes and four price services answer, in both acts."""

import json
import os
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from oracul.demo.stage import RATE_LIMIT_EVERY, SHAKY_SOURCE, SOURCES, Stage, stage
from oracul.settings import AlertSettings, Settings


@pytest.fixture(scope="module")
def shown(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    webhook = AlertSettings.model_validate({"webhook_url": "http://127.0.0.1:9/hook"})
    settings = Settings(home=Path(tmp_path_factory.mktemp("home")), alerts=webhook)
    with stage(settings) as running:
        yield running


def ask(shown: Stage, node: int, method: str, *params: object) -> Any:
    body = json.dumps({"jsonrpc": "2.0", "id": 1, "method": method, "params": params}).encode()
    request = urllib.request.Request(shown.nodes[node].url, data=body)
    with urllib.request.urlopen(request, timeout=30) as reply:
        return json.load(reply)["result"]


def test_act_one_shows_the_branch_that_loses(shown) -> None:
    shown.act(1)
    reorg = shown.manifest["reorg"]
    head = ask(shown, 0, "eth_getBlockByNumber", "latest", False)
    assert head["hash"] == reorg["orphaned_hashes"][-1]


def test_act_two_shows_the_whole_chain(shown) -> None:
    shown.act(2)
    for node in range(3):
        head = ask(shown, node, "eth_getBlockByNumber", "latest", False)
        assert head["hash"] == shown.manifest["tip_hash"]


def test_second_node_contradicts_the_first(shown) -> None:
    shown.act(2)
    number = hex(shown.manifest["endpoint_faults"]["omits_a_log"][0])
    honest, falsified = (ask(shown, node, "eth_getBlockReceipts", number) for node in (0, 1))
    assert honest != falsified


def test_third_node_refuses_now_and_then(shown) -> None:
    with pytest.raises(urllib.error.HTTPError) as refusal:
        for _ in range(RATE_LIMIT_EVERY):
            ask(shown, 2, "eth_blockNumber")
    assert refusal.value.code == 429


def test_one_price_source_is_down_in_act_one_only(shown) -> None:
    url = f"{shown.settings.prices.kraken.base_url}/0/public/Ticker?pair=DEVORCUSD"
    shown.act(1)
    with pytest.raises(urllib.error.HTTPError) as refusal:
        urllib.request.urlopen(url, timeout=30)
    shown.act(2)
    with urllib.request.urlopen(url, timeout=30) as reply:
        assert json.load(reply)["error"] == []
    assert (refusal.value.code, SHAKY_SOURCE) == (503, "kraken")


def test_settings_lead_to_the_stage_alone(shown) -> None:
    assert list(shown.settings.chains) == ["devnet"]
    urls = [getattr(shown.settings.prices, name).base_url for name in SOURCES]
    assert all(url.startswith("http://127.0.0.1:") for url in urls)
    assert not any(name.startswith("ORACUL_CHAINS__DEVNET") for name in os.environ)


def test_invented_anomalies_are_told_to_nobody(shown) -> None:
    assert shown.settings.alerts.webhook_url is None
