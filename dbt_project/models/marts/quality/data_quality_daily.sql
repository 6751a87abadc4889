-- grain: one guarded table and UTC day with checks, each with its last result of the day
with

last_results as (
    select
        check_date,
        suite,
        table_name,
        check_name,
        argMax(status, checks.checked_at) as status,
        argMax(severity, checks.checked_at) as severity,
        max(checks.checked_at) as checked_at
    from {{ ref('stg_meta__data_quality_checks') }} as checks
    group by check_date, suite, table_name, check_name
)

select
    check_date,
    suite,
    table_name,
    count() as check_count,
    countIf(status = 'pass') as pass_count,
    countIf(status = 'warn') as warn_count,
    countIf(status = 'fail') as fail_count,
    countIf(status = 'fail' and severity = 'critical') as critical_fail_count,
    {{ ratio("countIf(status = 'pass')", "count()") }} as pass_ratio,
    arrayStringConcat(arraySort(groupArrayIf(check_name, status = 'fail')), ', ') as failed_checks,
    max(checked_at) as last_checked_at
from last_results
group by check_date, suite, table_name
