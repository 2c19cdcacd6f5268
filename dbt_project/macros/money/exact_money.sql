{#-
  Exact money. Three traps are closed here so that no model has to remember them:
  DuckDB multiplies DECIMAL(18,2) by DECIMAL(18,8) in 18 digits and overflows at 100 million; DuckDB divides decimals
  in DOUBLE; and engines differ in how they round. Every amount is rounded half away from zero.
-#}

{#- Amount in the functional currency, to the minor unit; NULL when the rate is (never 1.0 in its stead). -#}
{% macro functional_amount(amount, rate) -%}
cast(round(cast({{ amount }} as decimal(38, 2)) * {{ rate }}, 2) as decimal(18, 2))
{%- endmacro %}

{#- Sum of amounts, NULL when one of them is: a total that silently lacks a row is worse than none. -#}
{% macro full_sum(amount, condition='true') -%}
case
  when count(case when {{ condition }} then 1 end) = count(case when {{ condition }} then {{ amount }} end)
    then sum(case when {{ condition }} then {{ amount }} else 0 end)
end
{%- endmacro %}

{#- Price × quantity, to the minor unit. -#}
{% macro extended_amount(price, quantity) -%}
cast(round(cast({{ price }} as decimal(38, 6)) * {{ quantity }}, 2) as decimal(18, 2))
{%- endmacro %}

{#- Price × quantity less a discount share (none when NULL), to the minor unit. -#}
{% macro discounted_amount(price, quantity, discount) -%}
cast(
  round(cast({{ price }} as decimal(38, 6)) * {{ quantity }} * (1 - coalesce({{ discount }}, 0)), 2) as decimal(18, 2)
)
{%- endmacro %}

{#-
  amount × part ÷ whole, exactly, rounded half away from zero to `scale` decimals of `digits`; NULL when whole is 0.

  All three inputs may have up to 4 decimals. They are multiplied as integers, so the result is exact up to
  amounts of 10^12 with parts of 10^10; beyond that the engine raises an overflow rather than lose a digit.
-#}
{% macro proportion(amount, part, whole, scale=2, digits=18) -%}
{{ return(adapter.dispatch('proportion', 'triloop')(amount, part, whole, scale, digits)) }}
{%- endmacro %}

{% macro duckdb__proportion(amount, part, whole, scale, digits) -%}
{%- set a = "cast(cast(" ~ amount ~ " as decimal(38, 4)) * 10000 as hugeint)" -%}
{%- set p = "cast(cast(" ~ part ~ " as decimal(38, 4)) * 10000 as hugeint)" -%}
{%- set w = "nullif(cast(cast(" ~ whole ~ " as decimal(38, 4)) * 10000 as hugeint), 0)" -%}
{%- set unit = "0." ~ ("0" * (scale - 1)) ~ "1" -%}
cast(
  cast(
    (sign({{ a }}) * sign({{ p }}) * sign({{ w }}))
    * ((2 * abs({{ a }}) * abs({{ p }}) * {{ 10 ** scale }} + abs({{ w }}) * 10000) // (2 * abs({{ w }}) * 10000))
    as decimal(38, 0)
  ) * cast({{ unit }} as decimal({{ scale + 1 }}, {{ scale }}))
  as decimal({{ digits }}, {{ scale }})
)
{%- endmacro %}

{% macro spark__proportion(amount, part, whole, scale, digits) -%}
{%- set a = "cast(cast(" ~ amount ~ " as decimal(38, 4)) * 10000 as decimal(38, 0))" -%}
{%- set p = "cast(cast(" ~ part ~ " as decimal(38, 4)) * 10000 as decimal(38, 0))" -%}
{%- set w = "nullif(cast(cast(" ~ whole ~ " as decimal(38, 4)) * 10000 as decimal(38, 0)), 0)" -%}
{%- set unit = "0." ~ ("0" * (scale - 1)) ~ "1" -%}
cast(
  cast(
    cast(sign({{ a }}) * sign({{ p }}) * sign({{ w }}) as decimal(38, 0))
    * ((2 * abs({{ a }}) * abs({{ p }}) * {{ 10 ** scale }} + abs({{ w }}) * 10000) div (2 * abs({{ w }}) * 10000))
    as decimal(38, 0)
  ) * cast({{ unit }} as decimal({{ scale + 1 }}, {{ scale }}))
  as decimal({{ digits }}, {{ scale }})
)
{%- endmacro %}

{#- Integer quotient, cut towards zero. -#}
{% macro integer_quotient(dividend, divisor) -%}
  {{ return(adapter.dispatch('integer_quotient', 'triloop')(dividend, divisor)) }}
{%- endmacro %}

{% macro duckdb__integer_quotient(dividend, divisor) -%}
  (cast({{ dividend }} as hugeint) // nullif(cast({{ divisor }} as hugeint), 0))
{%- endmacro %}

{% macro spark__integer_quotient(dividend, divisor) -%}
  (cast({{ dividend }} as decimal(38, 0)) div nullif(cast({{ divisor }} as decimal(38, 0)), 0))
{%- endmacro %}

{#- 1 ÷ a rate of 8 decimals, to 8 decimals, divided as integers; NULL when the rate is 0. -#}
{% macro inverse_rate(rate) -%}
{%- set divisor = "cast(" ~ rate ~ " as decimal(28, 8)) * 100000000" -%}
cast(
  cast({{ integer_quotient("2 * 10000000000000000 + " ~ divisor, "2 * (" ~ divisor ~ ")") }} as decimal(38, 0))
  * cast(0.00000001 as decimal(9, 8)) as decimal(18, 8)
)
{%- endmacro %}
