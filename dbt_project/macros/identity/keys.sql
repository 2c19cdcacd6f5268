{#- The number a source gave a document, without the `<source>:` that makes its key unique across sources. -#}
{% macro bare_key(key) -%}
substring({{ key }}, position(':' in {{ key }}) + 1)
{%- endmacro %}

{#- The columns that say which row of which file a record came from. -#}
{% macro lineage(alias) -%}
{{ alias }}.source_system,
{{ alias }}.source_object,
{{ alias }}.source_file,
{{ alias }}.source_row,
{{ alias }}.source_sha256
{%- endmacro %}
