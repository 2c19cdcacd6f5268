{#-
  What deals are compared by: one entry per driver, in the order in which it is shown. `has` says which deals have it, `of`
  among which deals that is asked; both are conditions over opportunity_driver_facts. A deal that was never quoted has no
  discount and no speed of quoting, so those are asked among quoted deals only.
-#}
{% macro interaction_kinds() -%}
  {{ return([
    ('call', 'Call', '电话'), ('email', 'E-mail', '邮件'), ('message', 'Message', '消息'), ('meeting', 'Meeting', '会议'),
    ('visit', 'Visit', '拜访'), ('demo', 'Demo', '演示'), ('sample', 'Sample', '样机试用'), ('other', 'Other', '其他'),
  ]) }}
{%- endmacro %}

{% macro win_drivers() -%}
  {%- set found = [] -%}
  {%- for kind, en, zh in interaction_kinds() -%}
    {%- do found.append({
      'driver': 'kind:' ~ kind, 'group': 'kind', 'en': en, 'zh': zh, 'has': kind ~ '_count > 0', 'of': 'true',
    }) -%}
  {%- endfor -%}
  {%- for group, column, of, en, zh, unit_en, unit_zh, bands in [
    ('count', 'interaction_count', 'true', 'Interactions', '互动次数', '', ' 次', [(0, 0), (1, 3), (4, 6), (7, 10), (11, none)]),
    ('response', 'days_to_response', 'true', 'First answer after', '首次响应', ' days', ' 天', [(0, 1), (2, 3), (4, 7), (8, none)]),
    ('quote_speed', 'days_to_first_quote', 'is_quoted', 'First quote after', '首次报价', ' days', ' 天',
      [(0, 7), (8, 14), (15, 30), (31, none)]),
  ] -%}
    {%- for low, high in bands -%}
      {%- set range = low ~ '+' if high is none else (low ~ '' if low == high else low ~ '-' ~ high) -%}
      {%- do found.append({
        'driver': group ~ ':' ~ range, 'group': group, 'en': en ~ ' ' ~ range ~ unit_en, 'zh': zh ~ ' ' ~ range ~ unit_zh,
        'has': (column ~ ' >= ' ~ low if loop.index > 1 or low == high else 'true')
          ~ (' and ' ~ column ~ ' <= ' ~ high if high is not none else ''),
        'of': of,
      }) -%}
    {%- endfor -%}
  {%- endfor -%}
  {%- do found.append({
    'driver': 'response:none', 'group': 'response', 'en': 'Never answered', 'zh': '从未响应', 'has': 'days_to_response is null',
    'of': 'true',
  }) -%}
  {%- for range, low, high in [('0', none, '0'), ('0-5', '0', '0.05'), ('5-10', '0.05', '0.10'), ('10-20', '0.10', '0.20'),
    ('20+', '0.20', none)] -%}
    {%- do found.append({
      'driver': 'discount:' ~ range, 'group': 'discount', 'en': 'Discount ' ~ range ~ ' %', 'zh': '折扣 ' ~ range ~ ' %',
      'has': ('discount > ' ~ low if low is not none else 'true') ~ (' and discount <= ' ~ high if high is not none else ''),
      'of': 'is_quoted and discount is not null',
    }) -%}
  {%- endfor -%}
  {{ return(found) }}
{%- endmacro %}
