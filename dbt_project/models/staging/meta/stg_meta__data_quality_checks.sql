-- grain: one check of a run
select
    suite,
    table as table_name,
    check as check_name,
    run_id,
    checked_at,
    toDate(checked_at) as check_date,
    severity,
    status,
    observed,
    expected,
    unexpected_count,
    details
from {{ source('meta', 'data_quality_checks') }} final
