{#- keccak256 of Deposit(address,uint256), which wrapped native coins emit in place of a mint. -#}
{% macro wrap_topic() -%}
    '0xe1fffcc4923d04b559f4d29a8bfc6cda04eb5b0d3c460751c2402c5c5cc9109c'
{%- endmacro %}
