-- grain: one built day of one table
select
    toString(model) as model,
    block_date,
    began_at,
    built_at
from {{ source('meta', 'built_days') }} final
where input_version != 0 and block_date < '2149-06-06'
