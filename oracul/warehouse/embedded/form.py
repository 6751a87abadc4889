"""Multipart forms: long query parameters as fields, and tables that are sent along with a query."""

import contextlib
import re
from collections.abc import Iterator

from starlette.datastructures import UploadFile
from starlette.exceptions import HTTPException
from starlette.formparsers import MultiPartException
from starlette.requests import Request
from starlette.types import Message

from oracul.warehouse.embedded.body import Limits
from oracul.warehouse.embedded.codecs import unpacked
from oracul.warehouse.embedded.faults import BAD_ARGUMENTS, TOO_LARGE, Fault
from oracul.warehouse.embedded.run import External

_MAX_FIELD_BYTES = 16 << 20
_TABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,127}")


async def read_form(
    request: Request, limits: Limits, stack: contextlib.ExitStack
) -> tuple[list[tuple[str, str]], list[External]]:
    """All parameters (of the form and of the address) and the tables sent along. Raises Fault.

    Files are closed with `stack`.
    """
    received = 0

    async def receive() -> Message:
        nonlocal received
        message = await request.receive()
        received += len(message.get("body", b""))
        if received > limits.body_bytes:
            raise Fault(TOO_LARGE, f"The body is larger than {limits.body_bytes} bytes")
        return message

    limited = Request(request.scope, receive)
    try:
        form = await limited.form(max_files=64, max_fields=1000, max_part_size=_MAX_FIELD_BYTES)
    except (MultiPartException, HTTPException) as error:
        # Inside an application, Starlette turns the one into the other.
        reason = error.detail if isinstance(error, HTTPException) else error.message
        raise Fault(BAD_ARGUMENTS, f"The form cannot be read: {reason}") from None
    except KeyError:
        raise Fault(BAD_ARGUMENTS, "The form cannot be read: its boundary is missing") from None
    fields = [(name, value) for name, value in form.multi_items() if isinstance(value, str)]
    files = [(name, value) for name, value in form.multi_items() if isinstance(value, UploadFile)]
    for _, file in files:
        stack.callback(file.file.close)
    fields = [*request.query_params.multi_items(), *fields]
    about = dict(fields)
    tables = [_table(name, file, about, limits) for name, file in files]
    used = {f"{table.name}_{part}" for table in tables for part in ("structure", "types", "format")}
    return [(name, value) for name, value in fields if name not in used], tables


def _table(name: str, file: UploadFile, about: dict[str, str], limits: Limits) -> External:
    """One table: its columns come from `<name>_structure` or `<name>_types`."""
    if not _TABLE.fullmatch(name):
        raise Fault(BAD_ARGUMENTS, f"'{name[:80]}' is not a name for a table")
    structure = about.get(f"{name}_structure")
    if structure is None:
        types = _split_types(about.get(f"{name}_types", ""))
        structure = ", ".join(f"_{at} {kind}" for at, kind in enumerate(types, start=1))
    if not structure:
        raise Fault(BAD_ARGUMENTS, f"{name}_structure or {name}_types is missing")
    pieces: Iterator[bytes] = unpacked(file.file, None, limits.body_bytes)
    return External(name, structure, about.get(f"{name}_format", "TabSeparated"), pieces)


def _split_types(types: str) -> list[str]:
    """Split at commas that are not inside brackets."""
    parts, depth = [""], 0
    for mark in types:
        depth += (mark == "(") - (mark == ")")
        if mark == "," and depth == 0:
            parts.append("")
        else:
            parts[-1] += mark
    return [part.strip() for part in parts if part.strip()]
