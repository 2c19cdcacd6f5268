{#- What period tables are made of: one row per cut, period kind and period, as the metrics read them. -#}

{#- Months of a period kind: 1, 3, 6 or 12. -#}
{% macro period_months(kind) -%}
  {{ return({'month': 1, 'quarter': 3, 'half_year': 6, 'year': 12}[kind]) }}
{%- endmacro %}

{#- First day of the period that a day lies in; NULL for all time. -#}
{% macro period_start_of(day, kind) -%}
  {%- if kind == 'all' -%}
  cast(null as date)
  {%- elif kind == 'month' -%}
  {{ month_start(day) }}
  {%- else -%}
  {{ fiscal_period_start(day, period_months(kind)) }}
  {%- endif -%}
{%- endmacro %}

{#- A GROUP BY of the period of a kind beside other keys; all time has no period to group by. -#}
{% macro period_grouping(day, kind) -%}
  {{ ', ' ~ period_start_of(day, kind) if kind != 'all' }}
{%- endmacro %}
