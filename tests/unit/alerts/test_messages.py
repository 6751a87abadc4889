"""How alerts are bundled."""

from dataclasses import replace

from oracul.alerts.messages import ONE_BY_ONE, OVER, REST, SHOWN_GROUPS, bundle, over, throttled
from oracul.alerts.rules import Alert


def anomaly(n: int, group: str, severity: str = "high") -> Alert:
    return Alert(f"id-{n}", "anomaly", severity, "t", f"body {n}", group)  # type: ignore[arg-type]


STEP = Alert("s", "step_failed", "high", "transform failed", "why (run r)")
CHECK = Alert("c", "check_failed", "critical", "Check failed", "observed 3")


def test_bundle_puts_failed_checks_first_and_anomalies_last() -> None:
    messages = bundle([anomaly(1, "a"), STEP, CHECK])
    assert [m.rule for m in messages] == ["check_failed", "step_failed", "anomaly"]


def test_bundle_makes_one_digest_grouped_by_what_it_is_of() -> None:
    alerts = [anomaly(1, "a", "critical"), anomaly(2, "b"), anomaly(3, "a")]
    (digest,) = bundle(alerts)
    assert digest.title == "3 anomalies on 2 tokens or addresses, worst critical"
    assert digest.lines == ("critical: body 1", "high: body 3", "high: body 2")


def test_digest_counts_what_it_does_not_show() -> None:
    alerts = [anomaly(n, "same") for n in range(5)]
    alerts += [anomaly(10 + n, f"g{n}") for n in range(SHOWN_GROUPS + 1)]
    (digest,) = bundle(alerts)
    assert "… and 2 more of the same" in digest.lines
    assert digest.lines[-1] == "… and 2 more tokens and addresses"
    assert len(digest.alerts) == len(alerts)


def test_bundle_of_nothing_is_nothing() -> None:
    assert bundle([]) == []


def test_message_names_its_runbook() -> None:
    assert bundle([STEP])[0].runbook == "docs/runbooks/step-failed.md"


def test_message_leads_to_the_pages_of_this_installation() -> None:
    (message,) = bundle([STEP], "https://wiki.example/runbooks/")
    assert message.text.endswith("\nRunbook: https://wiki.example/runbooks/step-failed.md")


def test_thousand_anomalies_are_one_message() -> None:
    (digest,) = bundle([anomaly(n, f"token/{n % 40}") for n in range(1000)])
    assert digest.title == "1,000 anomalies on 40 tokens or addresses, worst high"
    assert len(digest.lines) <= SHOWN_GROUPS * 4 + 1
    assert len(digest.alerts) == 1000


def test_many_alerts_of_one_rule_are_one_message() -> None:
    checks = [replace(CHECK, alert_id=f"c{n}", title=f"Check {n}") for n in range(ONE_BY_ONE + 30)]
    first, second = bundle([STEP, *checks])
    assert first.title == "33 alerts of rule check_failed, worst critical"
    assert first.lines[0] == "Check 0: observed 3"
    assert first.lines[-1] == "… and 18 more"
    assert second.title == "transform failed"


def test_throttled_counts_what_it_leaves_out() -> None:
    messages = bundle([replace(STEP, alert_id=str(n)) for n in range(3)] + [anomaly(1, "a")] * 5)
    kept = throttled(messages, 2)
    assert [m.rule for m in kept] == ["step_failed", "step_failed", REST]
    assert kept[-1].lines == ("anomaly: 5", "step_failed: 1")
    assert len(kept[-1].alerts) == 6
    assert throttled(messages, 4) == messages


def test_what_is_over_is_one_message_without_a_runbook() -> None:
    (message,) = over([STEP, CHECK])
    assert (message.rule, message.title, message.runbook) == (OVER, "Over: 2 alerts", "")
    assert message.lines == ("transform failed: why (run r)", "Check failed: observed 3")
    assert over([STEP])[0].title == "Over: transform failed"
    assert over([]) == []
