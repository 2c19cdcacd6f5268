{#-
  The registry of rule models: one model is one branch here. A branch gives the cumulative weight, in billionths, of the
  touches up to position `touch_position` of `touch_count`; for the last it must be 1000000000. Adding a model touches
  nothing else; which of them are computed is the setting attribution.models.
-#}
{% macro cumulative_billionths(model) -%}
  {%- if model == 'first' -%}
    {{ whole_number('1000000000') }}
  {%- elif model == 'last' -%}
    case when touch_position = touch_count then {{ whole_number('1000000000') }} else {{ whole_number('0') }} end
  {%- elif model == 'linear' -%}
    {{ rounded_quotient('touch_position * ' ~ whole_number('1000000000'), 'touch_count') }}
  {%- elif model == 'position_based' -%}
    {{ position_based_billionths(var('position_weights')) }}
  {%- elif execute -%}
    {{ exceptions.raise_compiler_error(
      "attribution model '" ~ model ~ "' is not known; known: first, last, linear, position_based (setting attribution.models)"
    ) }}
  {%- endif -%}
{%- endmacro %}

{#- Weights of the first touch, of those between together, and of the last. One touch takes all; two share in the
    proportion of first to last (evenly when both are 0). -#}
{% macro position_based_billionths(weights) -%}
  {%- if execute -%}{{ check_position_weights(weights) }}{%- endif -%}
  {%- set first = billionths(weights[0]) -%}
  {%- set ends = '(' ~ first ~ ' + ' ~ billionths(weights[2]) ~ ')' -%}
  case
    when touch_position = touch_count then {{ whole_number('1000000000') }}
    when touch_count = 2 then coalesce({{ rounded_quotient(first ~ ' * 1000000000', ends) }}, 500000000)
    else {{ first }} + {{ rounded_quotient(billionths(weights[1]) ~ ' * (touch_position - 1)', '(touch_count - 2)') }}
  end
{%- endmacro %}

{#- A decimal weight written as text → whole billionths. -#}
{% macro billionths(weight) -%}
  {{ whole_number("cast('" ~ weight ~ "' as decimal(27, 9)) * 1000000000") }}
{%- endmacro %}

{#- Refuse weights that are not three numbers of at most 9 decimals that add up to 1. Jinja has no decimals: by digits. -#}
{% macro check_position_weights(weights) -%}
  {%- set parts = [] -%}
  {%- for weight in weights -%}
    {%- set whole, _, fraction = (weight | string).partition('.') -%}
    {%- if fraction | length <= 9 and (whole ~ fraction).isdigit() -%}
      {%- do parts.append((whole ~ (fraction ~ '000000000')[:9]) | int) -%}
    {%- endif -%}
  {%- endfor -%}
  {%- if parts | length != 3 or weights | length != 3 or parts | sum != 1000000000 -%}
    {{ exceptions.raise_compiler_error(
      'attribution.position_weights must be three numbers that add up to 1, not ' ~ weights
    ) }}
  {%- endif -%}
{%- endmacro %}

{#- dividend ÷ divisor, both ≥ 0, rounded half up to a whole number. -#}
{% macro rounded_quotient(dividend, divisor) -%}
  {{ integer_quotient('(2 * ' ~ dividend ~ ' + ' ~ divisor ~ ')', '(2 * ' ~ divisor ~ ')') }}
{%- endmacro %}

{#- The models to compute, one row each, column `name`; the default model must be among them. -#}
{% macro attribution_models() -%}
  {%- set names = var('attribution_models') -%}
  {%- if execute and var('default_attribution_model') not in names -%}
    {{ exceptions.raise_compiler_error(
      "attribution.default_model '" ~ var('default_attribution_model') ~ "' is not among attribution.models: "
      ~ (names | join(', '))
    ) }}
  {%- endif -%}
  (values {% for name in names %}('{{ name }}'){{ ', ' if not loop.last }}{% endfor %})
{%- endmacro %}
