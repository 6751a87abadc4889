"""The day's requests: how fast, until when, and what is said then."""

from datetime import UTC, datetime, timedelta

import pytest
from pydantic import ValidationError

from extractors.evm.budget import (
    LONGEST_PAUSE_SECONDS,
    Allowance,
    Budget,
    allowance,
    pause_seconds,
    seconds_left,
)
from oracul.errors import BudgetSpent
from oracul.settings import ChainSettings

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
BACKFILL = Allowance("ethereum", "backfill", 20_000, 0.5)
LIVE = Allowance("ethereum", "ingest_chain", 20_000, 1.0)


def test_without_a_quota_nothing_is_limited():
    assert allowance("ethereum", ChainSettings(), "backfill") is None


@pytest.mark.parametrize(
    ("flow", "limit"),
    [("backfill", 250), ("ingest_chain", 1000), ("ingest_tokens", 1000), ("verify", 250)],
)
def test_what_can_wait_has_a_share(flow, limit):
    settings = ChainSettings(daily_requests=1000, backfill_share=0.25)
    found = allowance("ethereum", settings, flow)
    assert found is not None
    assert (found.limit, found.is_paced) == (limit, flow == "backfill")


def test_day_ends_at_midnight_in_utc():
    assert seconds_left(NOON) == 43_200
    assert seconds_left(datetime(2026, 3, 1, tzinfo=UTC)) == 86_400
    assert seconds_left(datetime(2026, 3, 1, 23, 59, 59, 500_000, UTC)) == 0.5


@pytest.mark.parametrize(
    ("used", "pause"),
    [
        (0, 0.0),
        (7_999, 0.0),
        (8_000, 2 * 43_200 / 2_000),
        (9_000, LONGEST_PAUSE_SECONDS),
        (9_998, LONGEST_PAUSE_SECONDS),
        (9_999, None),
        (10_000, None),
        (99_999, None),
    ],
)
def test_backfill_slows_down_from_four_fifths_of_its_share_and_ends_with_it(used, pause):
    assert pause_seconds(BACKFILL, used, 2, NOON) == pause


@pytest.mark.parametrize(("used", "pause"), [(0, 0.0), (19_998, 0.0), (19_999, None)])
def test_live_ingest_is_never_slowed_down_and_ends_with_the_quota(used, pause):
    assert pause_seconds(LIVE, used, 2, NOON) == pause


def test_paced_backfill_lasts_for_the_rest_of_the_day_and_keeps_to_its_share():
    allowed = Allowance("ethereum", "backfill", 200_000, 0.5)
    now, used = NOON, 80_000
    while (pause := pause_seconds(allowed, used, 2, now)) is not None:
        used, now = used + 2, now + timedelta(seconds=pause)
        if now.day != NOON.day:
            break
    assert used <= allowed.limit
    assert used > 0.99 * allowed.limit
    assert now - NOON > timedelta(hours=11, minutes=59)


def test_spent_budget_says_when_it_goes_on_and_what_to_set():
    budget = Budget(BACKFILL, lambda: 10_000, lambda: NOON)
    with pytest.raises(BudgetSpent) as caught:
        budget.check()
    assert caught.value.message == (
        "ethereum: the request budget of today is spent, 10,000 of 20,000 requests, of which "
        "backfills may use 50%."
    )
    assert "in 12 h 0 min" in caught.value.hint
    assert "ORACUL_CHAINS__ETHEREUM__DAILY_REQUESTS" in caught.value.hint
    assert "ORACUL_CHAINS__ETHEREUM__BACKFILL_SHARE" in caught.value.hint


@pytest.mark.parametrize("share", [0.25, 0.01])
def test_share_that_no_run_can_begin_with_is_refused(share):
    with pytest.raises(ValidationError, match="a run needs 6 to begin"):
        ChainSettings(daily_requests=23, backfill_share=share)
    assert ChainSettings(daily_requests=24, backfill_share=0.25).daily_requests == 24


def test_what_is_under_way_counts_until_it_is_over():
    used = 0
    budget = Budget(Allowance("ethereum", "ingest_chain", 4, 1.0), lambda: used, lambda: NOON)
    for _ in range(2):
        assert budget.delay_seconds(2) == 0
        budget.take(2)
    assert budget.delay_seconds(2) > 0  # wait and see what they need
    used = 2
    budget.give_back(2)
    budget.give_back(2)
    assert budget.delay_seconds(2) == 0
    used = 4
    with pytest.raises(BudgetSpent):
        budget.delay_seconds(2)


def test_pause_holds_up_the_next_batch_but_not_the_end():
    used = 8_000
    budget = Budget(BACKFILL, lambda: used, lambda: NOON)
    assert budget.delay_seconds(2) == 0
    budget.take(2)
    assert 40 < budget.delay_seconds(2) < 44
    used = 10_000
    budget.give_back(2)
    with pytest.raises(BudgetSpent):
        budget.delay_seconds(2)
