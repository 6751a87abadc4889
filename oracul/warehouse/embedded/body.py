"""Taking in a request's body: in memory while small, then in a file; never past the limits."""

import asyncio
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import IO, cast

from starlette.types import Receive

from oracul.warehouse.embedded.faults import (
    NOT_ENOUGH_SPACE,
    SOCKET_TIMEOUT,
    TOO_LARGE,
    Fault,
)

_IN_MEMORY_BYTES = 1 << 20


class Disconnected(Exception):
    """The client went away before its request was complete."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What one request may take: bytes of its body (packed and unpacked), seconds of silence."""

    body_bytes: int
    silence_seconds: float
    scratch: Path


async def receive_body(receive: Receive, declared: str | None, limits: Limits) -> IO[bytes]:
    """The whole body as an open file, at its beginning.

    Nothing is run before the last byte is there, so a broken upload changes nothing. Raises Fault
    when it is too large or the client is silent for too long, Disconnected when it went away.
    """
    if declared is not None and declared.isdigit() and int(declared) > limits.body_bytes:
        raise Fault(TOO_LARGE, f"The body is larger than {limits.body_bytes} bytes")
    # The caller closes it: it lives as long as the statement that reads from it.
    spool = tempfile.SpooledTemporaryFile(  # noqa: SIM115
        max_size=_IN_MEMORY_BYTES, dir=str(limits.scratch)
    )
    size = 0
    try:
        while True:
            message = await asyncio.wait_for(receive(), limits.silence_seconds)
            if message["type"] == "http.disconnect":
                raise Disconnected
            piece = message.get("body", b"")
            size += len(piece)
            if size > limits.body_bytes:
                raise Fault(TOO_LARGE, f"The body is larger than {limits.body_bytes} bytes")
            spool.write(piece)
            if not message.get("more_body", False):
                break
    except TimeoutError:
        spool.close()
        raise Fault(
            SOCKET_TIMEOUT,
            f"No data for {limits.silence_seconds:g} seconds; the request is dropped",
        ) from None
    except OSError as error:
        spool.close()
        raise Fault(NOT_ENOUGH_SPACE, f"Cannot keep the request: {error.strerror}") from None
    except BaseException:
        spool.close()
        raise
    spool.seek(0)
    return cast("IO[bytes]", spool)
