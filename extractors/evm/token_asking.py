"""Asking token contracts what they are, in batches, so that one bad contract harms only itself."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import msgspec

from extractors.evm.pool import Pool
from extractors.evm.token_calls import NoState, answers_of, call, code_call
from extractors.evm.token_decode import (
    FALL_BACKS,
    SELECTORS,
    TokenMetadata,
    decode_token,
    is_absent,
)
from oracul.errors import BadReply
from oracul.units import from_hex


@dataclass(frozen=True)
class Snapshot:
    """A contract's words at a block, and the name of the endpoint that passed them on."""

    token: str
    block_number: int
    source: str
    metadata: TokenMetadata


@dataclass
class Asked:
    """Snapshots, the tokens no answer was got for (with the reason), and the block asked at."""

    block_number: int
    snapshots: list[Snapshot] = field(default_factory=list)
    failed: dict[str, str] = field(default_factory=dict)


async def ask_tokens(pool: Pool, tokens: Sequence[str], block_number: int) -> Asked:
    """Snapshots of `tokens` at a block, or at the node's head where it has no state of that block.

    Raises RateLimited or SourceUnavailable when no endpoint answers until the deadline.
    """
    try:
        return await _ask(pool, tokens, block_number)
    except NoState:
        head = await _head(pool)
    try:
        return await _ask(pool, tokens, head)
    except NoState as error:
        return Asked(head, [], dict.fromkeys(tokens, error.message))


async def _ask(pool: Pool, tokens: Sequence[str], block_number: int) -> Asked:
    try:
        return Asked(block_number, await _ask_batch(pool, tokens, block_number))
    except NoState:
        raise
    except BadReply as error:
        if len(tokens) == 1:
            return Asked(block_number, [], {tokens[0]: error.message})
    half = len(tokens) // 2
    first = await _ask(pool, tokens[:half], block_number)
    second = await _ask(pool, tokens[half:], block_number)
    return Asked(block_number, first.snapshots + second.snapshots, first.failed | second.failed)


async def _ask_batch(pool: Pool, tokens: Sequence[str], block_number: int) -> list[Snapshot]:
    cells = [(token, what) for token in tokens for what in SELECTORS]
    endpoint, replies = await pool.ask_named(
        [call(token, SELECTORS[what], block_number) for token, what in cells]
    )
    answers = dict(zip(cells, answers_of(replies), strict=True))
    absent = [cell for cell in cells if cell[1] in FALL_BACKS and is_absent(answers[cell])]
    if absent:
        calls = [call(token, FALL_BACKS[what], block_number) for token, what in absent]
        answers.update(zip(absent, answers_of(await pool.ask(calls)), strict=True))
    silent = [t for t in tokens if all(is_absent(answers[t, what]) for what in SELECTORS)]
    codes: dict[str, str | None] = {}
    if silent:
        replies = await pool.ask([code_call(token, block_number) for token in silent])
        codes = dict(zip(silent, answers_of(replies), strict=True))
    return [
        Snapshot(
            token,
            block_number,
            endpoint.name,
            decode_token(
                {what: answers[token, what] for what in SELECTORS},
                has_code=not is_absent(codes.get(token, "0x00")),
            ),
        )
        for token in tokens
    ]


async def _head(pool: Pool) -> int:
    (reply,) = await pool.ask([("eth_blockNumber", [])])
    try:
        return from_hex(msgspec.json.decode(reply.result, type=str))
    except (msgspec.DecodeError, ValueError):
        raise BadReply(f"{pool.chain.chain}: no endpoint told its newest block.") from None
