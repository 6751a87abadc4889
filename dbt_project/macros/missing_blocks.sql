{#- Blocks that are not there, by chain and UTC day, from `days` (chain, block_date, block_count, first
    and last block_number and block_timestamp). Nobody knows the times of those that are missing
    between two days: they are laid evenly between their neighbours. -#}
{% macro missing_blocks(days) -%}
    {%- set steps -%}
        select
            chain,
            toUnixTimestamp(first_block_timestamp) as ended_at,
            toUnixTimestamp(lagInFrame(toNullable(last_block_timestamp)) over by_day) as began_at,
            toInt64(first_block_number)
            - lagInFrame(toNullable(last_block_number)) over by_day - 1 as hole_count
        from {{ days }}
        window by_day as (partition by chain order by block_date rows 1 preceding)
    {%- endset -%}
    select
        chain,
        block_date,
        toUInt64(last_block_number - first_block_number + 1 - block_count) as missing_count
    from {{ days }}
    union all
    select
        chain,
        toDate('1970-01-01') + day_number as block_date,
        toUInt64(laid_before[2] - laid_before[1]) as missing_count
    from
        (
            select
                chain, day_number,
                arrayMap(
                    instant -> least(
                        toFloat64(hole_count),
                        greatest(0, ceil(
                            (instant - began_at) * (hole_count + 1)
                            / greatest(ended_at - began_at, 1)
                        ) - 1)
                    ),
                    [day_number * 86400, (day_number + 1) * 86400]
                ) as laid_before
            from
                (
                    select
                        chain, ended_at, assumeNotNull(began_at) as began_at,
                        assumeNotNull(hole_count) as hole_count
                    from ({{ steps }}) as steps
                    where steps.hole_count > 0
                )
            array join
                range(intDiv(began_at, 86400), toUInt64(intDiv(ended_at, 86400) + 1))
                as day_number
        )
{%- endmacro %}
