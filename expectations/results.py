"""What Great Expectations answers, as rows of `meta.data_quality_checks`."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

Status = Literal["pass", "warn", "fail"]


@dataclass(frozen=True)
class CheckRow:
    """How one check ended. `unexpected_count` counts rows (or values) that break it."""

    suite: str
    table: str
    check: str
    severity: str
    status: Status
    observed: str
    expected: str
    unexpected_count: int
    details: str = ""


def rows_of(suite: str, table: str, results: Sequence[Mapping[str, Any]]) -> list[CheckRow]:
    """One row for each result of a validation (as `to_json_dict()["results"]` gives them)."""
    return [_row(suite, table, result) for result in results]


def _row(suite: str, table: str, result: Mapping[str, Any]) -> CheckRow:
    config = result["expectation_config"]
    words = config.get("meta") or {}
    severity = config.get("severity") or "critical"
    broken = _raised(result.get("exception_info") or {})
    answer = result.get("result") or {}
    count = _unexpected(config["type"], answer)
    return CheckRow(
        suite=suite,
        table=table,
        check=words.get("check", config["type"]),
        severity=severity,
        status=_status(bool(result["success"]), severity),
        observed="could not be checked" if broken else _observed(config["type"], answer, count),
        expected=words.get("expected", ""),
        unexpected_count=count,
        details=broken or _examples(answer),
    )


def _status(success: bool, severity: str) -> Status:
    if success:
        return "pass"
    return "fail" if severity == "critical" else "warn"


def _raised(info: Mapping[str, Any]) -> str:
    """The message of an exception in either of the shapes Great Expectations uses, or ''."""
    entries = [info] if "raised_exception" in info else list(info.values())
    for entry in entries:
        if isinstance(entry, Mapping) and entry.get("raised_exception"):
            return " ".join(str(entry.get("exception_message") or "no message").split())[:500]
    return ""


def _unexpected(kind: str, answer: Mapping[str, Any]) -> int:
    if kind == "unexpected_rows_expectation":
        return int(answer.get("observed_value") or 0)
    return int(answer.get("unexpected_count") or 0)


def _observed(kind: str, answer: Mapping[str, Any], count: int) -> str:
    if kind == "unexpected_rows_expectation":
        return f"{count:,} wrong {'row' if count == 1 else 'rows'}"
    return f"{count:,} wrong of {int(answer.get('element_count') or 0):,} values"


def _examples(answer: Mapping[str, Any]) -> str:
    examples = answer.get("partial_unexpected_list") or []
    return json.dumps(examples[:5], default=str) if examples else ""
