"""The gate in front of `reader`: one SELECT over allowed functions, and nothing else.

The engine's role keeps other tables away; the gate keeps away what roles do not cover (files, the
network, dictionaries, the server's insides).
"""

import re

from oracul.warehouse.embedded.engine import Handle, Totals
from oracul.warehouse.embedded.faults import ACCESS_DENIED, READONLY, SYNTAX_ERROR, Fault


def check(handle: Handle, sql: str, kind: str, count: int) -> None:
    """Raises Fault unless the text is one statement that a reader may run."""
    if count != 1:
        raise Fault(SYNTAX_ERROR, "Exactly one statement is expected")
    if kind != "READ_ONLY":
        raise Fault(ACCESS_DENIED, "This user may only read")
    raise Fault(ACCESS_DENIED, "not open yet")


def allowed_settings(settings: dict[str, str]) -> dict[str, str]:
    """Those settings of a request that a reader may change. Raises Fault for others."""
    for name in settings:
        if not name.startswith("output_format_"):
            raise Fault(READONLY, f"Cannot modify '{name}' setting in readonly mode")
    return settings
