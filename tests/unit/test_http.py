"""The retry policy is pure; the JSON client is tried against httpx's own mock transport."""

import sys
from datetime import UTC, datetime

import httpx
import pytest

from oracul.errors import BadReply, RateLimited, SourceUnavailable
from oracul.http import (
    LONGEST_REPLY_MB,
    RetryPolicy,
    fetch_json,
    retry,
    retry_after_seconds,
    status_error,
    wait_seconds,
)

NOW = datetime(2026, 1, 1, tzinfo=UTC)
SECRET_URL = "https://prices.example/v1/secret-key-123456/spot"


class Clock:
    """Time that passes only while one sleeps."""

    def __init__(self):
        self.now = 0.0
        self.waits = []

    def __call__(self):
        return self.now

    async def sleep(self, seconds):
        self.waits.append(seconds)
        self.now += seconds


def client_answering(*replies):
    queue = list(replies)

    def handle(request):
        reply = queue.pop(0) if len(queue) > 1 else queue[0]
        if isinstance(reply, Exception):
            raise reply
        return reply

    return httpx.AsyncClient(transport=httpx.MockTransport(handle))


def test_wait_grows_and_is_capped():
    policy = RetryPolicy(deadline_seconds=1000, first_wait_seconds=1, longest_wait_seconds=10)
    waits = [wait_seconds(policy, n, 0, jitter=1.0) for n in range(1, 7)]
    assert waits == [1, 2, 4, 8, 10, 10]


def test_wait_is_none_when_it_would_end_after_the_deadline():
    assert wait_seconds(RetryPolicy(deadline_seconds=5), 1, 4.9, jitter=1.0) is None


def test_wait_honours_retry_after_above_backoff():
    assert wait_seconds(RetryPolicy(), 1, 0, jitter=0.0, retry_after_seconds=7) == 7


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("3", 3.0),
        ("1.5", 1.5),
        ("Thu, 01 Jan 2026 00:00:20 GMT", 20.0),
        ("Wed, 31 Dec 2025 00:00:00 GMT", 0.0),
        ("soon", None),
        (None, None),
    ],
)
def test_retry_after_reads_seconds_and_dates(header, seconds):
    assert retry_after_seconds(header, NOW) == seconds


@pytest.mark.parametrize(
    ("status", "header", "kind"),
    [
        (200, None, type(None)),
        (429, None, RateLimited),
        (503, "2", RateLimited),
        (503, None, SourceUnavailable),
        (502, None, SourceUnavailable),
        (401, None, BadReply),
        (302, None, BadReply),
    ],
)
def test_status_error_sorts_statuses(status, header, kind):
    assert type(status_error("x", status, retry_after=header, now=NOW)) is kind


async def test_retry_stops_at_deadline_and_says_how_often():
    clock = Clock()

    async def fail():
        raise SourceUnavailable("down.")

    policy = RetryPolicy(deadline_seconds=10, first_wait_seconds=1)
    with pytest.raises(SourceUnavailable, match=r"Tried 4 times in 7 s"):
        await retry(fail, policy, source="x", clock=clock, sleep=clock.sleep, jitter=lambda: 1.0)
    assert clock.waits == [1, 2, 4]


async def test_retry_does_not_repeat_bad_reply():
    clock, calls = Clock(), []

    async def fail():
        calls.append(1)
        raise BadReply("no.")

    with pytest.raises(BadReply):
        await retry(fail, RetryPolicy(), source="x", clock=clock, sleep=clock.sleep)
    assert len(calls) == 1


async def test_retry_cuts_a_call_that_hangs():
    import asyncio

    with pytest.raises(SourceUnavailable, match="no answer within"):
        await retry(asyncio.Event().wait, RetryPolicy(deadline_seconds=0.05), source="x")


async def test_fetch_json_returns_value_after_rate_limit():
    client = client_answering(
        httpx.Response(429, headers={"retry-after": "0"}), httpx.Response(200, json={"a": 1})
    )
    policy = RetryPolicy(first_wait_seconds=0.001)
    async with client:
        assert await fetch_json(
            client, SECRET_URL, deadline_seconds=5, source="x", policy=policy
        ) == {"a": 1}


@pytest.mark.parametrize(
    ("reply", "kind"),
    [
        (httpx.Response(200, text=f"<html>{SECRET_URL}"), BadReply),
        (httpx.Response(403, text=f"bad key in {SECRET_URL}, k=topsecretvalue"), BadReply),
        (httpx.Response(500), SourceUnavailable),
        (httpx.ConnectError(f"cannot reach {SECRET_URL}"), SourceUnavailable),
    ],
)
async def test_fetch_json_error_names_source_and_no_secret(reply, kind):
    async with client_answering(reply) as client:
        with pytest.raises(kind) as caught:
            await fetch_json(
                client,
                SECRET_URL,
                params={"k": "topsecretvalue"},
                deadline_seconds=0.1,
                source="exampleprices",
            )
    text = str(caught.value)
    assert "exampleprices" in text
    assert "secret" not in text


async def test_fetch_json_reads_no_more_than_the_longest_reply():
    sent = []

    async def endless():
        while True:
            sent.append(1)
            yield b" " * 2**20

    async with client_answering(httpx.Response(200, content=endless())) as client:
        with pytest.raises(BadReply, match=f"more than {LONGEST_REPLY_MB} MB"):
            await fetch_json(client, SECRET_URL, deadline_seconds=30, source="x")
    assert len(sent) == LONGEST_REPLY_MB + 1


async def test_fetch_json_refuses_json_that_is_nested_without_end():
    # Some libraries raise the limit that would stop a recursive decoder.
    before = sys.getrecursionlimit()
    sys.setrecursionlimit(10**6)
    try:
        async with client_answering(httpx.Response(200, text="[" * 100_000)) as client:
            with pytest.raises(BadReply, match="not JSON"):
                await fetch_json(client, SECRET_URL, deadline_seconds=5, source="x")
    finally:
        sys.setrecursionlimit(before)


async def test_fetch_json_takes_brackets_in_text_for_text():
    answer = httpx.Response(200, json={"said": "[" * 1000})
    async with client_answering(answer) as client:
        said = await fetch_json(client, SECRET_URL, deadline_seconds=5, source="x")
    assert said == {"said": "[" * 1000}
