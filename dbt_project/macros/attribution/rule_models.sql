{#- The registry of rule models. One model is one entry: its name and the cumulative weight, in billionths, of the
    touches up to position `touch_position` of `touch_count` (whole numbers, the last must be 1000000000). Adding a model
    touches nothing else; which of them are computed is the setting attribution.models. -#}
{% macro attribution_rule_models() -%}
  {%- set one = 1000000000 -%}
  {%- set models = {
    'first': one | string,
    'last': 'case when touch_position = touch_count then ' ~ one ~ ' else 0 end',
    'linear': rounded_quotient('touch_position * ' ~ whole_number(one), 'touch_count'),
    'position_based': position_based_billionths(),
  } -%}
  {{ return(models) }}
{%- endmacro %}

{#- First touch, middle touches together, last touch: setting attribution.position_weights. One touch takes all; two share
    in the proportion of first to last (evenly when both are 0). -#}
{% macro position_based_billionths() -%}
  {%- set weights = [] -%}
  {%- for weight in var('position_weights', ['0.4', '0.2', '0.4']) -%}
    {%- do weights.append(billionths(weight)) -%}
  {%- endfor -%}
  {%- if weights | length != 3 or weights | sum != 1000000000 -%}
    {{ exceptions.raise_compiler_error('attribution.position_weights must be three numbers that add up to 1, not ' ~ var('position_weights')) }}
  {%- endif -%}
  {%- set ends = weights[0] + weights[2] -%}
  {%- set first_of_two = (2 * weights[0] * 1000000000 + ends) // (2 * ends) if ends > 0 else 500000000 -%}
  {%- set middle = rounded_quotient(whole_number(weights[1]) ~ ' * (touch_position - 1)', '(touch_count - 2)') -%}
  {%- set expression -%}
    case
        when touch_position = touch_count then 1000000000
        when touch_count = 2 then {{ first_of_two }}
        else {{ weights[0] }} + {{ middle }}
      end
  {%- endset -%}
  {{ return(expression) }}
{%- endmacro %}

{#- A decimal weight written as text → whole billionths, exactly (Jinja has no decimal type, so by its digits). -#}
{% macro billionths(weight) -%}
  {%- set parts = (weight | string).split('.') -%}
  {%- set fraction = parts[1] if parts | length > 1 else '' -%}
  {%- if parts | length > 2 or fraction | length > 9 or not (parts[0] ~ fraction).isdigit() -%}
    {{ exceptions.raise_compiler_error("attribution weight '" ~ weight ~ "' is not a number from 0 to 1 with at most 9 decimals") }}
  {%- endif -%}
  {{ return((parts[0] ~ (fraction ~ '000000000')[:9]) | int) }}
{%- endmacro %}

{#- dividend ÷ divisor, both ≥ 0, rounded half up to a whole number. -#}
{% macro rounded_quotient(dividend, divisor) -%}
  {{ return(integer_quotient('(2 * ' ~ dividend ~ ' + ' ~ divisor ~ ')', '(2 * ' ~ divisor ~ ')')) }}
{%- endmacro %}

{#- Names of the models to compute, checked against the registry. -#}
{% macro attribution_model_names() -%}
  {%- set known = attribution_rule_models() -%}
  {%- set names = var('attribution_models', ['first', 'last', 'linear', 'position_based']) -%}
  {%- for name in names + [default_attribution_model()] -%}
    {%- if name not in known or name not in names -%}
      {{ exceptions.raise_compiler_error("attribution model '" ~ name ~ "' is not known or not computed; known: "
        ~ (known | list | join(', ')) ~ '; computed (setting attribution.models): ' ~ (names | join(', '))) }}
    {%- endif -%}
  {%- endfor -%}
  {{ return(names) }}
{%- endmacro %}

{% macro default_attribution_model() -%}
  {{ return(var('default_attribution_model', 'position_based')) }}
{%- endmacro %}
