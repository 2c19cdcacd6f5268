{#-
  The rules of the distributor matrix, each written once: what makes an axis high, which segment follows, and the words
  of it. The thresholds are settings (group distributors).
-#}

{#- The same distributor in the same span. -#}
{% macro same_span(one, other) -%}
{{ one }}.span = {{ other }}.span
    and {{ one }}.first_month = {{ other }}.first_month
    and {{ one }}.distributor_id = {{ other }}.distributor_id
{%- endmacro %}

{#- high, low, or NULL where one side is not known. -#}
{% macro high_or_low(value, threshold, at_least=true) -%}
case
  when {{ value }} {{ '>=' if at_least else '<=' }} {{ threshold }} then 'high'
  when {{ value }} {{ '<' if at_least else '>' }} {{ threshold }} then 'low'
end
{%- endmacro %}

{#- A setting that is a decimal, as a decimal of 4 places. -#}
{% macro decimal_setting(name) -%}
cast('{{ var(name) }}' as decimal(18, 4))
{%- endmacro %}

{#- Segments in the order in which they are tried: code, condition, labels, and the rule in words. -#}
{% macro distributor_segments() -%}
{{ return([
  {
    'code': 'small', 'en': 'small', 'zh': '长尾',
    'when': "size_rating = 'low' and growth_rating = 'low'",
    'rule_en': 'small and not growing', 'rule_zh': '规模小且未增长',
  },
  {
    'code': 'one_legged', 'en': 'one-legged', 'zh': '单一依赖',
    'when': "concentration_rating = 'high'",
    'rule_en': 'hangs on one product family', 'rule_zh': '依赖单一产品系列',
  },
  {
    'code': 'growing', 'en': 'growing', 'zh': '成长',
    'when': "size_rating = 'low'",
    'rule_en': 'small and growing, on several product families', 'rule_zh': '规模小但在增长，产品系列分散',
  },
  {
    'code': 'at_risk', 'en': 'at risk', 'zh': '承压',
    'when': "case when growth_rating = 'low' then 1 else 0 end + case when margin_rating = 'low' then 1 else 0 end"
      ~ " + case when stability_rating = 'low' then 1 else 0 end >= 2",
    'rule_en': 'large, but at least two of growth, margin and stability are low',
    'rule_zh': '规模大，但增长、利润率、稳定性中至少两项偏低',
  },
  {
    'code': 'core', 'en': 'core', 'zh': '核心',
    'when': "true",
    'rule_en': 'large, and at most one of growth, margin and stability is low',
    'rule_zh': '规模大，且增长、利润率、稳定性中至多一项偏低',
  },
]) }}
{%- endmacro %}

{#- One of code, en, zh, rule_en, rule_zh of the segment that a row falls into; `otherwise` where it is not rated. -#}
{% macro distributor_segment(column, otherwise) -%}
case
  when not is_rated then {{ otherwise }}
  {%- for segment in distributor_segments() %}
  when {{ segment['when'] }} then '{{ segment[column] }}'
  {%- endfor %}
end
{%- endmacro %}

{#- A share as text: 12.3%. -#}
{% macro percent_text(share) -%}
cast(cast(round(cast({{ share }} as decimal(28, 8)) * 100, 1) as decimal(18, 1)) as string) || '%'
{%- endmacro %}

{#- A number as text, to so many decimals. -#}
{% macro number_text(value, scale) -%}
cast(cast(round({{ value }}, {{ scale }}) as decimal(18, {{ scale }})) as string)
{%- endmacro %}

{#- What keeps a row from being rated, one part after the other; empty for one that is. -#}
{% macro distributor_missing(language) -%}
{%- set least = var('distributor_least_orders') -%}
{%- set parts = [
  (
    'orders < ' ~ least,
    "'orders invoiced: ' || cast(orders as string) || ' of at least " ~ least ~ "'",
    "'开票订单 ' || cast(orders as string) || ' 个，至少需 " ~ least ~ " 个'",
  ),
  ('net_invoiced is null', "'an amount has no exchange rate'", "'有金额缺汇率'"),
  (
    'not is_before_covered',
    "'the books begin ' || cast(books_begin as string) || ' and do not cover the same months a year before'",
    "'账簿始于 ' || cast(books_begin as string) || '，未覆盖上年同期'",
  ),
  (
    'is_before_covered and growth is null',
    "'nothing was invoiced in the same months a year before'",
    "'上年同期没有开票'",
  ),
  ('margin_rating is null', "'the margin is not known'", "'利润率未知'"),
  (
    'stability_rating is null',
    "'months looked at: ' || cast(months as string) || ' of at least 6, or their mean is not above 0'",
    "'观察 ' || cast(months as string) || ' 个月，至少需 6 个月，且均值须大于 0'",
  ),
  (
    'concentration_rating is null',
    "'the product family of nothing invoiced is known'",
    "'开票产品的系列未知'",
  ),
] -%}
concat_ws(
      '{{ '; ' if language == 'en' else '；' }}',
      {%- for condition, en, zh in parts %}
      case when {{ condition }} then {{ en if language == 'en' else zh }} end{{ ',' if not loop.last }}
      {%- endfor %}
    )
{%- endmacro %}

{#- Each axis beside its threshold; NULL where one is not known. -#}
{% macro distributor_axes(language) -%}
{%- set parts = [
  ('net_invoiced', 'size_threshold', 'money', 'size ', ', large from ', '规模 ', ' 起为大'),
  ('growth', decimal_setting('distributor_growth_least'), 'share', 'growth ', ', growing from ', '增长 ', ' 起为增长'),
  ('margin_rate', 'margin_threshold', 'share', 'margin ', ', high from ', '利润率 ', ' 起为高'),
  (
    'variation_coefficient', decimal_setting('distributor_variation_most'), 'money',
    'variation ', ', steady up to ', '变异系数 ', ' 以内为稳定',
  ),
  (
    'largest_family_share', decimal_setting('distributor_concentration_most'), 'share',
    "' || largest_family || ' ", ', one-sided from ', "' || largest_family || ' 占 ", ' 起为集中',
  ),
] -%}
{%- for value, threshold, unit, before_en, between_en, before_zh, after_zh in parts %}
    {%- set shown = percent_text(value) if unit == 'share' else number_text(value, 2) %}
    {%- set limit = percent_text(threshold) if unit == 'share' else number_text(threshold, 2) %}
    {%- set break = '' if loop.first else '; ' if language == 'en' else '；' %}
    {{ '|| ' if not loop.first }}
    {%- if language == 'en' -%}
    '{{ break }}{{ before_en }}' || {{ shown }} || '{{ between_en }}' || {{ limit }}
    {%- else -%}
    '{{ break }}{{ before_zh }}' || {{ shown }} || '（' || {{ limit }} || '{{ after_zh }}）'
    {%- endif %}
{%- endfor %}
{%- endmacro %}
