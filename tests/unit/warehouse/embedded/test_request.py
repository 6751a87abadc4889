"""Names in a request are names; users say who they are in one way."""

import base64

import pytest

from oracul.warehouse.embedded.faults import Fault
from oracul.warehouse.embedded.request import Credentials, read_ask, read_credentials


def basic(text: str) -> str:
    return "Basic " + base64.b64encode(text.encode()).decode()


@pytest.mark.parametrize(
    ("headers", "params"),
    [
        ({"x-clickhouse-user": "u", "x-clickhouse-key": "p:q"}, {}),
        ({"authorization": basic("u:p:q")}, {}),
        ({}, {"user": "u", "password": "p:q"}),
        ({"authorization": basic("u:p:q")}, {"user": "u", "password": "p:q"}),
    ],
)
def test_credentials_come_in_three_ways(headers: dict[str, str], params: dict[str, str]) -> None:
    assert read_credentials(headers, params) == Credentials("u", "p:q")


@pytest.mark.parametrize(
    ("headers", "params", "code"),
    [
        ({}, {}, 194),
        ({"authorization": "Bearer x"}, {}, 516),
        ({"authorization": "Basic *"}, {}, 516),
        ({"authorization": basic("u:p")}, {"user": "v", "password": "p"}, 516),
    ],
)
def test_unclear_credentials_are_refused(
    headers: dict[str, str], params: dict[str, str], code: int
) -> None:
    with pytest.raises(Fault) as refused:
        read_credentials(headers, params)

    assert refused.value.code == code


def test_settings_and_parameters_are_sorted() -> None:
    ask = read_ask(
        [("database", "raw"), ("max_threads", "1"), ("param_a", "x"), ("session_id", "s")], {}
    )

    assert (ask.database, ask.settings, ask.parameters, ask.session_id) == (
        "raw",
        {"max_threads": "1"},
        {"a": "x"},
        "s",
    )


@pytest.mark.parametrize(
    "name",
    [
        "max_threads=1, readonly",
        "max_threads = 1 --",
        "a b",
        "a'b",
        "1a",
        "",
        "param_a = 'x', readonly",
        "param_",
        "log_comment",
        "profile",
        "role",
        "ünï",
        "a" * 200,
    ],
)
def test_setting_whose_name_is_no_name_is_refused(name: str) -> None:
    with pytest.raises(Fault):
        read_ask([(name, "1")], {})


@pytest.mark.parametrize("database", ["a`b", "a b", "a;b", "'a", "a\nb", "a\\", "é", "x" * 200])
def test_database_that_is_no_name_is_refused(database: str) -> None:
    with pytest.raises(Fault):
        read_ask([("database", database)], {})


@pytest.mark.parametrize("seconds", ["0", "-1", "4000", "x", "nan", "inf"])
def test_session_timeout_outside_its_range_is_refused(seconds: str) -> None:
    with pytest.raises(Fault):
        read_ask([("session_timeout", seconds)], {})


def test_native_block_compression_is_not_offered() -> None:
    with pytest.raises(Fault) as refused:
        read_ask([("compress", "1")], {})

    assert refused.value.status == 501
