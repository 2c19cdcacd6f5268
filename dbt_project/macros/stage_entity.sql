{#-
  One canonical entity as a staging table: every contract column and its lineage, in contract order.

  The columns come from the generated sources file, so a column added to the contract reaches staging by itself.
  `ingested_at` stays behind: it says when we read a row, not what the row says, and would change a table's
  fingerprint on a rerun of the same data.
-#}
{% macro stage_entity(entity) %}
{%- set relation = source('canonical', entity) -%}
{%- if execute %}
  {%- set node = graph.sources.values()
    | selectattr('source_name', 'equalto', 'canonical')
    | selectattr('name', 'equalto', entity)
    | first -%}
  {%- set staged = node.columns.values() | rejectattr('name', 'equalto', 'ingested_at') | list -%}
  {%- if not staged -%}
    {{ exceptions.raise_compiler_error(
      "source canonical." ~ entity ~ " lists no columns; write them with 'python -m orchestration.lib.contract.generate'"
    ) }}
  {%- endif %}
select
  {%- for column in staged %}
  {%- set kind = (column.meta or column.config.meta or {}).get('type') %}
  {% if kind == 'currency' %}{{ currency_code(column.name) }} as {{ column.name }}{% else %}{{ column.name }}{% endif %}
  {{- ',' if not loop.last }}
  {%- endfor %}
from {{ relation }}
{%- else %}
select * from {{ relation }}
{%- endif %}
{% endmacro %}
