-- No row: every golden row of a landed block is in the model as it should be.
{{ golden_differences(ref('golden_odd_transfers'), ref('odd_transfers'), [
    'chain', 'block_number', 'log_index', 'tx_hash', 'token_address', 'reason', 'data_bytes'
]) }}
