"""What is worth telling, and when it counts as told."""

from dataclasses import replace
from datetime import date

import pytest

from oracul.alerts.rules import (
    ActiveAnomaly,
    FailedCheck,
    TroubledStep,
    anomaly_alerts,
    check_alerts,
    step_alerts,
)

CHECK = FailedCheck("raw", "raw.blocks", "no_gaps", "3", "0", 3, "blocks 7 to 9", "run-1")
STEP = TroubledStep("ingest_prices", "", "degraded", "kraken tried 7 times", "run-2", "run-1")
ANOMALY = ActiveAnomaly(
    "token", "devnet", "0xab", "volume_usd", date(2024, 5, 1), "high", 9.0, "volume 14.2 M USD"
)


def test_check_alerts_are_critical_and_say_what_was_seen() -> None:
    (alert,) = check_alerts([CHECK])
    assert (alert.severity, alert.title, alert.body) == (
        "critical",
        "Check failed on raw.blocks: no_gaps",
        "observed 3, expected 0; 3 rows; blocks 7 to 9",
    )


@pytest.mark.parametrize(
    ("status", "severity", "title"),
    [
        ("failed", "high", "ingest_prices failed on optimism"),
        ("degraded", "medium", "ingest_prices is degraded on optimism"),
    ],
)
def test_step_alerts_tell_failed_from_degraded(status: str, severity: str, title: str) -> None:
    (alert,) = step_alerts([replace(STEP, status=status, chain="optimism")])
    assert (alert.severity, alert.title) == (severity, title)


def test_step_alert_is_the_same_occasion_in_the_next_run() -> None:
    later = replace(STEP, run_id="run-3", error="kraken tried 8 times")
    assert step_alerts([STEP])[0].alert_id == step_alerts([later])[0].alert_id


def test_step_alert_is_the_same_occasion_in_other_words_and_order() -> None:
    one = replace(STEP, error="kraken is out: no answer within 2 s; coinbase is out: HTTP 503")
    two = replace(STEP, error="coinbase is out: cannot be reached; kraken is out: HTTP 500")
    assert step_alerts([one])[0].alert_id == step_alerts([two])[0].alert_id


@pytest.mark.parametrize(
    "other",
    [
        replace(STEP, since="run-9"),
        replace(STEP, status="failed"),
        replace(STEP, error="coinbase is out"),
        replace(STEP, chain="optimism"),
    ],
)
def test_step_alert_is_another_occasion(other: TroubledStep) -> None:
    assert step_alerts([STEP])[0].alert_id != step_alerts([other])[0].alert_id


def test_check_alert_is_another_occasion_after_it_passed() -> None:
    again = replace(CHECK, since="run-5")
    assert check_alerts([CHECK])[0].alert_id != check_alerts([again])[0].alert_id


def test_anomaly_alerts_leave_out_lesser_ones_and_put_the_worst_first() -> None:
    rows = [
        replace(ANOMALY, severity="medium"),
        ANOMALY,
        replace(ANOMALY, day=date(2024, 5, 2)),
        replace(ANOMALY, severity="critical", metric="transfer_count"),
    ]
    told = anomaly_alerts(rows, "high")
    assert [(a.severity, a.title.rsplit(" ", 1)[1]) for a in told] == [
        ("critical", "2024-05-01"),
        ("high", "2024-05-02"),
        ("high", "2024-05-01"),
    ]


def test_anomaly_alert_keeps_its_id_when_its_numbers_change() -> None:
    changed = replace(ANOMALY, score=12.0, explanation="volume 15 M USD")
    assert (
        anomaly_alerts([ANOMALY], "low")[0].alert_id == anomaly_alerts([changed], "low")[0].alert_id
    )


def test_alerts_are_harmless_whatever_the_rows_say() -> None:
    evil = "[red]x[/] <!channel> @everyone \u202egnp.exe http://evil.example \x1b[2J\nnext"
    (alert,) = anomaly_alerts([replace(ANOMALY, explanation=evil)], "low")
    assert alert.body == "(red)x(/) ‹!channel› ＠everyone gnp․exe http:∕∕evil․example (2J next"
