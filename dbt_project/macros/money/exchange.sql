{#-
  The exchange rate of an amount: three columns and the join they need.

  The functional currency itself is 1 without a rate row. A missing rate stays NULL with has_rate = false: the currency
  gate stops it, nothing defaults to 1.
-#}
{% macro functional_rate(currency, rates='rates') -%}
case
  when {{ currency }} = '{{ var("functional_currency") }}' then cast(1 as decimal(18, 8))
  else {{ rates }}.rate
end
{%- endmacro %}

{% macro rate_columns(currency, rates='rates') -%}
{{ functional_rate(currency, rates) }} as rate,
{{ rates }}.rate_id,
coalesce({{ currency }} = '{{ var("functional_currency") }}' or {{ rates }}.rate is not null, false) as has_rate
{%- endmacro %}

{% macro rate_join(currency, day, rates='rates') -%}
left join {{ ref('int_exchange_rate_day') }} as {{ rates }}
  on {{ rates }}.from_currency = {{ currency }} and {{ rates }}.rate_on = {{ day }}
{%- endmacro %}

{#- ISO code of what people write for a currency; an unknown text comes through in capitals for the gate to name. -#}
{% macro currency_code(column) -%}
case upper(trim({{ column }}))
  {%- for written in ['RMB', '¥', '￥', '元', '人民币', '人民币元'] %}
  when '{{ written }}' then 'CNY'
  {%- endfor %}
  {%- for written in ['US$', '美元'] %}
  when '{{ written }}' then 'USD'
  {%- endfor %}
  {%- for written in ['€', '欧元'] %}
  when '{{ written }}' then 'EUR'
  {%- endfor %}
  when '' then null
  else upper(trim({{ column }}))
end
{%- endmacro %}
