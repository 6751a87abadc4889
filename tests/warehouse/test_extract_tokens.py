"""The token extractor against a replayed node and the real engine."""

import json
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import pytest
from pydantic import SecretStr

from extractors.evm.tokens import ExtractedTokens, extract_tokens
from oracul.demo.recording import RecordedCall, Recording, recorded_block
from oracul.demo.replay import serve_recording
from oracul.settings import ChainSettings, Settings
from oracul.warehouse import Client

CHAIN, CHAIN_ID, HEAD, LANDED = "devnet", 31337, 9, 5
TRANSFER = "0xddf252ad1be2c89b69c2b068fc378daa952ba7f163c4a11628f55a4df523b3ef"
NAME, SYMBOL, DECIMALS, SUPPLY = "0x06fdde03", "0x95d89b41", "0x313ce567", "0x18160ddd"
UPPER_SYMBOL = "0xf76f8d78"
GOOD, OLD, EVIL, EMPTY = (f"0x{n:040x}" for n in (1, 2, 3, 4))
AT = datetime(2024, 5, 1, tzinfo=UTC)


def word(value: int) -> str:
    return f"{value:064x}"


def text(value: bytes) -> str:
    return "0x" + word(32) + word(len(value)) + (value + b"\0" * (-len(value) % 32)).hex()


def block(number: int) -> bytes:
    facts = {"number": hex(number), "hash": f"0x{number:064x}", "timestamp": "0x1"}
    return json.dumps({**facts, "parentHash": f"0x{number - 1:064x}", "transactions": []}).encode()


def says(token: str, data: str, result: str | None, **facts: object) -> RecordedCall:
    return RecordedCall(to=token, data=data, result=result, **facts)  # type: ignore[arg-type]


GOOD_CALLS = [
    says(GOOD, NAME, text(b"Good Token")),
    says(GOOD, SYMBOL, text(b"GOOD")),
    says(GOOD, DECIMALS, "0x" + word(6)),
    says(GOOD, SUPPLY, "0x" + "f" * 64),
]
OLD_CALLS = [says(OLD, UPPER_SYMBOL, "0x" + b"OLD".ljust(32, b"\0").hex())]
EVIL_CALLS = [
    says(EVIL, NAME, None, error_message="execution reverted: rate limit exceeded"),
    says(EVIL, SYMBOL, text(b"E" * 5000)),
    says(EVIL, DECIMALS, "0x" + word(300)),
]


@pytest.fixture
def clean(migrated_client: Client) -> Client:
    for table in (
        "raw.logs",
        "raw.token_metadata",
        "meta.rejected_rows",
        "meta.canonical_blocks",
    ):
        migrated_client.command(f"truncate table {table}")
    migrated_client.insert(
        "meta.canonical_blocks",
        [[CHAIN, LANDED, "0xaa", "0x0", AT, "finalized", 1, AT]],
        column_names=[
            "chain", "block_number", "block_hash", "parent_hash", "block_timestamp", "finality",
            "version", "committed_at",
        ],
    )  # fmt: skip
    return migrated_client


def land_transfers(
    client: Client, tokens: Sequence[str], *, block_hash: str = "0xaa", topic3: str | None = None
) -> None:
    client.insert(
        "raw.logs",
        [
            [CHAIN, LANDED, block_hash, i, "0xt", 0, AT, token, TRANSFER, "0x1", "0x2", topic3,
             "0x", AT]
            for i, token in enumerate(tokens)
        ],
        column_names=[
            "chain", "block_number", "block_hash", "log_index", "tx_hash", "tx_index",
            "block_timestamp", "address", "topic0", "topic1", "topic2", "topic3", "data",
            "ingested_at",
        ],
    )  # fmt: skip


def extract(
    client: Client, calls: list[RecordedCall], since: datetime | None = None
) -> ExtractedTokens:
    recording = Recording(
        chain_id=CHAIN_ID,
        blocks=[recorded_block(block(n), b"[]") for n in range(HEAD + 1)],
        calls=calls,
        codes=dict.fromkeys((GOOD, OLD, EVIL), "0x60"),
    )
    with serve_recording(recording, own_process=False) as node:
        settings = Settings(
            chains={CHAIN: ChainSettings(rpc_urls=[SecretStr(node.url)], deadline_seconds=2)},
            _env_file=None,
        )
        return extract_tokens(settings, client, CHAIN, run_id="test", since=since)


def rows(client: Client) -> dict[str, tuple[object, ...]]:
    found = client.query(
        "select token_address, block_number, name, symbol, decimals, total_supply_raw,"
        " decode_status from raw.token_metadata final"
    ).result_rows
    return {row[0]: tuple(row[1:]) for row in found}


def test_extract_tokens_lands_what_contracts_say(clean: Client) -> None:
    land_transfers(clean, [GOOD, OLD, EVIL, EMPTY])
    report = extract(clean, [*GOOD_CALLS, *OLD_CALLS, *EVIL_CALLS])
    assert (report.landed, report.unreadable, report.degraded) == (4, 1, [])
    assert rows(clean) == {
        GOOD: (LANDED, "Good Token", "GOOD", 6, 2**256 - 1, "string"),
        OLD: (LANDED, None, "OLD", None, None, "bytes32"),
        EVIL: (LANDED, None, "E" * 256, None, None, "string"),
        EMPTY: (LANDED, None, None, None, None, "no_code"),
    }


def test_only_logs_that_landed_since_are_looked_at(clean: Client) -> None:
    land_transfers(clean, [GOOD])
    assert extract(clean, GOOD_CALLS, AT + timedelta(seconds=1)).asked == 0
    assert extract(clean, GOOD_CALLS, AT).asked == 1


def test_extract_tokens_writes_down_what_it_cut(clean: Client) -> None:
    land_transfers(clean, [EVIL])
    extract(clean, EVIL_CALLS)
    cut = clean.query("select table, key, reason from meta.rejected_rows").result_rows
    assert [tuple(row) for row in cut] == [
        ("raw.token_metadata", f"devnet/{EVIL}", "symbol of 5,088 bytes was cut")
    ]


def test_extract_tokens_asks_nothing_when_run_again(clean: Client) -> None:
    land_transfers(clean, [GOOD])
    extract(clean, GOOD_CALLS)
    assert extract(clean, GOOD_CALLS).asked == 0


@pytest.mark.parametrize("facts", [{"block_hash": "0xbb"}, {"topic3": "0x3"}])
def test_extract_tokens_leaves_out_orphans_and_nfts(clean: Client, facts: dict[str, str]) -> None:
    land_transfers(clean, [GOOD], **facts)
    assert extract(clean, GOOD_CALLS).asked == 0


def test_extract_tokens_asks_at_the_head_where_the_node_lost_the_state(clean: Client) -> None:
    lost = [
        says(GOOD, data, None, error_code=-32000, error_message="missing trie node 12 (path )",
             block_number=LANDED)
        for data in (NAME, SYMBOL, DECIMALS, SUPPLY)
    ]  # fmt: skip
    land_transfers(clean, [GOOD])
    extract(clean, [*lost, *GOOD_CALLS])
    assert rows(clean)[GOOD][:3] == (HEAD, "Good Token", "GOOD")


def test_extract_tokens_is_degraded_when_the_node_has_no_state_at_all(clean: Client) -> None:
    lost = [
        says(GOOD, data, None, error_code=-32000, error_message="missing trie node 12 (path )")
        for data in (NAME, SYMBOL, DECIMALS, SUPPLY)
    ]
    land_transfers(clean, [GOOD])
    report = extract(clean, lost)
    assert (report.landed, rows(clean)) == (0, {})
    assert "lacks the block's state" in report.degraded[0]


def test_extract_tokens_leaves_a_token_the_node_fails_on_for_later(clean: Client) -> None:
    broken = [says(OLD, NAME, None, error_code=-32603, error_message="internal error")]
    land_transfers(clean, [GOOD, OLD])
    report = extract(clean, [*GOOD_CALLS, *broken])
    assert set(rows(clean)) == {GOOD}
    assert report.degraded == [f"{OLD}: the node did not run the call: internal error (-32603)"]
