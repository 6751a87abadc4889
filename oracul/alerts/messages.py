"""Bundling alerts into messages: one each for checks and steps, one digest of anomalies. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass

from oracul.alerts.rules import Alert, Severity, worst

# Things with anomalies that a digest shows; the rest is counted.
SHOWN_GROUPS = 15
SHOWN_IN_GROUP = 3


@dataclass(frozen=True)
class Message:
    """What is sent at once: a title, lines below it, and the alerts it tells of."""

    rule: str
    severity: Severity
    title: str
    lines: tuple[str, ...]
    alerts: tuple[Alert, ...]

    @property
    def runbook(self) -> str:
        """The page that says what to do."""
        return f"docs/runbooks/{self.rule.replace('_', '-')}.md"

    @property
    def text(self) -> str:
        """Title and lines."""
        return "\n".join((self.title, *self.lines))


def bundle(alerts: Sequence[Alert]) -> list[Message]:
    """Messages in order of severity: checks and steps one by one, anomalies as one digest."""
    anomalies = [alert for alert in alerts if alert.rule == "anomaly"]
    messages = [
        Message(alert.rule, alert.severity, alert.title, (alert.body,), (alert,))
        for alert in alerts
        if alert.rule != "anomaly"
    ]
    messages.sort(key=lambda message: message.severity != "critical")
    return [*messages, _digest(anomalies)] if anomalies else messages


def _digest(anomalies: Sequence[Alert]) -> Message:
    """Anomalies by what they are of, in the order given (worst first)."""
    groups: dict[str, list[Alert]] = {}
    for alert in anomalies:
        groups.setdefault(alert.group, []).append(alert)
    lines = []
    for members in list(groups.values())[:SHOWN_GROUPS]:
        lines += [f"{alert.severity}: {alert.body}" for alert in members[:SHOWN_IN_GROUP]]
        if len(members) > SHOWN_IN_GROUP:
            lines.append(f"… and {len(members) - SHOWN_IN_GROUP:,} more of the same")
    if len(groups) > SHOWN_GROUPS:
        lines.append(f"… and {len(groups) - SHOWN_GROUPS:,} more tokens and addresses")
    count = f"{len(anomalies):,} " + ("anomaly" if len(anomalies) == 1 else "anomalies")
    entities = (
        "one token or address" if len(groups) == 1 else f"{len(groups):,} tokens or addresses"
    )
    level = worst(anomalies)
    return Message("anomaly", level, f"{count} on {entities}, worst {level}", tuple(lines),
                   tuple(anomalies))  # fmt: skip
