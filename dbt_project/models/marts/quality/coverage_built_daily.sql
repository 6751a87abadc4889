-- grain: one dataset of a chain and UTC day, with how much of it was there at the last build
with

blocks as (
    {{ block_coverage(ref('block_proof_days'), ref('block_days')) }}
),

datasets as (
    {{ datasets_coverage('blocks') }}
)

select * from datasets
