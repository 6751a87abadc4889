"""The gate over syntax trees, without an engine."""

import pytest

from oracul.warehouse.embedded.faults import Fault
from oracul.warehouse.embedded.gate import (
    check_database,
    check_tree,
    is_open_function,
    reader_settings,
)

LIMITS = {"max_execution_time": "60", "max_result_rows": "1000", "result_overflow_mode": "throw"}


@pytest.mark.parametrize(
    "name", ["sum", "SUM", "sumIf", "uniqExactArrayIf", "quantileState", "countDistinct", "lambda"]
)
def test_function_on_the_list_is_open_with_its_combinators(name: str) -> None:
    assert is_open_function(name)


@pytest.mark.parametrize(
    "name",
    ["file", "fileIf", "url", "dictGet", "sleep", "if_", "getMacro", "joinGet", "evalMLMethod",
     "aiGenerate", "arrayReduce", "initializeAggregation", "hostName", "catboostEvaluate", ""],
)  # fmt: skip
def test_function_off_the_list_is_closed(name: str) -> None:
    assert not is_open_function(name)


def tree(*lines: str) -> str:
    return "SelectWithUnionQuery (children 1)\n" + "\n".join(f"  {line}" for line in lines)


def test_tree_of_known_nodes_passes() -> None:
    check_tree(tree("Function sum (alias a) (children 1)", " Identifier x", "TableIdentifier m.t"))


@pytest.mark.parametrize(
    "lines",
    [
        ("Function file (children 1)",),
        ("TableExpression (children 1)", " Function url (children 1)"),
        ("TableExpression (children 1)", " Function format (children 1)"),
        ("Set",),
        ("ColumnsApplyTransformer",),
        ("TableIdentifier system.processes",),
        ("TableIdentifier SYSTEM.Users (alias u)",),
        ("Identifier system.users",),
    ],
)
def test_tree_with_a_closed_node_is_refused(lines: tuple[str, ...]) -> None:
    with pytest.raises(Fault):
        check_tree(tree(*lines))


@pytest.mark.parametrize("text", ["", "DropQuery", "Set", "Explain EXPLAIN (children 1)"])
def test_tree_with_another_root_is_refused(text: str) -> None:
    with pytest.raises(Fault):
        check_tree(text)


def test_reader_may_tighten_a_limit() -> None:
    assert reader_settings({"max_result_rows": "10"}, LIMITS)["max_result_rows"] == "10"


@pytest.mark.parametrize("value", ["0", "5000", "-1", "1e9", "unlimited", "²", "9" * 5000])
def test_reader_cannot_widen_a_limit(value: str) -> None:
    assert reader_settings({"max_result_rows": value}, LIMITS)["max_result_rows"] == "1000"


@pytest.mark.parametrize(
    "name",
    ["format_schema", "additional_table_filters", "allow_ddl", "max_result_bytes", "readonly",
     "result_overflow_mode", "output_format_schema", "http_response_headers", "max_rows_to_read"],
)  # fmt: skip
def test_reader_cannot_change_other_settings(name: str) -> None:
    with pytest.raises(Fault):
        reader_settings({name: "1"}, LIMITS)


@pytest.mark.parametrize("name", ["system", "SYSTEM", "raw", "meta", "staging"])
def test_reader_cannot_work_in_a_closed_database(name: str) -> None:
    with pytest.raises(Fault):
        check_database(name)
