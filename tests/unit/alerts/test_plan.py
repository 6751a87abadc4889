"""What a channel is told, is not, and is told again."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from oracul.alerts.plan import (
    FLAPS,
    Plan,
    Silence,
    Telling,
    ended,
    ending,
    least,
    plan,
    taken,
)
from oracul.alerts.rules import Alert

NOW = datetime(2024, 5, 2, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
LAG = Alert("lag-1", "lag", "high", "ethereum lags", "old", "ethereum")
ANOMALY = Alert("a-1", "anomaly", "high", "t", "b", "token/ethereum/0xab")


class Channel:
    """A channel that keeps its rows, as `meta.alerts` does."""

    def __init__(self) -> None:
        self.rows: dict[str, Telling] = {}
        self.fault = ""
        self.silences: list[Silence] = []
        self.heard: list[str] = []

    def run(self, at: datetime, *alerts: Alert) -> Plan:
        """One run: what stands is planned, sent and written down."""
        found = plan(alerts, self.rows, standing=alerts, silences=self.silences, now=at)
        rows = [*found.quiet, *taken(found.fresh, self.rows, self.fault, at)]
        if not self.fault:
            rows += ended(found.over, at)
            self.heard += [f"+{a.alert_id}" for a in found.fresh]
            self.heard += [f"-{row.alert.alert_id}" for row in found.over]
        self.rows |= {row.alert.alert_id: row for row in rows}
        return found


@pytest.fixture
def channel() -> Channel:
    return Channel()


def lag(number: int, **facts: Any) -> Alert:
    return Alert(**{**vars(LAG), "alert_id": f"lag-{number}", **facts})


def test_alert_is_told_once_and_its_end_once(channel: Channel) -> None:
    for hour in range(3):
        channel.run(NOW + hour * HOUR, LAG)
    for hour in range(3, 6):
        channel.run(NOW + hour * HOUR)
    assert channel.heard == ["+lag-1", "-lag-1"]
    assert channel.rows["lag-1"].resolved_at == NOW + 3 * HOUR


def test_channel_that_was_down_hears_everything_later(channel: Channel) -> None:
    channel.fault = "down"
    channel.run(NOW, LAG, lag(2, subject="base"))
    channel.run(NOW + HOUR, LAG)
    assert (channel.heard, channel.rows["lag-1"].status) == ([], "failed")
    channel.fault = ""
    found = channel.run(NOW + 2 * HOUR, LAG)
    assert channel.heard == ["+lag-1", "-lag-2"]
    assert "could not be told while it stood" in ending(found.over[0], NOW + 2 * HOUR).body
    assert channel.rows["lag-1"].count == 3


def test_end_that_was_not_taken_is_told_later(channel: Channel) -> None:
    channel.run(NOW, LAG)
    channel.fault = "down"
    channel.run(NOW + HOUR)
    channel.fault = ""
    channel.run(NOW + 2 * HOUR)
    channel.run(NOW + 3 * HOUR)
    assert channel.heard == ["+lag-1", "-lag-1"]


def test_what_got_worse_is_told_again(channel: Channel) -> None:
    channel.run(NOW, LAG)
    channel.run(NOW + HOUR, lag(1, severity="critical"))
    channel.run(NOW + 2 * HOUR, LAG)
    assert channel.heard == ["+lag-1", "+lag-1"]


def test_flapping_is_told_at_most_once_an_hour_and_loses_nothing(channel: Channel) -> None:
    """On for a minute, off for a minute, for ten hours: 300 occasions."""
    for minute in range(600):
        at = NOW + timedelta(minutes=minute)
        channel.run(at, *([lag(minute)] if minute % 2 == 0 else []))
    told = [word for word in channel.heard if word.startswith("+")]
    assert len(told) <= FLAPS + 10
    assert len(channel.heard) <= 2 * (FLAPS + 10)
    assert len(channel.rows) == 300
    assert {row.status for row in channel.rows.values()} == {"resolved"}


def test_flapping_says_how_often(channel: Channel) -> None:
    for minute in range(0, 10, 2):
        channel.run(NOW + timedelta(minutes=minute), lag(minute))
        channel.run(NOW + timedelta(minutes=minute + 1))
    found = channel.run(NOW + 2 * HOUR, lag(99))
    assert found.fresh[0].body == "old (it came and went 5 times within a day)"


def test_flapping_that_stays_is_told_after_the_pause(channel: Channel) -> None:
    for minute in range(0, 6, 2):
        channel.run(NOW + timedelta(minutes=minute), lag(minute))
        channel.run(NOW + timedelta(minutes=minute + 1))
    held = channel.run(NOW + timedelta(minutes=7), lag(99))
    assert (held.fresh, held.kept_back, channel.rows["lag-99"].status) == ([], 1, "held")
    assert channel.run(NOW + timedelta(minutes=70), lag(99)).fresh != []


def test_other_subjects_do_not_count_as_flapping(channel: Channel) -> None:
    many = [lag(n, subject=f"chain-{n}") for n in range(50)]
    assert channel.run(NOW, *many).kept_back == 0
    assert len(channel.heard) == 50


def test_goes_on_in_other_words_is_not_over(channel: Channel) -> None:
    """A step that fails for another reason has a new id, and is not told to be over."""
    channel.run(NOW, LAG)
    channel.run(NOW + HOUR, lag(2))
    assert channel.heard == ["+lag-1", "+lag-2"]
    assert channel.rows["lag-1"].status == "resolved"


def test_anomaly_that_comes_back_within_a_day_is_no_news(channel: Channel) -> None:
    for minute in range(20):
        channel.run(NOW + timedelta(minutes=minute), *([ANOMALY] if minute % 2 == 0 else []))
    assert [word for word in channel.heard if word.startswith("+")] == ["+a-1"]


def test_anomalies_of_one_token_are_each_told(channel: Channel) -> None:
    days = [Alert(**{**vars(ANOMALY), "alert_id": f"a-{n}"}) for n in range(10)]
    assert len(channel.run(NOW, *days).fresh) == 10


def test_silence_holds_its_tongue_and_then_tells(channel: Channel) -> None:
    channel.silences = [Silence("s", "lag", "", NOW + HOUR)]
    assert channel.run(NOW, LAG).kept_back == 1
    assert channel.rows["lag-1"].status == "silenced"
    assert channel.run(NOW + timedelta(minutes=1), LAG).quiet == []
    channel.run(NOW + HOUR, LAG)
    assert channel.heard == ["+lag-1"]


def test_what_began_and_ended_in_a_silence_is_only_written_down(channel: Channel) -> None:
    channel.silences = [Silence("s", "", "ether*", NOW + HOUR)]
    channel.run(NOW, LAG)
    channel.run(NOW + timedelta(minutes=5))
    channel.run(NOW + 2 * HOUR)
    assert (channel.heard, channel.rows["lag-1"].status) == ([], "resolved")


@pytest.mark.parametrize(
    ("rule", "subject", "covers"),
    [("lag", "", True), ("gap", "", False), ("", "ether*", True), ("", "base", False),
     ("lag", "base", False), ("", "[e]thereum", True)],
)  # fmt: skip
def test_silence_covers_a_rule_and_a_pattern_of_subjects(
    rule: str, subject: str, covers: bool
) -> None:
    assert Silence("s", rule, subject, NOW + HOUR).covers(LAG, NOW) is covers
    assert not Silence("s", rule, subject, NOW).covers(LAG, NOW)


def test_acknowledged_is_not_tried_again(channel: Channel) -> None:
    channel.fault = "down"
    channel.run(NOW, LAG)
    row = channel.rows["lag-1"]
    channel.rows["lag-1"] = Telling(row.alert, "acknowledged", row.first_at, row.last_at)
    channel.fault = ""
    channel.run(NOW + HOUR, LAG)
    channel.run(NOW + 2 * HOUR)
    assert (channel.heard, channel.rows["lag-1"].status) == ([], "resolved")


def test_events_do_not_end(channel: Channel) -> None:
    channel.run(NOW, Alert("r", "reorg", "medium", "t", "b", "ethereum"))
    channel.run(NOW + HOUR)
    assert channel.heard == ["+r"]


def test_rows_from_before_subjects_never_end(channel: Channel) -> None:
    old = Alert("old", "check_failed", "critical", "t", "b")
    channel.rows["old"] = Telling(old, "sent", NOW, NOW, 1)
    assert channel.run(NOW + HOUR) == Plan()


def test_row_is_never_older_than_the_one_before(channel: Channel) -> None:
    """A demo plays in the past; the newest row counts."""
    channel.run(NOW, LAG)
    channel.run(NOW - 24 * HOUR)
    assert channel.rows["lag-1"].last_at == NOW


def test_least_takes_severities_and_rules() -> None:
    low = lag(2, severity="low")
    assert least([LAG, low], "medium", ()) == [LAG]
    assert least([LAG, ANOMALY], "low", {"anomaly"}) == [ANOMALY]
