"""What the command line prints of a step that ended."""

import pytest

from flows.steps import Outcome
from oracul.alerts import Told
from oracul.alerts.messages import bundle
from oracul.alerts.rules import Alert
from oracul.cli.console import say_outcome


def test_say_outcome_prints_new_alerts(capsys: pytest.CaptureFixture[str]) -> None:
    alert = Alert("id", "step_failed", "high", "transform failed", "no disk (run r)")
    told = Told(messages=bundle([alert]), sent=[alert])
    say_outcome(Outcome("alert", "done", told.sentence, told))
    assert capsys.readouterr().out.splitlines() == [
        "✓ Told people: 1 new alert",
        "  high transform failed",
        "    no disk (run r)",
    ]


def test_say_outcome_prints_one_line_for_other_steps(capsys: pytest.CaptureFixture[str]) -> None:
    say_outcome(Outcome("transform", "degraded", "[b]3 days[/b]"))
    assert capsys.readouterr().out == "! Built the marts: [b]3 days[/b]\n"
