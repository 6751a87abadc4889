{#- Decimal text of high * 10^38 + low (see sum_high), exact for any size and sign. -#}
{% macro exact_text(high, low) -%}
    {%- set base -%} toInt256('1{{ '0' * 38 }}') {%- endset -%}
    {%- set carry -%} (intDiv({{ low }}, {{ base }}) - if({{ low }} % {{ base }} < 0, 1, 0)) {%- endset -%}
    {%- set upper -%} ({{ high }} + {{ carry }}) {%- endset -%}
    {%- set lower -%} ({{ low }} - {{ carry }} * {{ base }}) {%- endset -%}
    {#- Now 0 <= lower < 10^38; a negative number is written as minus the other way round. -#}
    multiIf(
        {{ upper }} = 0, toString({{ lower }}),
        {{ upper }} > 0, concat(toString({{ upper }}), leftPad(toString({{ lower }}), 38, '0')),
        {{ lower }} = 0, concat(toString({{ upper }}), repeat('0', 38)),
        {{ upper }} = -1, concat('-', toString({{ base }} - {{ lower }})),
        concat('-', toString(-{{ upper }} - 1), leftPad(toString({{ base }} - {{ lower }}), 38, '0'))
    )
{%- endmacro %}
