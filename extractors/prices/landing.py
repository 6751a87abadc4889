"""Writing down what was believed and what was not."""

from collections.abc import Sequence

from extractors.prices.coverage import PRICES_TABLE, refusal_key
from extractors.prices.model import Observation
from extractors.prices.screen import Refusal
from oracul.times import utc_now
from oracul.warehouse import Client, RejectedRow, record_rejected


def land(client: Client, accepted: Sequence[Observation]) -> None:
    """Insert believed observations; the same one landed twice collapses to one row."""
    if not accepted:
        return
    landed_at = utc_now()
    client.insert(
        PRICES_TABLE,
        [[o.asset, o.symbol, "usd", o.price, o.observed_at, o.source, landed_at] for o in accepted],
        column_names=[
            "asset", "symbol", "quote", "price", "observed_at", "source", "ingested_at",
        ],
    )  # fmt: skip


def record_refusals(
    client: Client, refused: Sequence[Refusal], known: set[tuple[str, str]]
) -> list[Refusal]:
    """Append to `meta.rejected_rows` the refusals that are not among the `known` (source, key).

    Returns those that were written.
    """
    new = [
        refusal
        for refusal in refused
        if (refusal.observation.source, refusal_key(refusal.observation)) not in known
    ]
    record_rejected(
        client,
        [
            RejectedRow(
                source=refusal.observation.source,
                table=PRICES_TABLE,
                key=refusal_key(refusal.observation),
                reason=refusal.reason,
                payload=repr(refusal.observation.price),
            )
            for refusal in new
        ],
    )
    return new
