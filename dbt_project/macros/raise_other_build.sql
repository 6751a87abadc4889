{#- Stop this model for the sake of another build; whatever is in doubt is unbooked, so built again. -#}
{% macro raise_other_build(relation) -%}
    {{ exceptions.raise_compiler_error(
        'Another build is working on ' ~ relation ~ '. Nothing of it is lost: build again when that one has ended.') }}
{%- endmacro %}
