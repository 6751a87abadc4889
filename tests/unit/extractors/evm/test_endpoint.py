"""Endpoints: names without secrets, and how hard they are pulled."""

import asyncio

import pytest
from pydantic import SecretStr

from extractors.evm.endpoint import is_limit, make_endpoints
from oracul.errors import ConfigError, RateLimited


def endpoints(*urls):
    return make_endpoints([SecretStr(u) for u in urls], max_concurrency=8, max_batch_blocks=10)


def test_name_is_the_host_and_never_the_key():
    (endpoint,) = endpoints("https://user:pass@rpc.example/v3/secretkey")
    assert endpoint.name == "rpc.example"
    assert "secretkey" not in repr(endpoint)


def test_equal_hosts_are_numbered():
    names = [e.name for e in endpoints("http://a:1/x", "http://a:1/y", "http://a:2")]
    assert names == ["a:1", "a:1#2", "a:2"]


@pytest.mark.parametrize("url", ["ftp://x/secretkey", "secretkey", "https:///secretkey"])
def test_address_that_is_none_is_refused_without_showing_it(url):
    with pytest.raises(ConfigError) as caught:
        endpoints(url)
    assert "secretkey" not in str(caught.value)


def test_window_grows_with_success_and_halves_with_failure():
    (endpoint,) = endpoints("http://a")
    for _ in range(200):
        endpoint.succeeded()
    assert (int(endpoint.window), endpoint.batch_blocks) == (8, 10)
    endpoint.slowed(0, smaller_batch=True)
    assert (int(endpoint.window), endpoint.batch_blocks) == (4, 10)
    endpoint.slowed(0, smaller_batch=True)
    assert (int(endpoint.window), endpoint.batch_blocks) == (2, 5)


def test_failures_of_requests_that_were_under_way_count_once():
    (endpoint,) = endpoints("http://a")
    for _ in range(4):
        endpoint.slowed(60, smaller_batch=True)
    assert endpoint.failures == 1


def test_endpoint_that_mostly_gives_proven_blocks_is_kept():
    (endpoint,) = endpoints("http://a")
    for _ in range(20):
        endpoint.failed_proof()
        endpoint.gave_proven(10)
    assert endpoint.is_usable


def test_endpoint_that_asked_to_wait_longer_than_one_can_is_not_asked():
    (endpoint,) = endpoints("http://a")
    endpoint.slowed(60)
    with pytest.raises(RateLimited, match="another 60 s"):
        asyncio.run(endpoint.turn(5))


def test_endpoint_is_set_aside_after_repeated_disproven_answers():
    (endpoint,) = endpoints("http://a")
    for _ in range(3):
        assert endpoint.is_usable
        endpoint.failed_proof()
    assert not endpoint.is_usable


@pytest.mark.parametrize(
    ("code", "message", "limited"),
    [
        (-32005, "x", True),
        (-32000, "Your app has exceeded its compute units", True),
        (-32601, "method not found", False),
        (3, "execution reverted", False),
    ],
)
def test_limit_errors_are_told_from_others(code, message, limited):
    assert is_limit(code, message) is limited
