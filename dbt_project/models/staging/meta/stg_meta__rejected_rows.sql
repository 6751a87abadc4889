-- grain: one answer that was not believed
-- The payload stays behind: it is a stranger's text and may be large.
select
    source,
    table as table_name,
    key as row_key,
    reason,
    {{ reason_group('table', 'reason') }} as reason_group,
    rejected_at,
    toDate(rejected_at) as rejected_date
from {{ source('meta', 'rejected_rows') }}
