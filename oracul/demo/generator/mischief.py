"""Which answers the demo's dishonest endpoints and price sources change. Pure."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

from oracul.demo.generator.build import BlockAnswer

EVERY_NTH_BLOCK = 24
LIE = {"source": "coingecko", "asset": "devnet-credit", "day": 61, "hours": 6, "factor": 10.0}
OUTAGE = {"source": "coinbase", "day": 66, "hours": 48}


def endpoint_faults(blocks: list[BlockAnswer]) -> dict[str, list[int]]:
    """Blocks whose receipts the tampering endpoint falsifies: a log left out, or a status turned.

    Spread over the whole history, since the work is shared and each endpoint sees a part of it.
    """
    with_logs = [n for n, (_, receipts) in enumerate(blocks) if any(r["logs"] for r in receipts)]
    failed = [
        n for n, (_, receipts) in enumerate(blocks) if any(r["status"] == "0x0" for r in receipts)
    ]
    omitted = with_logs[7::EVERY_NTH_BLOCK]
    return {"omits_a_log": omitted, "edits_a_status": [n for n in failed[3::6] if n not in omitted]}


def price_faults(first_day: date) -> dict[str, Any]:
    """When one source reports ten times the price, and when another does not answer."""
    return {
        "lie": LIE | _hours(first_day, int(str(LIE["day"])), int(str(LIE["hours"]))),
        "outage": OUTAGE | _hours(first_day, int(str(OUTAGE["day"])), int(str(OUTAGE["hours"]))),
    }


def _hours(first_day: date, day: int, hours: int) -> dict[str, int]:
    start = datetime(first_day.year, first_day.month, first_day.day, tzinfo=UTC)
    begin = int((start + timedelta(days=day, hours=8)).timestamp())
    return {"from_second": begin, "to_second": begin + hours * 3600}
