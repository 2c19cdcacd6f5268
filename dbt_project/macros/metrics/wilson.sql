{#-
  Ends of the 95 % score interval of a proportion of counts, to 8 decimals; NULL without cases.
  E. B. Wilson, "Probable inference, the law of succession, and statistical inference", JASA 22 (1927). In binary
  floating point: it is an estimate, not money. The metric registry computes the same (lib/metrics/intervals.py).
-#}
{% macro wilson_low(hits, cases) -%}{{ wilson_end(hits, cases, '-') }}{%- endmacro %}
{% macro wilson_high(hits, cases) -%}{{ wilson_end(hits, cases, '+') }}{%- endmacro %}

{% macro wilson_end(hits, cases, sign) -%}
{%- set z2 = '3.841458820694124' -%}
{%- set n = 'nullif(cast(' ~ cases ~ ' as double), 0)' -%}
{%- set k = 'cast(' ~ hits ~ ' as double)' -%}
cast(
  least(greatest(
    ({{ k }} + {{ z2 }} / 2 {{ sign }} sqrt({{ z2 }} * ({{ k }} * ({{ n }} - {{ k }}) / {{ n }} + {{ z2 }} / 4)))
    / ({{ n }} + {{ z2 }}), 0
  ), 1) as decimal(18, 8)
)
{%- endmacro %}
