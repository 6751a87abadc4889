"""How alerts are bundled."""

from oracul.alerts.messages import SHOWN_GROUPS, bundle
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
