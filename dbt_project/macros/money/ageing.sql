{#- Names of the ages of open invoices, youngest first: not due, then by days overdue as the setting metrics.ageing_days
    divides them. -#}
{% macro ageing_buckets() -%}
  {%- set edges = var('ageing_days') -%}
  {%- set names = ['not_due', '1-' ~ edges[0]] -%}
  {%- for edge in edges[:-1] -%}
    {%- do names.append((edge + 1) ~ '-' ~ edges[loop.index]) -%}
  {%- endfor -%}
  {%- do names.append(edges[-1] ~ '+') -%}
  {{ return(names) }}
{%- endmacro %}

{#- Place of that age in the list, from 0, of so many days overdue. -#}
{% macro ageing_place(days) -%}
case
  when {{ days }} <= 0 then 0
  {%- for edge in var('ageing_days') %}
  when {{ days }} <= {{ edge }} then {{ loop.index }}
  {%- endfor %}
  else {{ var('ageing_days') | length + 1 }}
end
{%- endmacro %}
