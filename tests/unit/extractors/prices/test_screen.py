"""Which prices are believed."""

import math
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from extractors.prices.model import HOUR, Observation
from extractors.prices.screen import Rules, fault_of, screen

NOW = datetime(2024, 5, 1, 12, 30, tzinfo=UTC)
HOUR_START = datetime(2024, 5, 1, 10, tzinfo=UTC)
RULES = Rules(band_ratio=0.1, jump_ratio=10, stale_seconds=7200)


def seen(
    price: float, source: str = "a", at: datetime = HOUR_START, **facts: object
) -> Observation:
    return Observation("ether", "ETH", source, price, at, **facts)  # type: ignore[arg-type]


def reasons(candidates: list[Observation], landed: list[Observation] | None = None) -> list[str]:
    verdict = screen(candidates, landed or [], RULES, NOW)
    return [refusal.reason for refusal in verdict.refused]


@pytest.mark.parametrize(
    ("observation", "reason"),
    [
        (seen(math.nan), "not a finite number"),
        (seen(math.inf), "not a finite number"),
        (seen(0.0), "not positive"),
        (seen(-1.0), "not positive"),
        (seen(1.0, at=NOW + timedelta(minutes=6)), "of the future: 360 s"),
        (seen(1.0, at=NOW - 3 * HOUR, asked_at=NOW), "stale: 10800 s old"),
        (seen(1.0, confidence=0.4), "its source doubts it"),
        (seen(1.0, confidence=math.nan), "its source doubts it"),
    ],
)
def test_fault_of_names_the_reason(observation: Observation, reason: str) -> None:
    assert fault_of(observation, RULES, NOW).startswith(reason)


@pytest.mark.parametrize(
    "observation",
    [
        seen(5e-324),
        seen(1.0, at=NOW + timedelta(minutes=4)),
        seen(1.0, at=NOW - timedelta(days=900)),
        seen(1.0, at=NOW - 2 * HOUR, asked_at=NOW),
        seen(1.0, confidence=0.8),
    ],
)
def test_fault_of_is_empty_for_a_sound_observation(observation: Observation) -> None:
    assert fault_of(observation, RULES, NOW) == ""


def test_screen_refuses_the_one_of_three_outside_the_band() -> None:
    assert reasons([seen(100, "a"), seen(101, "b"), seen(150, "c")]) == [
        "outside the band: 150 is 48.5% from the median 101 of 3 sources"
    ]


def test_screen_keeps_prices_at_the_edge_of_the_band() -> None:
    assert reasons([seen(100, "a"), seen(110, "b"), seen(90, "c")]) == []


def test_screen_refuses_both_of_two_that_disagree_when_nothing_decides() -> None:
    assert [r[:20] for r in reasons([seen(100, "a"), seen(300, "b")])] == [
        "two sources disagree"
    ] * 2


def test_screen_lets_the_day_around_decide_between_two() -> None:
    landed = [seen(98, "c", HOUR_START - 5 * HOUR), seen(103, "c", HOUR_START + 3 * HOUR)]
    verdict = screen([seen(100, "a"), seen(300, "b")], landed, RULES, NOW)
    assert [o.source for o in verdict.accepted] == ["a"]


def test_screen_counts_a_landed_price_as_a_voice() -> None:
    landed = [seen(100, "a"), seen(102, "b")]
    assert reasons([seen(400, "c")], landed)[0].startswith("outside the band")


def test_screen_refuses_a_lone_spike() -> None:
    calm = [seen(100, "a", HOUR_START - n * HOUR) for n in range(1, 9)]
    assert reasons([*calm, seen(1000, "a")]) == ["alone in a jump: 1000, but 100 in the day around"]


def test_screen_refuses_a_lone_spike_even_when_it_comes_first() -> None:
    calm = [seen(100, "a", HOUR_START + n * HOUR) for n in range(1, 3)]
    assert len(reasons([seen(1000, "a"), *calm])) == 1


def test_screen_keeps_a_lone_move_below_the_jump() -> None:
    assert reasons([seen(100, "a", HOUR_START - HOUR), seen(999, "a")]) == []


def test_screen_keeps_a_jump_that_another_source_confirms() -> None:
    before = [seen(100, "a", HOUR_START - HOUR)]
    assert reasons([seen(5000, "a"), seen(5050, "b")], before) == []


def test_screen_keeps_the_first_price_ever() -> None:
    assert reasons([seen(123.0)]) == []


def test_screen_judges_assets_apart() -> None:
    other = Observation("dai", "DAI", "a", 1.0, HOUR_START)
    assert reasons([seen(2000, "a"), other]) == []


OBSERVATIONS = st.lists(
    st.builds(
        Observation,
        st.sampled_from(["ether", "dai"]),
        st.just("X"),
        st.sampled_from("abcd"),
        st.floats(),
        st.integers(-300, 30).map(lambda n: NOW + n * timedelta(minutes=20)),
        st.none() | st.floats(),
        st.none() | st.just(NOW),
    ),
    max_size=30,
)


@given(OBSERVATIONS, st.randoms(use_true_random=False))
def test_screen_gives_each_one_verdict_whatever_the_order(
    candidates: list[Observation], random: object
) -> None:
    verdict = screen(candidates, [], RULES, NOW)
    shuffled = list(candidates)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    other = screen(shuffled, [], RULES, NOW)
    assert len(verdict.accepted) + len(verdict.refused) == len(candidates)
    assert sorted(map(repr, verdict.accepted)) == sorted(map(repr, other.accepted))


@given(OBSERVATIONS)
def test_screen_accepts_only_positive_finite_prices(candidates: list[Observation]) -> None:
    assert all(0 < o.price < math.inf for o in screen(candidates, [], RULES, NOW).accepted)
