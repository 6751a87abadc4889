"""Bundling alerts into messages, so that a bad night is read in a minute. Pure.

Anomalies are one digest, grouped by what they are of. Of any other rule a few alerts come one by
one, more as one message. What is over is one message.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace

from oracul.alerts.rules import RULES, Alert, rank, worst
from oracul.settings import Severity
from oracul.units import plural

# Things with anomalies that a digest shows; the rest is counted.
SHOWN_GROUPS = 15
SHOWN_IN_GROUP = 3
# Alerts of one rule that come one by one, and lines of a message that holds more.
ONE_BY_ONE = 3
SHOWN_LINES = 15
OVER, REST = "over", "rest"


@dataclass(frozen=True)
class Message:
    """What is sent at once: a title, lines below it, and the alerts it tells of.

    `rule` is that of its alerts, OVER when they are over, REST when they are counted only.
    `runbooks` is the address of the pages that say what to do, up to the last slash.
    """

    rule: str
    severity: Severity
    title: str
    lines: tuple[str, ...]
    alerts: tuple[Alert, ...]
    runbooks: str = "docs/runbooks/"

    @property
    def runbook(self) -> str:
        """The page that says what to do; '' when there is not one for all of it."""
        return f"{self.runbooks}{self.rule.replace('_', '-')}.md" if self.rule in RULES else ""

    @property
    def body(self) -> str:
        """Lines, then the page. Of a file only the name: chats make links of what ends in .md."""
        page = self.runbook if "://" in self.runbook else self.runbook.removesuffix(".md")
        return "\n".join([*self.lines, *([f"Runbook: {page}"] if page else [])])

    @property
    def text(self) -> str:
        """Title and body."""
        return f"{self.title}\n{self.body}" if self.body else self.title


def bundle(alerts: Sequence[Alert], runbooks: str = "docs/runbooks/") -> list[Message]:
    """Messages in order of severity, the digest of anomalies last."""
    by_rule: dict[str, list[Alert]] = {}
    for alert in alerts:
        by_rule.setdefault(alert.rule, []).append(alert)
    anomalies = by_rule.pop("anomaly", [])
    messages = [
        message
        for rule, members in by_rule.items()
        for message in ([_together(rule, members)] if len(members) > ONE_BY_ONE
                        else [_alone(alert) for alert in members])
    ]  # fmt: skip
    messages.sort(key=lambda message: -rank(message.severity))
    if anomalies:
        messages.append(_digest(anomalies))
    return [replace(message, runbooks=runbooks) for message in messages]


def throttled(messages: Sequence[Message], most: int) -> list[Message]:
    """At most this many messages, and one that counts the alerts of the others."""
    if len(messages) <= most:
        return list(messages)
    rest = [alert for message in messages[most:] for alert in message.alerts]
    counts = Counter(alert.rule for alert in rest)
    lines = tuple(f"{rule}: {count:,}" for rule, count in counts.most_common())
    title = f"… and {plural(len(rest), 'more alert')}: oracul alerts list shows them"
    return [*messages[:most], Message(REST, worst(rest), title, lines, tuple(rest))]


def over(alerts: Sequence[Alert]) -> list[Message]:
    """One message on all that is over; none when nothing is. Bodies say since when it was."""
    if not alerts:
        return []
    title = f"Over: {alerts[0].title}" if len(alerts) == 1 else f"Over: {len(alerts):,} alerts"
    lines = [_line(alert) for alert in alerts] if len(alerts) > 1 else [alerts[0].body]
    return [Message(OVER, "low", title, tuple(_cut(lines)), tuple(alerts))]


def _alone(alert: Alert) -> Message:
    return Message(alert.rule, alert.severity, alert.title, (alert.body,), (alert,))


def _together(rule: str, alerts: Sequence[Alert]) -> Message:
    ordered = sorted(alerts, key=lambda alert: -rank(alert.severity))
    title = f"{len(alerts):,} alerts of rule {rule}, worst {worst(alerts)}"
    return Message(rule, worst(alerts), title, tuple(_cut([_line(a) for a in ordered])),
                   tuple(ordered))  # fmt: skip


def _line(alert: Alert) -> str:
    return f"{alert.title}: {alert.body}"


def _cut(lines: Sequence[str]) -> list[str]:
    if len(lines) <= SHOWN_LINES:
        return list(lines)
    return [*lines[:SHOWN_LINES], f"… and {len(lines) - SHOWN_LINES:,} more"]


def _digest(anomalies: Sequence[Alert]) -> Message:
    """Anomalies by what they are of, in the order given (worst first)."""
    groups: dict[str, list[Alert]] = {}
    for alert in anomalies:
        groups.setdefault(alert.subject, []).append(alert)
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
