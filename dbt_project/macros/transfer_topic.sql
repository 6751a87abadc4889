{#- keccak256 of Transfer(address,address,uint256): topic0 of ERC-20 and ERC-721 transfers alike. -#}
{% macro transfer_topic() -%}
    '0xddf252ad1be2c89b69c2b068fc378daa952ba7f163c4a11628f55a4df523b3ef'
{%- endmacro %}
