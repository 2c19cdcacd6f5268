{#- ln(n!) of a count, in floating point. -#}
{% macro ln_factorial(n) %}{{ return(adapter.dispatch('ln_factorial', 'triloop')(n)) }}{% endmacro %}

{% macro duckdb__ln_factorial(n) -%}
lgamma({{ n }} + 1)
{%- endmacro %}

{% macro default__ln_factorial(n) -%}
{{ exceptions.raise_compiler_error("ln_factorial is not written for this database: it has no log-gamma function that we know") }}
{%- endmacro %}

{#- ln of "n choose k". -#}
{% macro ln_choose(n, k) -%}
{{ ln_factorial(n) }} - {{ ln_factorial(k) }} - {{ ln_factorial('(' ~ n ~ ' - ' ~ k ~ ')') }}
{%- endmacro %}
