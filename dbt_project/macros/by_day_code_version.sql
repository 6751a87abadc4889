{#- Hash of what the table's rows and columns follow from besides its inputs. -#}
{% macro by_day_code_version(sql) -%}
    {%- set columns = [] -%}
    {%- if config.get('contract').enforced -%}
        {%- for column in model.columns.values() -%}
            {%- do columns.append(column.name ~ ' ' ~ column.data_type) -%}
        {%- endfor -%}
    {%- endif -%}
    {{ return(local_md5(sql ~ columns | join(', ') ~ config.get('order_by') ~ config.get('partition_by'))) }}
{%- endmacro %}
