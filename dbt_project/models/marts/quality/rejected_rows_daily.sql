-- grain: one source, table, kind of reason and UTC day with answers that were not believed
select
    rejected_date,
    source,
    table_name,
    reason_group,
    count() as rejected_count,
    uniqExact(row_key) as key_count,
    max(rejected_at) as last_rejected_at
from {{ ref('stg_meta__rejected_rows') }}
group by rejected_date, source, table_name, reason_group
