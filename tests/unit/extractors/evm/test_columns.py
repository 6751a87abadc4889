"""Columns equal the migrations' tables, and carry edge values unchanged."""

import re

import msgspec
import pytest

from extractors.evm.columns import Proven, to_tables
from extractors.evm.hexcolumns import FieldError
from extractors.evm.structs import Block, Receipt
from oracul.warehouse.migrate import MIGRATIONS_DIR
from tests.fixtures.toy_chain import ZERO_HASH, address, toy_block, transaction, transfer_log

MAX = 2**256 - 1
TABLE = re.compile(r"create table if not exists raw\.(\w+)\n\((.*?)\n\)\nengine", re.S)
ALTERED = re.compile(r"alter table raw\.(\w+)\n(.*?);\n", re.S)
ADDED = re.compile(r"add column if not exists (\w+)")


def tables_of(recorded):
    block = msgspec.json.decode(recorded.block, type=Block)
    receipts = msgspec.json.decode(recorded.receipts, type=list[Receipt])
    return to_tables("devnet", [Proven(block, receipts, ("header",), "node")])


def rows_of(table):
    return table.to_pylist()


def test_columns_are_those_of_the_migration():
    text = (MIGRATIONS_DIR / "0001_raw_chain.sql").read_text()
    wanted = {
        name: {line.split()[0] for line in body.strip().splitlines()}
        for name, body in TABLE.findall(text)
    }
    for path in sorted(MIGRATIONS_DIR.glob("*.sql")):
        for name, body in ALTERED.findall(path.read_text()):
            wanted[name].update(ADDED.findall(body))
    made = tables_of(toy_block(1, ZERO_HASH, [transaction("a")]))
    assert {name: {*table.column_names, "ingested_at"} for name, table in made.items()} == wanted


def test_largest_value_and_nul_bytes_pass_unchanged():
    log = transfer_log(address("t"), address("a"), address("b"), MAX)
    item = transaction("a", [log], value=hex(MAX), input="0x00ff00")
    made = tables_of(toy_block(1, ZERO_HASH, [item]))
    (tx,), (row,) = rows_of(made["transactions"]), rows_of(made["logs"])
    assert int.from_bytes(tx["value_raw"], "little") == MAX
    assert tx["input"] == "0x00ff00"
    assert row["data"] == "0x" + "f" * 64


def test_missing_topics_are_null():
    log = transfer_log(address("t"), address("a"), address("b"), 1) | {"topics": []}
    (row,) = rows_of(tables_of(toy_block(1, ZERO_HASH, [transaction("a", [log])]))["logs"])
    assert [row[f"topic{i}"] for i in range(4)] == [None] * 4


def test_contract_creation_has_no_receiver():
    (tx,) = rows_of(tables_of(toy_block(1, ZERO_HASH, [transaction("a", to=None)]))["transactions"])
    assert tx["to_address"] is None


def test_rows_are_placed_by_their_position():
    logs = [transfer_log(address("t"), address("a"), address("b"), n) for n in range(3)]
    made = tables_of(
        toy_block(
            1, ZERO_HASH, [transaction("a", logs[:1]), transaction("b"), transaction("c", logs[1:])]
        )
    )
    assert [(r["tx_index"], r["log_index"]) for r in rows_of(made["logs"])] == [
        (0, 0),
        (2, 1),
        (2, 2),
    ]


def test_empty_block_has_empty_tables():
    made = tables_of(toy_block(1, ZERO_HASH))
    assert {name: table.num_rows for name, table in made.items()} == {
        "logs": 0,
        "transactions": 0,
        "withdrawals": 0,
        "blocks": 1,
    }


def test_timestamp_beyond_the_column_is_refused():
    def late(header):
        header["timestamp"] = hex(2**32)

    with pytest.raises(FieldError, match="32 bits"):
        tables_of(toy_block(1, ZERO_HASH, edit_header=late))
