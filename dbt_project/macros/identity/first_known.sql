{#- The first value that is not NULL, in the given order, within a partition; a window expression over the whole of it. -#}
{% macro first_known(expression, partition_by, order_by) -%}
{{ return(adapter.dispatch('first_known', 'triloop')(expression, partition_by, order_by)) }}
{%- endmacro %}

{% macro duckdb__first_known(expression, partition_by, order_by) -%}
first_value({{ expression }} ignore nulls) over (
  partition by {{ partition_by }} order by {{ order_by }}
  rows between unbounded preceding and unbounded following
)
{%- endmacro %}

{% macro spark__first_known(expression, partition_by, order_by) -%}
first_value({{ expression }}, true) over (
  partition by {{ partition_by }} order by {{ order_by }}
  rows between unbounded preceding and unbounded following
)
{%- endmacro %}
