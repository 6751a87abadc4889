"""Errors in ClickHouse's form."""

import pytest

from oracul.warehouse.embedded.faults import Fault, from_engine


def test_engine_error_keeps_code_name_and_message() -> None:
    error = RuntimeError(
        "Streaming query failed: Code: 60. DB::Exception: Table a.b does not exist. (UNKNOWN_TABLE)"
    )

    fault = from_engine(error)

    assert fault.text() == "Code: 60. DB::Exception: Table a.b does not exist. (UNKNOWN_TABLE)\n"


def test_engine_error_without_code_is_unknown() -> None:
    assert from_engine(ValueError("odd")).code == 1002


@pytest.mark.parametrize(
    ("code", "status"),
    [(194, 401), (516, 403), (497, 403), (62, 400), (60, 404), (159, 408), (307, 413), (202, 503),
     (48, 501), (395, 500)],
)  # fmt: skip
def test_status_follows_the_code(code: int, status: int) -> None:
    assert Fault((code, "X"), "m").status == status
