"""`meta.chain_tips`: what the endpoints named as the tip of their chain when asked last."""

from extractors.evm.finality import Tags
from oracul.times import utc_now
from oracul.warehouse import Client


def record_tip(client: Client, chain: str, tags: Tags) -> None:
    """Write down the heights that the endpoints named just now, for those who judge lateness."""
    client.insert(
        "chain_tips",
        [[chain, tags.latest, tags.safe, tags.finalized, utc_now()]],
        database="meta",
        column_names=["chain", "block_number", "safe", "finalized", "seen_at"],
    )
