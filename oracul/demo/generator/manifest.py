"""The whole planted truth as one document: tests compare it with what the pipeline finds."""

from collections import Counter
from datetime import timedelta
from typing import Any

from eth_utils.crypto import keccak

from oracul.demo.generator.build import CHAIN_ID, BlockAnswer, Grown
from oracul.demo.generator.events import EVENTS
from oracul.demo.generator.market import ASSETS
from oracul.demo.generator.mischief import endpoint_faults, price_faults
from oracul.demo.generator.story import REORG_DAY
from oracul.demo.generator.tokens import BY_KEY, TOKENS, TokenPlan
from oracul.demo.places import ORPHANED

TRANSFER = "0x" + keccak(text="Transfer(address,address,uint256)").hex()
DEPOSIT = "0x" + keccak(text="Deposit(address,uint256)").hex()
WITHDRAWAL = "0x" + keccak(text="Withdrawal(address,uint256)").hex()
APPROVAL = "0x" + keccak(text="Approval(address,address,uint256)").hex()
SAFE_DEPTH, FINALIZED_DEPTH = 4, 8
DECODE_STATUS = {"mrk": "bytes32", "torn": "non_utf8", "spam": "string"}


def manifest(grown: Grown) -> dict[str, Any]:
    """Plan and truth of a grown chain, ready for JSON."""
    last = len(grown.blocks) - 1
    return {
        "chain": "devnet",
        "chain_id": CHAIN_ID,
        "seed": grown.seed,
        "first_day": grown.first_day.isoformat(),
        "last_day": (grown.first_day + timedelta(days=grown.day_count - 1)).isoformat(),
        "day_count": grown.day_count,
        "first_block": 0,
        "last_block": last,
        "tip_hash": grown.blocks[-1][0]["hash"],
        "tip_second": int(grown.blocks[-1][0]["timestamp"], 16),
        "counts": counts(grown.blocks),
        "phases": _phases(grown, last),
        "reorg": _reorg(grown) if grown.orphaned else None,
        "assets": [
            {"asset": a.asset, "symbol": a.symbol, "name": a.name, "is_stablecoin": a.is_stablecoin}
            for a in ASSETS
        ],
        "tokens": [_token(grown, token) for token in TOKENS if token.key in grown.world.token],
        "contracts": grown.world.contract,
        "events": _events(grown),
        "nuisances": _nuisances(grown),
        "endpoint_faults": endpoint_faults(grown.blocks),
        "price_faults": price_faults(grown.first_day),
    }


def log_kind(log: dict[str, Any]) -> str:
    """What a log is: erc20, erc721, odd (a Transfer in no standard shape), wrap, unwrap, other."""
    topics, data = log["topics"], log["data"]
    first = topics[0] if topics else ""
    if first == TRANSFER:
        clean = all(topic[2:26] == "0" * 24 for topic in topics[1:3])
        if len(topics) == 3 and len(data) == 66 and clean:
            return "erc20"
        return "erc721" if len(topics) == 4 and data == "0x" and clean else "odd"
    return {DEPOSIT: "wrap", WITHDRAWAL: "unwrap", APPROVAL: "approval"}.get(first, "other")


def counts(blocks: list[BlockAnswer]) -> dict[str, int]:
    """Rows that landing and decoding must arrive at."""
    found: Counter[str] = Counter(blocks=len(blocks))
    addresses: set[str] = set()
    for block, receipts in blocks:
        found["transactions"] += len(block["transactions"])
        for tx, receipt in zip(block["transactions"], receipts, strict=True):
            found[f"type_{int(tx['type'], 16)}"] += 1
            found["failed_transactions"] += receipt["status"] == "0x0"
            found["contract_creations"] += receipt["contractAddress"] is not None
            addresses |= {tx["from"], tx["to"] or tx["from"]}
            for log in receipt["logs"]:
                found["logs"] += 1
                found[f"{log_kind(log)}_logs"] += 1
                if log_kind(log) == "erc20":
                    addresses |= {"0x" + topic[26:] for topic in log["topics"][1:3]}
                    found["zero_value_transfers"] += int(log["data"], 16) == 0
    return dict(sorted(found.items())) | {"addresses": len(addresses)}


def _phases(grown: Grown, last: int) -> list[dict[str, Any]]:
    """What the node shows in each act: first the branch that loses, then the whole chain."""
    heads = [(ORPHANED, grown.fork_number + len(grown.orphaned))] if grown.orphaned else []
    return [
        {
            "branch": branch,
            "head": head,
            "safe": head - SAFE_DEPTH,
            "finalized": head - FINALIZED_DEPTH,
        }
        for branch, head in [*heads, ("main", last)]
    ]


def _reorg(grown: Grown) -> dict[str, Any]:
    start, depth = grown.fork_number + 1, len(grown.orphaned)
    winners = grown.blocks[start : start + depth]
    cheats = [tx_hash for tag, tx_hash in grown.orphaned_tagged if tag == "double-spend"]
    kept = [tx_hash for tx_hash, _ in grown.tagged_hashes("double-spend")]
    return {
        "day": REORG_DAY,
        "common_block": grown.fork_number,
        "first_replaced_block": start,
        "depth": depth,
        "orphaned_hashes": [block["hash"] for block, _ in grown.orphaned],
        "canonical_hashes": [block["hash"] for block, _ in winners],
        "orphaned_counts": counts(grown.orphaned),
        "double_spend": {"orphaned": cheats[0], "canonical": kept[0]},
    }


def _token(grown: Grown, token: TokenPlan) -> dict[str, Any]:
    return {
        "key": token.key,
        "address": grown.world.token[token.key],
        "contract": token.contract,
        "name_hex": "0x" + token.name.hex(),
        "symbol_hex": "0x" + token.symbol.hex(),
        "symbol": token.symbol.decode("utf-8", errors="replace").replace("\0", ""),
        "decode_status": DECODE_STATUS.get(token.key, "string"),
        "decimals": token.decimals,
        "onchain_decimals": token.decimals
        if token.onchain_decimals is None
        else token.onchain_decimals,
        "asset": token.asset,
        "in_seed": token.in_seed,
        "is_stablecoin": token.is_stablecoin,
        "first_day": token.first_day,
        "last_day": min(token.last_day, grown.day_count - 1),
    }


def _events(grown: Grown) -> list[dict[str, Any]]:
    found = []
    for event in EVENTS:
        if event.day >= grown.day_count:
            continue
        where = grown.tagged_hashes(event.tag)
        if event.token is not None:
            entity = ("token", grown.world.token[event.token])
        else:
            entity = ("address", grown.world.accounts[event.account or 0])
        asset = BY_KEY[event.token].asset if event.token else None
        found.append(
            {
                "tag": event.tag,
                "kind": event.kind,
                "day": event.day,
                "date": (grown.first_day + timedelta(days=event.day)).isoformat(),
                "entity_type": entity[0],
                "entity_id": entity[1],
                "token": event.token,
                "asset": asset,
                "metrics": list(event.metrics),
                "factor": event.factor,
                "story": event.story,
                "addresses": _parties(grown, {tx_hash for tx_hash, _ in where}),
                "blocks": sorted({number for _, number in where}),
                "tx_hashes": [tx_hash for tx_hash, _ in where],
            }
        )
    return found


def _parties(grown: Grown, hashes: set[str]) -> list[str]:
    """Senders and receivers of the ERC-20 transfers in these: they may look unusual too."""
    topics = {
        topic
        for _, receipts in grown.blocks
        for receipt in receipts
        if receipt["transactionHash"] in hashes
        for log in receipt["logs"]
        if log_kind(log) == "erc20"
        for topic in log["topics"][1:3]
    }
    return sorted("0x" + topic[26:] for topic in topics)


def _nuisances(grown: Grown) -> dict[str, Any]:
    moth = BY_KEY["moth"]
    last_trade = grown.first_day + timedelta(days=min(moth.last_day, grown.day_count - 1))
    tags = ("failed", "spam", "poison", "odd", "ghost", "delegation")
    where = {tag: grown.tagged_hashes(tag) for tag in tags}
    return {
        "dead_token": {"token": "moth", "last_trade_date": last_trade.isoformat()},
        "wrong_onchain_decimals": {"token": "qtz", "says": 18, "is": 8},
        "transactions": {tag: len(found) for tag, found in where.items()},
        "blocks": {tag: [n for _, n in found] for tag, found in where.items() if tag != "failed"},
    }
