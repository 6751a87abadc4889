"""What is made of dbt's results, without running dbt."""

import pytest

from oracul.errors import QualityError, WarehouseError
from oracul.warehouse.dbt import Built, NodeResult, in_one_line, raise_first_failure


def node(name="m", kind="model", status="success", message="", days_built=0):
    return NodeResult(name, kind, status, 0.1, message, days_built)


def test_message_is_clickhouse_words_without_the_frame():
    text = (
        "Database Error in model m (models/m.sql)\n  Received ClickHouse exception, code: 60,"
        " server response: Code: 60. DB::Exception: Unknown table x. (UNKNOWN_TABLE)"
        " (for url http://127.0.0.1:1)"
    )
    assert in_one_line(text) == "Unknown table x. (UNKNOWN_TABLE)"


def test_message_of_dbt_loses_its_frame():
    text = (
        "Compilation Error in model m (models/m.sql)\n  m is built by day.\n\n"
        "  > in macro keep_days (macros/keep_days.sql)"
    )
    assert in_one_line(text) == "m is built by day"


def test_nothing_is_raised_when_nothing_failed():
    raise_first_failure([node(), node(kind="test", status="pass")])


def test_failed_model_comes_before_the_tests_and_the_rest_is_counted():
    nodes = [
        node("t", "test", "fail", "Got 1 result"),
        node("broken", status="error", message="Unknown table"),
        node("after", status="skipped"),
    ]
    with pytest.raises(
        WarehouseError, match=r"model broken failed: Unknown table\. 1 more failed\. 1 "
    ):
        raise_first_failure(nodes)


def test_failed_data_test_is_a_matter_of_quality():
    with pytest.raises(QualityError, match="unique_key_tokens"):
        raise_first_failure([node("unique_key_tokens", "test", "fail", "Got 2 results")])


def test_sentence_counts_days_and_tables():
    built = Built(
        (node(days_built=2), node("n", days_built=1), node("v"), node("t", "test", "pass"))
    )
    assert built.sentence == "3 models, 3 days of 2 tables rebuilt; 1 tests passed"


def test_sentence_says_when_nothing_changed():
    assert Built((node(),)).sentence == "1 models, nothing changed; 0 tests passed"
