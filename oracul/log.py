"""Structured logs: a constant past-tense event and facts with units as keywords.

Never a secret, never a full RPC URL: pass an endpoint's name, not its address.
"""

import logging
import sys
from typing import Any, Literal, cast

import structlog

Level = Literal["debug", "info", "warning", "error"]


def configure(level: Level = "info", *, json: bool = False) -> None:
    """Send logs to standard error, as lines for people or as one JSON object a line."""
    renderer: Any = (
        structlog.processors.JSONRenderer()
        if json
        else structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty())
    )
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            renderer,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelName(level.upper())),
        # Looked up at each call, so that a progress bar or a test that swaps stderr is honoured.
        logger_factory=lambda *_: structlog.PrintLogger(sys.stderr),
        cache_logger_on_first_use=False,
    )


def get_logger(**facts: Any) -> structlog.typing.FilteringBoundLogger:
    """A logger that adds these facts to each event."""
    return cast("structlog.typing.FilteringBoundLogger", structlog.get_logger(**facts))
