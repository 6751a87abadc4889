{#- First topics of every log that moves, makes or ends tokens. -#}
{% macro token_topics() -%}
    ({{ transfer_topic() }}, {{ wrap_topic() }}, {{ unwrap_topic() }})
{%- endmacro %}
