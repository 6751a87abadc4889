-- No row: every golden row of a landed block is in the model as it should be.
{{ golden_differences(ref('golden_blocks'), ref('blocks'), [
    'chain', 'block_number', 'block_hash', 'tx_count', 'gas_fees_wei', 'burned_wei'
]) }}
