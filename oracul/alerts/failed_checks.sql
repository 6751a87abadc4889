-- Critical checks whose newest result is a failure, and the run in which that failing began.
with results as (
    select
        toString(suite) as suite_name,
        toString(table) as table_name,
        check as check_name,
        checked_at,
        status,
        observed,
        expected,
        unexpected_count,
        details,
        run_id,
        max(if(status = 'fail', toDateTime64(0, 3, 'UTC'), checked_at)) over (
            partition by suite, table, check
        ) as passed_at,
        -- That a table is there is said by its other checks.
        if(
            check = 'table_exists', max(checked_at) over (partition by suite, table), passed_at
        ) as sound_at
    from meta.data_quality_checks final
    where severity = 'critical'
)

select
    suite_name,
    table_name,
    check_name,
    argMax(observed, checked_at) as last_observed,
    argMax(expected, checked_at) as last_expected,
    argMax(unexpected_count, checked_at) as last_unexpected_count,
    argMax(details, checked_at) as last_details,
    argMin(run_id, checked_at) as since
from results
where checked_at > passed_at and (check_name != 'table_exists' or checked_at >= sound_at)
group by suite_name, table_name, check_name
order by suite_name, table_name, check_name
