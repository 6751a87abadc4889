-- grain: one dataset of a chain and UTC day, with how much of it is there and proven
-- As of now; coverage_built_daily is quicker.
{{ datasets_coverage(ref('coverage_blocks_daily')) }}
