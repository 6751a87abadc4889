"""Structured logs: a constant past-tense event and facts with units as keywords.

Never a secret, never a full RPC URL: pass an endpoint's name, not its address.
"""

import logging
import sys
from typing import Any, Literal, cast

import structlog

from oracul.redact import without_secrets
from oracul.visible import visible

Level = Literal["debug", "info", "warning", "error"]


def configure(level: Level = "info", *, json: bool = False) -> None:
    """Send logs to standard error, as lines for people or as one JSON object a line."""
    writing: list[Any] = (
        [structlog.processors.JSONRenderer()]
        if json
        else [_visible, structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty())]
    )
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            _without_secrets,
            *writing,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelName(level.upper())),
        # Looked up at each call, so that a progress bar or a test that swaps stderr is honoured.
        logger_factory=lambda *_: structlog.PrintLogger(sys.stderr),
        cache_logger_on_first_use=False,
    )


def _without_secrets(
    _logger: object, _method: str, event: structlog.typing.EventDict
) -> structlog.typing.EventDict:
    """The last look before an event is written: texts may quote what a service echoed."""
    return {k: without_secrets(v) if isinstance(v, str) else v for k, v in event.items()}


def _visible(
    _logger: object, _method: str, event: structlog.typing.EventDict
) -> structlog.typing.EventDict:
    """On a terminal no text of strangers acts; JSON escapes by itself."""
    return {k: visible(v) if isinstance(v, str) else v for k, v in event.items()}


def get_logger(**facts: Any) -> structlog.typing.FilteringBoundLogger:
    """A logger that adds these facts to each event."""
    return cast("structlog.typing.FilteringBoundLogger", structlog.get_logger(**facts))


def guard_other_loggers() -> None:
    """Take secrets out of the messages of every library that logs in this process.

    At level DEBUG HTTP libraries write headers, and services echo what they were sent in those. For
    whoever raises the level of all logs, as Prefect does on wish; may be called again.
    """
    make = logging.getLogRecordFactory()
    if getattr(make, "takes_secrets_out", False):
        return

    def guarded(*args: Any, **facts: Any) -> logging.LogRecord:
        record = make(*args, **facts)
        try:
            said = record.getMessage()
        except Exception:  # noqa: BLE001 — a call with wrong arguments: logging itself reports it
            return record
        shown = without_secrets(said)
        if shown != said:
            record.msg, record.args = shown, None
        if record.exc_info:
            # Formatters write this text instead of the traceback.
            told = logging.Formatter().formatException(record.exc_info)
            record.exc_text = without_secrets(told)
        return record

    guarded.takes_secrets_out = True  # type: ignore[attr-defined]
    logging.setLogRecordFactory(guarded)
