"""What landing a range will take, said before it is done: requests by the rules, bytes by history.

Pure but for `bytes_a_block`. The rules are those of `fetch` and of what is asked around it; answers
that fail and are asked for again are not in it.
"""

from math import ceil
from pathlib import Path

from extractors.evm.endpoint import FIRST_BATCH_BLOCKS, FIRST_WINDOW
from extractors.evm.fetch import RECEIPTS_A_BATCH, REQUESTS_A_BATCH
from extractors.evm.lander import BLOCKS_A_LANDING
from oracul.settings import ChainSettings
from oracul.warehouse import Client

# To each endpoint: its chain id, and its tags.
_REQUESTS_TO_BEGIN = 2
# Is the highest block that we hold for final still theirs: asked from there down, and up.
_REQUESTS_TO_TRUST = 2
_BYTES_SQL = Path(__file__).with_name("bytes_a_block.sql")


def requests_for(
    blocks: int,
    settings: ChainSettings,
    *,
    has_final: bool = True,
    receipts_a_block: float | None = None,
) -> int:
    """HTTP requests that landing so many missing blocks of the chain in one run takes.

    `has_final`: a final block of the chain landed before. `receipts_a_block`: where the nodes lack
    eth_getBlockReceipts, the transactions of a block. Runs near the head take a few more, for
    blocks that become final meanwhile.
    """
    endpoints = max(len(settings.rpc_urls), 1)
    batches = _batches(blocks, endpoints, settings)
    around = _REQUESTS_TO_BEGIN + _REQUESTS_TO_TRUST * has_final
    if endpoints > 1:  # several are asked whether they agree on what is about to be landed
        around += ceil(blocks / BLOCKS_A_LANDING)
    if receipts_a_block is None:
        return REQUESTS_A_BATCH * batches + around * endpoints
    receipts = ceil(blocks / max(batches, 1) * receipts_a_block / RECEIPTS_A_BATCH)
    # What is under way when an endpoint turns out to lack the method is asked for again.
    around += REQUESTS_A_BATCH * min(FIRST_WINDOW, settings.max_concurrency)
    return (1 + receipts) * batches + around * endpoints


def _batches(blocks: int, endpoints: int, settings: ChainSettings) -> int:
    """How many batches these blocks come in.

    Each endpoint begins with a few small batches at once; each that comes back makes room for the
    next, which is one block larger. Of several, the faster ones take more, and sooner in large
    batches: counted as half way between one endpoint and as many equal ones.
    """
    largest = settings.max_batch_blocks
    size, count, left = min(FIRST_BATCH_BLOCKS, largest), 0.0, float(blocks)
    at_first = min(FIRST_WINDOW, settings.max_concurrency)
    pulling = (1 + endpoints) / 2
    while left > 0 and size < largest:
        taken = pulling * (at_first if not count else 1)
        count += min(left / size, taken)
        left -= size * taken
        size += 1
    return ceil(count + max(left, 0) / largest)


def bytes_a_block(client: Client, chain: str) -> float | None:
    """Bytes received for each block that landed on the days that were counted; None without any."""
    sql = _BYTES_SQL.read_text(encoding="utf-8")
    ((received, blocks),) = client.query(sql, parameters={"chain": chain}).result_rows
    return float(received) / blocks if received and blocks else None
