{#-
  Ends of the 95 % score interval of a proportion of counts, to 8 decimals; NULL without cases, and of what is no
  proportion (more hits than cases), which must not stop a run.
  E. B. Wilson, "Probable inference, the law of succession, and statistical inference", JASA 22 (1927). In binary
  floating point: it is an estimate, not money. The metric registry reads this file too (lib/metrics/intervals.py).
-#}
{% macro wilson_low(hits, cases) -%}{{ wilson_end(hits, cases, '-') }}{%- endmacro %}
{% macro wilson_high(hits, cases) -%}{{ wilson_end(hits, cases, '+') }}{%- endmacro %}

{% macro wilson_end(hits, cases, sign) -%}
{%- set z2 = '3.841458820694124' -%}
{%- set n = 'nullif(cast(' ~ cases ~ ' as double), 0)' -%}
{%- set k = 'cast(' ~ hits ~ ' as double)' -%}
cast(
  case when {{ k }} between 0 and {{ n }} then
    least(greatest(
      ({{ k }} + {{ z2 }} / 2 {{ sign }} sqrt(greatest({{ z2 }} * ({{ k }} * ({{ n }} - {{ k }}) / {{ n }} + {{ z2 }} / 4), 0)))
      / ({{ n }} + {{ z2 }}), 0
    ), 1)
  end as decimal(18, 8)
)
{%- endmacro %}
