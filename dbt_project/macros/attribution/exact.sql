{#- Exact arithmetic that DuckDB and Spark do alike. Money is never divided in binary floating point. -#}

{#- A number without fraction, wide enough to multiply cents by cents. -#}
{% macro whole_number(value) -%}
  {{ return(adapter.dispatch('whole_number', 'triloop')(value)) }}
{%- endmacro %}

{% macro duckdb__whole_number(value) -%}
  cast({{ value }} as hugeint)
{%- endmacro %}

{% macro spark__whole_number(value) -%}
  cast({{ value }} as decimal(38, 0))
{%- endmacro %}

{#- Money of two decimals → whole cents. -#}
{% macro cents_of(amount) -%}
  cast(cast({{ amount }} as decimal(28, 2)) * 100 as bigint)
{%- endmacro %}

{#- Whole cents → money of two decimals. -#}
{% macro money_of(cents) -%}
  cast(cast({{ cents }} as decimal(18, 0)) * cast(0.01 as decimal(2, 2)) as decimal(18, 2))
{%- endmacro %}

{#- The part of cumulative cents that falls to all touches up to the one with these cumulative billionths, rounded half
    away from zero. The cents are split at a billion, so that every product fits 64 bits: ten times as fast as 128. -#}
{% macro allocated_up_to(cents, billionths) -%}
  (
    {{ whole_quotient(cents, '1000000000') }} * {{ billionths }}
    + {{ whole_quotient(
      '(' ~ cents ~ ' % 1000000000 * ' ~ billionths ~ ' + case when ' ~ cents ~ ' < 0 then -500000000 else 500000000 end)',
      '1000000000'
    ) }}
  )
{%- endmacro %}

{#- dividend ÷ divisor of 64 bits, the fraction cut off. -#}
{% macro whole_quotient(dividend, divisor) -%}
  {{ return(adapter.dispatch('whole_quotient', 'triloop')(dividend, divisor)) }}
{%- endmacro %}

{% macro duckdb__whole_quotient(dividend, divisor) -%}
  ({{ dividend }} // {{ divisor }})
{%- endmacro %}

{% macro spark__whole_quotient(dividend, divisor) -%}
  ({{ dividend }} div {{ divisor }})
{%- endmacro %}

{#- A timestamp, so many days earlier. -#}
{% macro days_before(moment, days) -%}
  {{ return(adapter.dispatch('days_before', 'triloop')(moment, days)) }}
{%- endmacro %}

{% macro duckdb__days_before(moment, days) -%}
  ({{ moment }} - to_days(cast({{ days }} as integer)))
{%- endmacro %}

{% macro spark__days_before(moment, days) -%}
  ({{ moment }} - make_interval(0, 0, 0, cast({{ days }} as int)))
{%- endmacro %}

{#- A share of nine decimals → whole billionths; in two steps, so that no decimal is wider than 18 digits. -#}
{% macro billionths_in(share) -%}
  cast(cast({{ share }} * 10000000 as decimal(12, 2)) * 100 as bigint)
{%- endmacro %}

{#- Whole billionths → a share of nine decimals. -#}
{% macro share_of_billion(billionths) -%}
  cast(cast({{ billionths }} as decimal(18, 0)) * cast(0.000000001 as decimal(9, 9)) as decimal(10, 9))
{%- endmacro %}
