"""Asking all sources at once, each in its own order and pace, until one is done or down."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from extractors.prices.connection import Connection, UnknownAsset
from extractors.prices.model import Ask, Observation
from extractors.prices.sources import PriceSource
from oracul.errors import BadReply, SourceError
from oracul.http import RetryPolicy, retry
from oracul.log import get_logger

# A source that refuses this many questions in a row is not asked further: it is the source, not the
# assets.
REFUSALS_IN_A_ROW = 5


@dataclass
class Answers:
    """What one source said, and how it fared.

    `failed` is the error that took it out of this run, None when it answered to the end; `unknown`
    are assets it does not list, `refusals` other questions it could not answer, in its words.
    """

    source: str
    calls: int = 0
    observations: list[Observation] = field(default_factory=list)
    unknown: list[str] = field(default_factory=list)
    refusals: list[str] = field(default_factory=list)
    failed: SourceError | None = None


Asked = Callable[[Ask], None]


async def ask_all(
    questions: Sequence[tuple[PriceSource, Connection, Sequence[Ask]]],
    on_asked: Asked = lambda ask: None,
) -> list[Answers]:
    """Answers of every source. A source that is down does not disturb the others."""
    return list(
        await asyncio.gather(
            *(
                ask_source(source, connection, asks, on_asked)
                for source, connection, asks in questions
            )
        )
    )


async def ask_source(
    source: PriceSource,
    connection: Connection,
    asks: Sequence[Ask],
    on_asked: Asked = lambda ask: None,
) -> Answers:
    """Ask one question after the other and keep what was answered, even if the source goes down."""
    answers = Answers(source.NAME)
    policy = RetryPolicy(deadline_seconds=connection.deadline_seconds)
    in_a_row = 0
    for ask in asks:

        async def once(ask: Ask = ask) -> list[Observation]:
            # Parsing is inside: Kraken says "slow down" in a reply that HTTP calls a success.
            return source.parse(ask, await source.fetch(connection, ask))

        try:
            answers.observations += await retry(once, policy, source=source.NAME)
            in_a_row = 0
        except UnknownAsset:
            answers.unknown += [asset.asset for asset in ask.assets]
        except BadReply as error:
            in_a_row += 1
            names = ", ".join(asset.asset for asset in ask.assets)
            answers.refusals.append(f"{names}: {error.message}")
            get_logger().info("price_question_refused", source=source.NAME, assets=names)
            if in_a_row == REFUSALS_IN_A_ROW or in_a_row == len(asks):
                answers.failed = error
        except SourceError as error:
            answers.failed = error
        answers.calls += 1
        on_asked(ask)
        if answers.failed is not None:
            get_logger().warning(
                "price_source_failed", source=source.NAME, error=answers.failed.message
            )
            break
    return answers
