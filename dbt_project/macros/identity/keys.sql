{#- The number a source gave a document, without the `<source>:` that makes its key unique across sources. -#}
{% macro bare_key(key) -%}
substring({{ key }}, position(':' in {{ key }}) + 1)
{%- endmacro %}

{#- A legal name ready to compare: no spaces, lower case, one kind of bracket. NULL when nothing is left. -#}
{% macro comparable_name(name) -%}
nullif(replace(replace(replace(replace(lower(trim({{ name }})), ' ', ''), '　', ''), '（', '('), '）', ')'), '')
{%- endmacro %}

{#- A tax number ready to compare: capitals, no spaces or dashes. NULL when nothing is left. -#}
{% macro comparable_tax_id(tax_id) -%}
nullif(replace(replace(upper(trim({{ tax_id }})), ' ', ''), '-', ''), '')
{%- endmacro %}

{#- The columns that say which row of which file a record came from. -#}
{% macro lineage(alias) -%}
{{ alias }}.source_system,
{{ alias }}.source_object,
{{ alias }}.source_file,
{{ alias }}.source_row,
{{ alias }}.source_sha256
{%- endmacro %}
