"""Marts of single transfers and of how few addresses move a token, against plain Python over the
transfers that were made: priced and not, exact beyond 2^53, a hostile name, a day without any."""

import random
from collections import Counter
from datetime import UTC, date, datetime
from fractions import Fraction
from typing import NamedTuple

import pytest

from oracul.warehouse.dbt import build
from tests.fixtures.landing import land_blocks
from tests.fixtures.toy_chain import address, transfer_log
from tests.fixtures.transfer_days import USDC, block_at

CHAIN = "ethereum"
BUSY, EMPTY = date(2024, 3, 1), date(2024, 3, 2)
ZERO = "0x" + "00" * 20
EVIL, HUGE = address("evil"), 2**256 - 1
HOSTILE = '=cmd|"/c calc"!A1<script>'
FIRST_PRICED_HOUR = 12


class Move(NamedTuple):
    """One transfer as it is made; `log_index` is its place in the block of that hour."""

    token: str
    sender: str
    to: str
    amount: int
    hour: int
    log_index: int

    @property
    def usd(self):
        """Two sources say one dollar from noon on; the other token has no price."""
        return self.amount / 1e6 if self.token == USDC and self.hour >= FIRST_PRICED_HOUR else None

    @property
    def place(self):
        return (self.hour, self.log_index)


def made():
    """35 transfers of USDC in the morning and at noon, and some of a token that nobody knows."""
    rng = random.Random(7)
    people = [address("person", i) for i in range(25)]
    for hour in (1, FIRST_PRICED_HOUR):
        moves = [
            (USDC, *rng.sample(people, 2), rng.choice([10**6, rng.randrange(10**12)]))
            for _ in range(35)
        ]
        moves += [
            (USDC, ZERO, people[0], 5 * 10**12), (USDC, people[1], ZERO, 10**6),
            (USDC, people[2], people[2], 7), (EVIL, people[3], people[4], HUGE),
            (EVIL, people[5], people[4], HUGE - 1), (EVIL, people[5], people[3], 0),
        ]  # fmt: skip
        yield from (Move(*move, hour, place) for place, move in enumerate(moves))


MOVES = list(made())


@pytest.fixture(scope="module")
def client(dbt_settings, dbt_client):
    """The transfers landed and every model built; the second day has a block and no transfer."""
    blocks = [
        block_at(
            BUSY,
            hour,
            [transfer_log(m.token, m.sender, m.to, m.amount) for m in MOVES if m.hour == hour],
            hour=hour,
        )
        for hour in (1, FIRST_PRICED_HOUR)
    ]
    land_blocks(dbt_client, CHAIN, [*blocks, block_at(EMPTY, 30, [])])
    noon = datetime(2024, 3, 1, FIRST_PRICED_HOUR, tzinfo=UTC)
    dbt_client.insert(
        "raw.prices_spot",
        [["usd-coin", "USDC", "usd", 1.0, noon, source, noon] for source in ("a", "b")],
        column_names=["asset", "symbol", "quote", "price", "observed_at", "source", "ingested_at"],
    )
    dbt_client.insert(
        "raw.token_metadata",
        [[CHAIN, EVIL, 1, HOSTILE, HOSTILE, None, None, "0x", "0x", "string", "node", noon]],
        column_names=[
            "chain", "token_address", "block_number", "name", "symbol", "decimals",
            "total_supply_raw", "name_hex", "symbol_hex", "decode_status", "source", "ingested_at",
        ],
    )  # fmt: skip
    build(dbt_settings)
    return dbt_client


def rows(client, sql):
    return client.query(sql).result_rows


def shares(volumes):
    """(largest, ten largest, sum of squares) as shares of all; None of nothing."""
    total = sum(volumes)
    if not total:
        return (None, None, None)
    parts = sorted((Fraction(v, total) for v in volumes), reverse=True)
    return tuple(
        pytest.approx(float(x)) for x in (parts[0], sum(parts[:10]), sum(p * p for p in parts))
    )


@pytest.mark.parametrize("token", [USDC, EVIL])
def test_concentration_is_that_of_plain_fractions(client, token):
    sent, received = Counter(), Counter()
    for move in (m for m in MOVES if m.token == token):
        sent[move.sender] += move.amount
        received[move.to] += move.amount
    del sent[ZERO], received[ZERO]
    (found,) = rows(
        client,
        "select sender_count, receiver_count, top1_sender_ratio, top10_sender_ratio,"
        " sender_herfindahl_ratio, top1_receiver_ratio, top10_receiver_ratio,"
        " receiver_herfindahl_ratio from marts.token_concentration_daily"
        f" where token_address = '{token}'",
    )
    assert found[:2] == (len(sent), len(received))
    assert found[2:5] == shares(sent.values())
    assert found[5:] == shares(received.values())


def test_largest_transfers_are_the_first_20_of_a_plain_sort(client):
    by_size = sorted(
        (m for m in MOVES if m.token == USDC),
        key=lambda m: (m.usd is None, -(m.usd or 0), -m.amount, m.place),
    )
    found = rows(
        client,
        "select transfer_rank, block_number, log_index, amount_raw_exact, amount_usd"
        f" from marts.largest_transfers_daily where token_address = '{USDC}' order by 1",
    )
    assert found == [
        (rank, m.hour, m.log_index, str(m.amount), pytest.approx(m.usd))
        for rank, m in enumerate(by_size[:20], start=1)
    ]


def test_largest_transfers_without_price_are_exact_and_keep_hostile_names_as_they_are(client):
    assert rows(
        client,
        "select amount_raw_exact, amount, amount_usd, symbol from marts.largest_transfers_daily"
        f" where token_address = '{EVIL}' order by transfer_rank limit 3",
    ) == [(str(n), None, None, HOSTILE) for n in (HUGE, HUGE, HUGE - 1)]


def test_every_transfer_is_seen_once_from_each_side(client):
    found = rows(
        client,
        "select address, direction, counterparty_address, token_address, block_number, log_index,"
        " is_self_transfer, amount_usd from marts.address_transfers_daily",
    )
    wanted = []
    for m in MOVES:
        tail = (m.token, m.hour, m.log_index, m.sender == m.to, pytest.approx(m.usd))
        wanted += [(m.sender, "out", m.to, *tail), (m.to, "in", m.sender, *tail)]
    by_place = lambda row: (row[4], row[5], row[1])  # noqa: E731
    assert sorted(found, key=by_place) == sorted(wanted, key=by_place)


def test_sides_add_up_to_the_flows_of_the_address(client):
    counted = "address, countIf(direction = 'in'), countIf(direction = 'out'), uniqExact(tx_hash)"
    sides = f"select {counted} from marts.address_transfers_daily group by address order by 1"
    flows = (
        "select address, inflow_count, outflow_count, tx_count from marts.address_flows_daily"
        " order by 1"
    )
    assert rows(client, sides) == rows(client, flows) != []


def test_day_without_transfers_is_built_and_empty(client):
    for table in (
        "token_concentration_daily",
        "largest_transfers_daily",
        "address_transfers_daily",
    ):
        assert rows(client, f"select distinct block_date from marts.{table}") == [(BUSY,)]
        built = f"from meta.built_days final where model = 'marts.{table}' and input_version != 0"
        assert rows(client, f"select count() {built} and block_date = '{EMPTY}'") == [(1,)]


def test_no_number_is_wider_than_a_chart_can_show(client):
    """Superset hands numbers to JavaScript: no 256-bit integer, nothing beyond 2^63."""
    wide = rows(
        client,
        "select concat(table, '.', name, ' ', type) from system.columns where database = 'marts'"
        " and match(type, 'U?Int(128|256)|Decimal')",
    )
    assert wide == []
