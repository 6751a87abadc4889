{#- Merge each partition of a table that nobody reads yet into one part. Rows that were inserted by many threads and
    batches lie in several, and each question opens all of them: one part answers about twice as fast. -#}
{% macro merge_parts(relation) -%}
    {%- set scattered -%}
        select partition_id
        from system.parts
        where active and database = '{{ relation.schema }}' and table = '{{ relation.identifier }}'
        group by partition_id
        having count() > 1
        order by partition_id
    {%- endset -%}
    {%- for row in run_query(scattered).rows -%}
        {%- call statement('merge_parts') -%}
            optimize table {{ relation }} partition id '{{ row.partition_id }}' final
        {%- endcall -%}
    {%- endfor -%}
{%- endmacro %}
