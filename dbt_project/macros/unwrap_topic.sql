{#- keccak256 of Withdrawal(address,uint256), which wrapped native coins emit in place of a burn. -#}
{% macro unwrap_topic() -%}
    '0x7fcf532c15f0a6db0bd6d0e038bea71d30d808c7d98cb3bf7268a95bf5081b65'
{%- endmacro %}
