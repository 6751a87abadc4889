"""The recorded metadata calls answer as awkwardly as planned."""

import pytest
from eth_abi.abi import decode

NAME, SYMBOL, DECIMALS = "0x06fdde03", "0x95d89b41", "0x313ce567"
UPPER_SYMBOL, UPPER_DECIMALS = "0xf76f8d78", "0x2e0f2625"


@pytest.fixture(scope="session")
def answers(recording) -> dict[tuple[str, str], str | None]:
    return {(call.to, call.data): call.result for call in recording.calls}


def text(answer: str | None) -> bytes:
    assert answer is not None
    found: bytes = decode(["bytes"], bytes.fromhex(answer[2:]))[0]
    return found


def test_every_token_has_code(recording, manifest) -> None:
    assert all(len(recording.codes[token["address"]]) > 2 for token in manifest["tokens"])


def test_plain_tokens_answer_as_in_the_manifest(answers, manifest) -> None:
    for token in manifest["tokens"]:
        if token["contract"] in ("Token", "FeeToken", "SpamToken"):
            assert "0x" + text(answers[token["address"], SYMBOL]).hex() == token["symbol_hex"]
            assert "0x" + text(answers[token["address"], NAME]).hex() == token["name_hex"]
            decimals = answers[token["address"], DECIMALS]
            assert decimals is not None
            assert int(decimals, 16) == token["onchain_decimals"]


def test_bytes32_token_answers_with_one_word(answers, tokens) -> None:
    answer = answers[tokens["mrk"]["address"], SYMBOL]
    assert answer is not None
    assert bytes.fromhex(answer[2:]) == b"MRK".ljust(32, b"\0")


def test_malformed_symbol_is_no_utf8(answers, tokens) -> None:
    symbol = text(answers[tokens["torn"]["address"], SYMBOL])
    with pytest.raises(UnicodeDecodeError):
        symbol.decode()


def test_padded_symbol_holds_nul(answers, tokens) -> None:
    assert text(answers[tokens["nul"]["address"], SYMBOL]) == b"NUL\0\0"


def test_token_without_decimals_reverts(answers, tokens) -> None:
    address = tokens["pts"]["address"]
    assert answers[address, DECIMALS] is None
    assert answers[address, UPPER_DECIMALS] is None


def test_old_token_answers_upper_case_getters_only(answers, tokens) -> None:
    address = tokens["old"]["address"]
    assert answers[address, SYMBOL] is None
    assert text(answers[address, UPPER_SYMBOL]) == b"OLD"


def test_wrong_decimals_on_chain_are_corrected_by_the_seed(answers, manifest, tokens) -> None:
    wrong = manifest["nuisances"]["wrong_onchain_decimals"]
    decimals = answers[tokens["qtz"]["address"], DECIMALS]
    assert decimals is not None
    assert (int(decimals, 16), tokens["qtz"]["decimals"]) == (wrong["says"], wrong["is"])


def test_ghost_announces_a_transfer_and_has_no_code(recording, main, manifest) -> None:
    (number,) = manifest["nuisances"]["blocks"]["ghost"]
    emitters = {log["address"] for r in main.receipts[number] for log in r["logs"]}
    assert [address for address in emitters if recording.codes.get(address) == "0x"]
