"""Promise: values are exact or refused, through every way in; see `test_values_out` for the ways
out and `test_values_in_marts` for what is computed of them.
"""

from datetime import UTC, datetime, timedelta

import msgspec
import pytest

from extractors.evm.parse import Answer, parse_answer
from extractors.evm.tokens import extract_tokens
from extractors.prices.landing import land as land_prices
from extractors.prices.model import Observation
from extractors.prices.reading import number
from extractors.prices.screen import Rules, screen
from oracul.demo.replay import serve_recording
from oracul.errors import BadReply
from tests.fixtures.chain_landing import with_urls
from tests.fixtures.edge_values import (
    LANDED,
    NOT_VALUES,
    PRICES,
    TOKENS,
    block_of,
    broken_blocks,
    token_address,
    token_recording,
)
from tests.fixtures.landing import land_blocks
from tests.fixtures.toy_chain import ZERO_HASH, toy_block, transaction

NAME = "values are exact or refused"
NOW = datetime(2026, 11, 1, 12, tzinfo=UTC)
RULES = Rules(band_ratio=0.2, jump_ratio=10, stale_seconds=3600)


def rows(client, sql, **parameters):
    return [tuple(r) for r in client.query(sql, parameters=parameters).result_rows]


def test_edges_land_exactly(promise, empty_chain_tables):
    trial = promise(NAME, small=len(LANDED), full=len(LANDED), unit="edges landed")
    client, changed = empty_chain_tables, []
    for number_, case in enumerate(LANDED, start=1):
        land_blocks(client, "devnet", [block_of(case, number_)])
        column = case.column
        shown = f"toUnixTimestamp({column})" if column == "block_timestamp" else column
        ((found,),) = rows(
            client,
            f"select {shown} from raw.{case.table} final where block_number = {{n:UInt64}}",
            n=number_,
        )
        if found != case.expected:
            changed.append((case.name, case.expected, found))
    trial.saw(f"{len(LANDED) - len(changed)} exact, {len(changed)} changed")
    assert changed == []


def answer(block, receipts):
    def batch(result):
        return b'[{"jsonrpc":"2.0","id":0,"result":%b}]' % result

    return Answer("devnet", "node", (1,), batch(block), (batch(receipts),))


def is_refused(block, receipts):
    try:
        return not parse_answer(answer(block, receipts)).facts
    except BadReply:
        return True


def test_what_no_column_can_hold_is_refused_though_its_proof_holds(promise):
    broken = broken_blocks()
    trial = promise(NAME, small=len(broken), full=len(broken), unit="provable misfits")
    taken = [name for name, b in broken.items() if not is_refused(b.block, b.receipts)]
    trial.saw(f"{len(broken) - len(taken)} refused, {len(taken)} taken")
    assert taken == []


def test_what_is_no_value_is_refused(promise):
    trial = promise(NAME, small=len(NOT_VALUES), full=len(NOT_VALUES), unit="texts that are none")
    honest = toy_block(1, ZERO_HASH, [transaction("a", value="0x10")])
    assert not is_refused(honest.block, honest.receipts)
    assert honest.block.count(b'"value":"0x10"') == 1
    taken = []
    for name, text in NOT_VALUES.items():
        block = honest.block.replace(b'"value":"0x10"', b'"value":' + text)
        if not is_refused(block, honest.receipts):
            taken.append(name)
    trial.saw(f"{len(NOT_VALUES) - len(taken)} refused, {len(taken)} taken")
    assert taken == []


@pytest.mark.parametrize("field", ["value", "nonce", "input", "hash", "from"])
def test_missing_field_is_refused(field):
    honest = toy_block(1, ZERO_HASH, [transaction("a")])
    block = msgspec.json.decode(honest.block)
    block["transactions"][0].pop(field)
    assert is_refused(msgspec.json.encode(block), honest.receipts)


def test_prices_are_exact_or_refused(promise, migrated_client):
    trial = promise(NAME, small=len(PRICES), full=len(PRICES), unit="prices")
    migrated_client.command("truncate table raw.prices_spot")
    candidates = [
        Observation(name, "X", "source", number(sent), NOW - timedelta(hours=1))
        for name, (sent, _) in PRICES.items()
    ]
    verdict = screen(candidates, [], RULES, NOW)
    land_prices(migrated_client, verdict.accepted)
    stored = dict(rows(migrated_client, "select asset, price from raw.prices_spot final"))
    wrong = [
        (name, sent, stored.get(name))
        for name, (sent, expected) in PRICES.items()
        if stored.get(name) != expected
    ]
    told = {refusal.observation.asset for refusal in verdict.refused}
    trial.saw(f"{len(stored)} exact, {len(told)} refused with a reason, {len(wrong)} otherwise")
    assert wrong == []
    assert told == PRICES.keys() - stored.keys()


def test_token_words_are_exact_or_told(promise, warehouse_settings, empty_chain_tables):
    trial = promise(NAME, small=len(TOKENS), full=len(TOKENS), unit="tokens' own words")
    client, recording = empty_chain_tables, token_recording()
    client.command("truncate table raw.token_metadata")
    land_blocks(client, "devnet", recording.blocks)
    with serve_recording(recording, own_process=False) as node:
        settings = with_urls(warehouse_settings, "devnet", [node.url], request_timeout_seconds=30)
        extract_tokens(settings, client, "devnet", run_id="test")
    stored = {
        token: values
        for token, *values in rows(
            client, "select token_address, symbol, decimals from raw.token_metadata final"
        )
    }
    told = {key for (key,) in rows(client, "select key from meta.rejected_rows")}
    wrong = []
    for token in TOKENS:
        address = token_address(token)
        if stored.get(address) != [token.stored_symbol, token.stored_decimals]:
            wrong.append((token.name, str(stored.get(address))[:80]))
        elif token.is_told != (f"devnet/{address}" in told):
            wrong.append((token.name, "silent" if token.is_told else "told for nothing"))
    trial.saw(f"{len(TOKENS) - len(wrong)} exact, NULL or told, {len(wrong)} otherwise")
    assert wrong == []
