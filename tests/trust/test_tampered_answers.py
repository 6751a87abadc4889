"""Promise: tampered answers never land. Every covered field and row of real and demo blocks, one
falsified at a time; honest answers in other words are none of them refused.
"""

import random
from functools import cache

import msgspec

import extractors.evm.parse
from extractors.evm.parse import Answer, parse_answer
from oracul.demo.places import read_chain
from oracul.errors import BadReply
from tests.fixtures.real_chain import CHAIN_DATA, load_recording
from tests.fixtures.tampering import falsify, mislead, rewrite

NAME = "tampered answers never land"


@cache
def honest_blocks():
    """(chain, block): demo blocks with mischief in them, and real ones where they are recorded."""
    demo = [b for b in read_chain().blocks if len(b.block) + len(b.receipts) < 400_000]
    blocks = [("devnet", b) for b in random.Random(5).sample(demo, 60)]
    if CHAIN_DATA.is_dir():
        for folder, chain in (("jsonrpc_mainnet", "ethereum"), ("jsonrpc_optimism", "optimism")):
            blocks += [(chain, b) for b in load_recording(folder).blocks]
    return blocks


def parse(chain, number, block, receipts):
    def batch(result):
        return msgspec.json.encode([{"jsonrpc": "2.0", "id": 0, "result": result}])

    bodies = (batch(block), (batch(receipts),))
    try:
        return parse_answer(Answer(chain, "node", (number,), *bodies))
    except BadReply:
        return None


def attempt(seed, change):
    """A block changed by seed: what changed, what came of it, and what comes of it unchanged."""
    source = random.Random(seed)
    chain, recorded = source.choice(honest_blocks())
    block, receipts = msgspec.json.decode(recorded.block), msgspec.json.decode(recorded.receipts)
    what = change(block, receipts, source)
    clean = parse(
        chain, recorded.number, msgspec.Raw(recorded.block), msgspec.Raw(recorded.receipts)
    )
    return what, parse(chain, recorded.number, block, receipts), clean


def has_landed(parsed):
    return parsed is not None and bool(parsed.facts)


def test_every_falsified_answer_is_refused(promise):
    trial = promise(NAME, small=80, full=1000, unit="falsified answers")
    landed, fields = [], set()
    for seed in range(trial.count):
        what, parsed, _ = attempt(seed, falsify)
        fields.add(what.partition(":")[0])
        if has_landed(parsed):
            landed.append((seed, what))
    trial.saw(f"{trial.count - len(landed):,} refused, {len(landed)} landed; {len(fields)} fields")
    assert landed == []


def test_no_honest_answer_is_refused(promise):
    trial = promise(NAME, small=40, full=1000, unit="honest answers")
    refused, changed = [], []
    for seed in range(trial.count):
        how, parsed, clean = attempt(seed, rewrite)
        if not has_landed(parsed):
            refused.append((seed, how, parsed))
        elif parsed.tables != clean.tables or parsed.facts != clean.facts:
            changed.append((seed, how))
    trial.saw(f"{len(refused)} refused, {len(changed)} landed otherwise")
    assert refused == []
    assert changed == []


def test_fields_without_a_say_change_nothing(promise):
    trial = promise(NAME, small=20, full=200, unit="fields nobody reads")
    changed = []
    for seed in range(trial.count):
        what, parsed, clean = attempt(seed, mislead)
        if what and (not has_landed(parsed) or parsed.tables != clean.tables):
            changed.append((seed, what))
    trial.saw(f"{len(changed)} landed otherwise")
    assert changed == []


def test_without_proof_falsified_answers_would_land(monkeypatch):
    """The control: with the proof switched off, the same attempts get in."""
    monkeypatch.setattr(extractors.evm.parse, "prove", lambda *_: ())
    landed = [seed for seed in range(40) if has_landed(attempt(seed, falsify)[1])]
    assert landed
