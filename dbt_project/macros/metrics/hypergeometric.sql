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

{#-
  Chance that of `cases` baskets, `one` with the first thing and `other` with the second, exactly `both` have both when
  the two have nothing to do with each other: a term of Fisher's exact test.
-#}
{% macro hypergeometric_chance(cases, one, other, both) -%}
exp(
  {{ ln_choose(one, '(' ~ both ~ ')') }}
  + {{ ln_choose('(' ~ cases ~ ' - ' ~ one ~ ')', '(' ~ other ~ ' - (' ~ both ~ '))') }}
  - ({{ ln_choose(cases, other) }})
)
{%- endmacro %}

{#- A chance × the number of questions that were asked (Bonferroni), at most 1. -#}
{% macro corrected_chance(chance, questions=1) -%}
cast(case when {{ chance }} * {{ questions }} > 1 then 1 else {{ chance }} * {{ questions }} end as decimal(18, 8))
{%- endmacro %}
