"""Token metadata: what each ERC-20 contract says it is, asked once and landed as a snapshot.

The shell around `token_asking` (the calls) and `token_decode` (what the answers mean). A curated
seed overrides these answers in dbt; here they are kept as they are.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from extractors.evm.pool import open_pool
from extractors.evm.token_asking import Snapshot, ask_tokens
from oracul.chains import get_chain
from oracul.errors import BudgetSpent, RateLimited, SourceUnavailable
from oracul.log import get_logger
from oracul.progress import Progress, Silent
from oracul.settings import Settings
from oracul.times import utc_now
from oracul.units import plural
from oracul.warehouse import Client, RejectedRow, record_rejected

METADATA_TABLE = "raw.token_metadata"
MISSING_SQL = Path(__file__).with_name("missing_tokens.sql").read_text(encoding="utf-8")
NEWEST_SQL = (
    "select max(block_number) from meta.canonical_blocks final where chain = {chain:String}"
)
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
# Four calls each; small enough for the batch limits of public nodes.
TOKENS_PER_BATCH = 20
SHOWN_FAULTS = 3


@dataclass
class ExtractedTokens:
    """What a run did: contracts asked, snapshots landed, and which were left for a later run."""

    asked: int = 0
    landed: int = 0
    unreadable: int = 0
    degraded: list[str] = field(default_factory=list)

    @property
    def sentence(self) -> str:
        """The run in one line."""
        if not self.asked:
            return "every token seen is known already"
        text = f"{plural(self.landed, 'token')} asked what they are"
        if self.unreadable:
            text += f", {self.unreadable:,} without a readable symbol"
        faults = self.degraded[:SHOWN_FAULTS]
        if len(self.degraded) > SHOWN_FAULTS:
            faults.append(f"and {len(self.degraded) - SHOWN_FAULTS:,} more")
        return "; ".join([text, *faults])


def extract_tokens(
    settings: Settings,
    client: Client,
    chain: str,
    *,
    run_id: str,
    since: datetime | None = None,
    progress: Progress | None = None,
) -> ExtractedTokens:
    """Land a snapshot of every ERC-20 contract in the chain's canonical logs that has none yet.

    With `since` only logs that landed from then on are looked at, which is quick on a long history;
    contracts of older logs that were left are then asked by the next run without it, the nightly
    one or `oracul ingest tokens`.
    Asked at the newest canonical block that landed, or at the node's head where the node has no
    state of that block. Running it again asks only what is still missing. A contract that a node
    fails on is left for a later run and reported in `degraded`; so is everything left when the
    endpoints stop answering halfway, or the day's request budget is spent.

    Raises ConfigError for an unknown chain or one without a URL, SourceUnavailable or RateLimited
    when no endpoint answers at all, WarehouseError.
    """
    parameters = {"chain": get_chain(chain).chain, "since": since or EPOCH}
    tokens = [token for token, _ in client.query(MISSING_SQL, parameters=parameters).result_rows]
    report = ExtractedTokens(asked=len(tokens))
    if tokens:
        newest = int(str(client.command(NEWEST_SQL, parameters=parameters)))
        progress = progress or Silent()
        try:
            asyncio.run(_extract(settings, client, chain, tokens, newest, report, progress))
        except BudgetSpent as error:
            left = plural(len(tokens) - report.landed, "token")
            report.degraded.append(f"{left} left for a later run: {error}".rstrip("."))
    get_logger().info(
        "tokens_landed", run_id=run_id, chain=chain, rows=report.landed, asked=report.asked
    )
    return report


async def _extract(
    settings: Settings,
    client: Client,
    chain: str,
    tokens: Sequence[str],
    block_number: int,
    report: ExtractedTokens,
    progress: Progress,
) -> None:
    progress.start(f"{chain} tokens", len(tokens), "tokens")
    try:
        async with open_pool(settings, get_chain(chain), client, "ingest_tokens") as pool:
            for start in range(0, len(tokens), TOKENS_PER_BATCH):
                part = tokens[start : start + TOKENS_PER_BATCH]
                if pool.budget is not None:
                    pool.budget.check()
                try:
                    asked = await ask_tokens(pool, part, block_number)
                except (RateLimited, SourceUnavailable) as error:
                    if not report.landed:
                        raise
                    left = plural(len(tokens) - start, "token")
                    report.degraded.append(f"{left} left for a later run: {error.message}")
                    return
                _land(client, chain, asked.snapshots, report)
                report.degraded += [f"{token}: {why}" for token, why in asked.failed.items()]
                block_number = asked.block_number
                progress.advance(len(part))
    finally:
        progress.finish()


def _land(
    client: Client, chain: str, snapshots: Sequence[Snapshot], report: ExtractedTokens
) -> None:
    if not snapshots:
        return
    landed_at = utc_now()
    client.insert(
        METADATA_TABLE,
        [
            [chain, s.token, s.block_number, s.metadata.name, s.metadata.symbol,
             s.metadata.decimals, s.metadata.total_supply_raw, s.metadata.name_hex,
             s.metadata.symbol_hex, s.metadata.decode_status, s.source, landed_at]
            for s in snapshots
        ],
        column_names=[
            "chain", "token_address", "block_number", "name", "symbol", "decimals",
            "total_supply_raw", "name_hex", "symbol_hex", "decode_status", "source", "ingested_at",
        ],
    )  # fmt: skip
    record_rejected(
        client,
        [
            RejectedRow(
                s.source, METADATA_TABLE, f"{chain}/{s.token}", fault, s.metadata.symbol_hex
            )
            for s in snapshots
            for fault in s.metadata.faults
        ],
    )
    report.landed += len(snapshots)
    report.unreadable += sum(1 for s in snapshots if s.metadata.symbol is None)
