"""What `oracul dbt lint` says: of each failure where it is, what is wrong and what to do."""

import pytest
import yaml

from oracul.cli.model_lint import RULES, advices, lint
from oracul.errors import ConfigError

RULE = {"name": "check_x", "description": "Do this."}


def test_every_rule_says_what_to_do():
    rules = yaml.safe_load(RULES.read_text(encoding="utf-8"))["manifest_checks"]
    assert [rule["name"] for rule in rules if len(rule.get("description", "")) < 20] == []


def test_failure_has_its_reason_and_the_advice_of_its_own_rule():
    failure = {
        "check_run_id": "check_x:1:m",
        "failure_message": "Do this. - `m` is wrong.",
        "file_path": "models/m.sql",
        "unique_id": "model.oracul.m",
    }
    other = {"name": "check_y", "description": "Do that."}
    assert list(advices([failure], [other, RULE])) == [
        ("models/m.sql", "    `m` is wrong.\n      → Do this.")
    ]


def test_name_of_no_model_is_refused():
    with pytest.raises(ConfigError, match="no model nonesuch"):
        lint(["nonesuch"])
