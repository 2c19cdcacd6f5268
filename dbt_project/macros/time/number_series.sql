{#- A derived table with one integer column `n`: 0, 1, … up to but without `stop`. -#}
{% macro number_series(stop) %}{{ return(adapter.dispatch('number_series', 'triloop')(stop)) }}{% endmacro %}

{% macro duckdb__number_series(stop) -%}
(select cast(range as integer) as n from range(0, {{ stop }}))
{%- endmacro %}

{% macro spark__number_series(stop) -%}
(select explode(sequence(0, {{ stop }} - 1)) as n)
{%- endmacro %}
