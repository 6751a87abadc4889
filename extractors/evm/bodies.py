"""The two halves of a batch, blocks and receipts: asked at once, and what failed of them again.

A half that came is kept: asking for both again would make a node that fails one request in five
answer half as many again.
"""

import asyncio
from collections.abc import Callable, Sequence

import msgspec

from extractors.evm.endpoint import Endpoint, post
from extractors.evm.parse import Answer, BadBody, Parsed
from extractors.evm.pool import Pool
from extractors.evm.workers import Parser
from oracul.errors import BadReply, RateLimited, SourceError, SourceUnavailable

_TRIES = 4
OnError = Callable[[Endpoint, SourceError], None]


async def post_all(
    pool: Pool, endpoint: Endpoint, bodies: Sequence[bytes], on_error: OnError
) -> list[bytes]:
    """Replies in the order of the bodies. Raises SourceError when none of them comes, or one of
    them does not after a few tries. `on_error` is told of each failure that is tried again.
    """
    replies: dict[int, bytes] = {}
    for left in reversed(range(_TRIES)):
        missing = [place for place in range(len(bodies)) if place not in replies]
        found = await asyncio.gather(
            *(post(pool.session, endpoint, bodies[i], pool.request_timeout_seconds)
              for i in missing),
            return_exceptions=True,
        )  # fmt: skip
        errors = [reply for reply in found if isinstance(reply, BaseException)]
        replies |= {i: r for i, r in zip(missing, found, strict=True) if isinstance(r, bytes)}
        if not errors:
            break
        for error in errors:
            if not isinstance(error, RateLimited | SourceUnavailable | BadReply):
                raise error
            if not replies or not left:
                raise error
        on_error(endpoint, errors[0])  # type: ignore[arg-type]  # one of those above
        if not endpoint.is_usable:
            raise errors[0]
    return [replies[place] for place in range(len(bodies))]


async def parsed(
    pool: Pool,
    endpoint: Endpoint,
    parser: Parser,
    answer: Answer,
    bodies: Sequence[bytes],
    on_error: OnError,
) -> Parsed:
    """The answer parsed; a half of it that cannot be read is asked for again. `bodies` are the
    requests of its halves. Raises SourceError as `post_all` does.
    """
    for left in reversed(range(_TRIES)):
        try:
            return await parser.parse(answer)
        except BadBody as error:
            # Single receipts were asked for by what the blocks said: with other blocks, all again.
            is_root = error.place == 0 and answer.receipt_counts is not None
            if is_root or not left or not endpoint.is_usable:
                raise
            on_error(endpoint, error)
            place = error.place
        (again,) = await post_all(pool, endpoint, [bodies[place]], on_error)
        if place == 0:
            answer = msgspec.structs.replace(answer, block_body=again)
        else:
            receipts = list(answer.receipt_bodies)
            receipts[place - 1] = again
            answer = msgspec.structs.replace(answer, receipt_bodies=tuple(receipts))
    raise AssertionError("the last try returns or raises")
