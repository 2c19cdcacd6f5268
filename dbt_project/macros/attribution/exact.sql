{#- Exact arithmetic that DuckDB and Spark do alike. Money is never divided in binary floating point. -#}

{#- A number without fraction, wide enough to multiply cents by cents. -#}
{% macro whole_number(value) -%}
  {{ return(adapter.dispatch('whole_number', 'triloop')(value)) }}
{%- endmacro %}

{% macro duckdb__whole_number(value) -%}
  cast({{ value }} as hugeint)
{%- endmacro %}

{% macro spark__whole_number(value) -%}
  cast({{ value }} as decimal(38, 0))
{%- endmacro %}

{#- The part of a cumulative amount that falls to all touches up to the one with this cumulative weight.
    27 + 10 digits fit 38 on both engines, so the product is exact before it is rounded half away from zero. -#}
{% macro allocated_up_to(cumulative_amount, cumulative_weight) -%}
  round(cast({{ cumulative_amount }} as decimal(27, 2)) * cast({{ cumulative_weight }} as decimal(10, 9)), 2)
{%- endmacro %}

{#- A timestamp, so many days earlier. -#}
{% macro days_before(moment, days) -%}
  {{ return(adapter.dispatch('days_before', 'triloop')(moment, days)) }}
{%- endmacro %}

{% macro duckdb__days_before(moment, days) -%}
  ({{ moment }} - to_days(cast({{ days }} as integer)))
{%- endmacro %}

{% macro spark__days_before(moment, days) -%}
  ({{ moment }} - make_interval(0, 0, 0, cast({{ days }} as int)))
{%- endmacro %}

{#- Whole billionths → a share of nine decimals. -#}
{% macro share_of_billion(billionths) -%}
  cast(cast({{ billionths }} as decimal(18, 0)) * cast(0.000000001 as decimal(9, 9)) as decimal(10, 9))
{%- endmacro %}
