{#- Every day from the first to the last given, one row each, column `day`; stands after FROM. -#}
{% macro days_from_to(first_day, last_day) -%}
  {{ return(adapter.dispatch('days_from_to', 'triloop')(first_day, last_day)) }}
{%- endmacro %}

{% macro duckdb__days_from_to(first_day, last_day) -%}
  (
    select cast(series.day as date) as day
    from generate_series(timestamp '{{ first_day }}', timestamp '{{ last_day }}', interval 1 day) as series (day)
  )
{%- endmacro %}

{% macro spark__days_from_to(first_day, last_day) -%}
  (select explode(sequence(date '{{ first_day }}', date '{{ last_day }}', interval 1 day)) as day)
{%- endmacro %}

{#- First day of the fiscal period of so many months (3, 6 or 12) that a day lies in. -#}
{% macro fiscal_period_start(day, months) -%}
  {%- set shift = var('fiscal_year_start_month', 1) | int - 1 -%}
  {%- set month = 'extract(month from ' ~ day ~ ')' -%}
  {{ month_after(day, '-mod(cast(' ~ month ~ ' as integer) - 1 + ' ~ (12 - shift) ~ ', ' ~ months ~ ')') }}
{%- endmacro %}
