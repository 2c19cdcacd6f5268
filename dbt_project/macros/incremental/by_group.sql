{#-
  Recompute only what changed. A model that is built by groups (an account, an order and model) has a relation of what
  its groups come from: one row per group with `input_hash`, which is another number as soon as anything that the group
  is computed from is another. Each row of the model carries the hash it was computed from. At a run the rows of groups
  whose hash is no longer that one are deleted, vanished groups with them, and groups without rows are computed: in one
  transaction, so a run that breaks leaves the table as it was, and one that broke earlier leaves nothing to remember.

    config(**built_by_group("ref('inputs')", ['account_id']))       at the head of the model
    changed as (changed_groups(ref('inputs'), ['account_id']))      what is to be computed: the keys and input_hash
-#}
{% macro built_by_group(inputs, keys) -%}
  {{ return({
    'materialized': 'incremental',
    'incremental_strategy': 'append',
    'on_schema_change': 'fail',
    'pre_hook': "{{ delete_changed_groups(" ~ inputs ~ ", " ~ keys ~ ") }}",
  }) }}
{%- endmacro %}

{% macro delete_changed_groups(inputs, keys) -%}
  {%- if is_incremental() -%}
  delete from {{ this }}
  where not exists (
    select 1
    from {{ inputs }} as inputs
    where inputs.input_hash = {{ this.identifier }}.input_hash
      {%- for key in keys %}
      and inputs.{{ key }} is not distinct from {{ this.identifier }}.{{ key }}
      {%- endfor %}
  )
  {%- endif -%}
{%- endmacro %}

{% macro changed_groups(inputs, keys) -%}
  select
    {%- for key in keys %}
    inputs.{{ key }},
    {%- endfor %}
    inputs.input_hash
  from {{ inputs }} as inputs
  {%- if is_incremental() %}
  where not exists (
    select 1
    from {{ this }} as computed
    where
      {%- for key in keys %}
      {{ 'and ' if not loop.first }}computed.{{ key }} is not distinct from inputs.{{ key }}
      {%- endfor %}
  )
  {%- endif %}
{%- endmacro %}

{#- A table whose columns are not those of its contract was made by another version: it is made anew. -#}
{% macro should_full_refresh() -%}
  {%- set asked = config.get('full_refresh') -%}
  {%- if asked is none -%}{%- set asked = flags.FULL_REFRESH -%}{%- endif -%}
  {%- if not asked and execute and model.config.materialized == 'incremental' -%}
    {%- set existing = load_cached_relation(this) -%}
    {%- if existing is not none -%}
      {%- set found = [] -%}
      {%- for column in adapter.get_columns_in_relation(existing) -%}
        {%- do found.append((column.name | lower, column.dtype | lower)) -%}
      {%- endfor -%}
      {%- set wanted = [] -%}
      {%- for column in model.columns.values() -%}
        {%- do wanted.append((column.name | lower, column.data_type | lower)) -%}
      {%- endfor -%}
      {%- set asked = found | sort != wanted | sort -%}
    {%- endif -%}
  {%- endif -%}
  {{ return(asked) }}
{%- endmacro %}

{#- One number for the values of a row; NULL is a value like any other. Equal only if all are, but for one chance in
    2^63. Not the same on every engine or version of one: see code_fingerprint. -#}
{% macro fingerprint(values) -%}
  {{ return(adapter.dispatch('fingerprint', 'triloop')(values)) }}
{%- endmacro %}

{% macro duckdb__fingerprint(values) -%}
  cast(hash({{ values | join(', ') }}) >> 1 as bigint)
{%- endmacro %}

{% macro spark__fingerprint(values) -%}
  xxhash64(to_json(struct({% for value in values %}{{ value }} as _{{ loop.index }}{{ ', ' if not loop.last }}{% endfor %}), map('ignoreNullFields', 'false')))
{%- endmacro %}

{#- One number for the rows of a group, each told by its fingerprint, in whatever order; a row that is there twice counts
    twice. -#}
{% macro fingerprint_of_group(row_fingerprint) -%}
  {{ fingerprint(['sum(cast(' ~ row_fingerprint ~ ' as decimal(38, 0)))', 'count(*)']) }}
{%- endmacro %}

{#- What the project and its engine are, a literal: another version may compute something else from the same input. -#}
{% macro code_fingerprint() -%}
  '{{ env_var("TRILOOP_CODE_FINGERPRINT", "") if execute else "" }}'
{%- endmacro %}
