{#- What keeps a figure from being relied on: code → English, Chinese. Codes stand in tables, texts beside them. -#}
{% macro figure_warnings() -%}
  {{ return({
    'model_unreliable': (
      'the data-driven models rest on too few converting journeys',
      '数据驱动模型所依据的转化旅程过少'
    ),
    'few_orders': (
      'fewer orders than metrics.scorecard_least_orders are behind this figure',
      '该数字所依据的订单数少于 metrics.scorecard_least_orders'
    ),
    'interval_overlaps': (
      'its 95 % interval overlaps that of a neighbour in rank: the order of the two may be chance',
      '其 95% 区间与排名相邻者重叠，两者的先后可能出于偶然'
    ),
  }) }}
{%- endmacro %}

{#- The text of a code, in a language (en, zh); NULL for none. -#}
{% macro warning_text(code, language) -%}
  case {{ code }}
    {%- for name, texts in figure_warnings().items() %}
    when '{{ name }}' then {{ quoted_text(texts[0 if language == 'en' else 1]) }}
    {%- endfor %}
  end
{%- endmacro %}
