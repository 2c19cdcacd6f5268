{#- The milestones of an order's way in their order: after FROM or JOIN, columns to be named (name, number). -#}
{% macro journey_milestones() -%}
  (values ('lead', 1), ('qualification', 2), ('opportunity', 3), ('quote', 4), ('order', 5))
{%- endmacro %}

{#- The earlier of two moments or days; the other when one is not known. -#}
{% macro earlier_of(one, other) -%}
  case when {{ one }} <= {{ other }} or {{ other }} is null then {{ one }} else {{ other }} end
{%- endmacro %}
