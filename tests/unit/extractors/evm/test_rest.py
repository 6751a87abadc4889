"""The digest over what no root covers: the same for the same rows, another for any other value."""

import msgspec
import pyarrow as pa
import pytest

from extractors.evm.columns import Proven, to_tables
from extractors.evm.rest import rest_digests
from extractors.evm.structs import Block, Receipt
from tests.fixtures.kinds_chain import kinds_chain

PARTS = ("header", "transactions", "receipts", "bloom", "withdrawals")


def tables_of(blocks, parts=PARTS):
    proven = [
        Proven(
            msgspec.json.decode(block.block, type=Block),
            msgspec.json.decode(block.receipts, type=list[Receipt]),
            parts,
            "node",
        )
        for block in blocks
    ]
    return to_tables("devnet", proven)


def with_value(tables, name, column, value, row=0):
    table = tables[name]
    values = table.column(column).to_pylist()
    values[row] = value
    field = table.schema.field(column)
    changed = table.set_column(
        table.schema.get_field_index(column), field, pa.array(values, field.type)
    )
    return {**tables, name: changed}


def test_digest_does_not_depend_on_the_blocks_beside():
    blocks = kinds_chain(4)
    alone = [rest_digests(tables_of([block]))[0] for block in blocks]
    assert rest_digests(tables_of(blocks)) == alone


def test_digest_does_not_depend_on_where_rows_begin_in_a_buffer():
    tables = tables_of(kinds_chain(4))
    later = {
        name: table.filter(pa.array([n >= 2 for n in table.column("block_number").to_pylist()]))
        for name, table in tables.items()
    }
    assert rest_digests(later) == rest_digests(tables)[2:]


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("from_address", "0x" + "11" * 20),
        ("created_contract_address", "0x" + "11" * 20),
        ("blob_gas_price_wei", b"\x01" + bytes(31)),
        ("l1_fee_wei", b"\x01" + bytes(31)),
        ("max_fee_per_blob_gas_wei", b"\x01" + bytes(31)),
        ("is_success", None),
        ("blob_versioned_hashes", ["0x"]),
    ],
)
def test_another_value_gives_another_digest(column, value):
    tables = tables_of(kinds_chain(1))
    assert rest_digests(with_value(tables, "transactions", column, value)) != rest_digests(tables)


def test_logs_are_covered_only_where_the_receipts_are_not_proven():
    proven, bare = tables_of(kinds_chain(1)), tables_of(kinds_chain(1), parts=("header",))
    change = ("logs", "data", "0xff")
    assert rest_digests(with_value(proven, *change)) == rest_digests(proven)
    assert rest_digests(with_value(bare, *change)) != rest_digests(bare)


def test_text_cannot_be_shifted_from_one_row_to_the_next():
    tables = tables_of(kinds_chain(1), parts=("header",))
    one = with_value(with_value(tables, "logs", "data", "0xab"), "logs", "data", "0xcd", row=1)
    two = with_value(with_value(tables, "logs", "data", "0xab0"), "logs", "data", "xcd", row=1)
    assert rest_digests(one) != rest_digests(two)
