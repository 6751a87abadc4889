"""Polygon's state-sync transaction lands with its logs, and its block does not count as proven."""

from oracul.demo.recording import Recording
from tests.fixtures.chain_landing import landing
from tests.fixtures.toy_chain import address, toy_chain, transfer_log, with_state_sync

BRIDGED = transfer_log(address("token"), address("bridge"), address("b"), 5)
PLAIN = toy_chain(4)
CHAIN = [*PLAIN[:2], with_state_sync(PLAIN[2], [BRIDGED]), PLAIN[3]]


def test_state_sync_transaction_lands_unproven(warehouse_settings, empty_chain_tables):
    with landing(
        warehouse_settings, empty_chain_tables, "polygon", Recording(137, CHAIN)
    ) as landed:
        report = landed.extract(0, 4)
        assert (report.blocks, report.rejected, report.proven["receipts"]) == (4, 0, 3)
        assert landed.rows(
            "select block_number, transaction_count, log_count, has(proof, 'receipts')"
            " from raw.blocks final order by 1"
        ) == [(0, 1, 1, True), (1, 1, 1, True), (2, 2, 2, False), (3, 1, 1, True)]
        assert landed.rows(
            "select tx_index, log_index from raw.logs final where block_number = 2 order by 1"
        ) == [(0, 0), (1, 1)]
