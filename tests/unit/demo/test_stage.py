"""The stage runs: three nodes and four price services answer, in both acts."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from oracul.demo.stage import RATE_LIMIT_EVERY, SHAKY_SOURCE, SOURCES, Stage, stage
from oracul.settings import AlertSettings, Settings


@pytest.fixture(scope="module")
def shown(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    webhook = AlertSettings.model_validate(
        {
            "webhook_url": "http://127.0.0.1:9/hook",
            "channels": {"ops": {"url": "json://127.0.0.1:9"}},
        }
    )
    settings = Settings(home=Path(tmp_path_factory.mktemp("home")), alerts=webhook)
    with stage(settings) as running:
        yield running


def post(shown: Stage, node: int, method: str, *params: object) -> httpx.Response:
    body = {"jsonrpc": "2.0", "id": 1, "method": method, "params": params}
    return httpx.post(shown.nodes[node].url, json=body, timeout=30)


def ask(shown: Stage, node: int, method: str, *params: object) -> Any:
    return post(shown, node, method, *params).json()["result"]


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
    calls = range(RATE_LIMIT_EVERY)
    statuses = {post(shown, 2, "eth_blockNumber").status_code for _ in calls}
    assert statuses == {200, 429}


def test_one_price_source_is_down_in_act_one_only(shown) -> None:
    url = f"{shown.settings.prices.kraken.base_url}/0/public/Ticker?pair=DEVORCUSD"
    shown.act(1)
    first = httpx.get(url).status_code
    shown.act(2)
    assert (SHAKY_SOURCE, first, httpx.get(url).status_code) == ("kraken", 503, 200)


def test_settings_lead_to_the_stage_alone(shown) -> None:
    assert list(shown.settings.chains) == ["devnet"]
    urls = [getattr(shown.settings.prices, name).base_url for name in SOURCES]
    assert all(url.startswith("http://127.0.0.1:") for url in urls)
    assert not any(name.startswith("ORACUL_CHAINS__DEVNET") for name in os.environ)


def test_invented_anomalies_are_told_to_nobody(shown) -> None:
    assert shown.settings.alerts.webhook_url is None
    assert shown.settings.alerts.channels == {}
