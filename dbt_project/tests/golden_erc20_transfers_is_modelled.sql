-- No row: every golden row of a landed block is in the model as it should be.
{{ golden_differences(ref('golden_erc20_transfers'), ref('erc20_transfers'), [
    'chain', 'block_number', 'log_index', 'tx_hash', 'token_address', 'transfer_type', 'from_address', 'to_address',
    'amount_raw'
]) }}
