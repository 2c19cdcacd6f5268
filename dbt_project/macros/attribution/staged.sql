{#-
  Staged attribution: each conversion is split into the pools of the stages on its way, and a pool is shared among the
  touches since the stage before (entry of the stage before, entry of the stage] by the inner model. A pool without
  touches of its own goes whole to the latest touch before it; one that has none before it either, and the pool of a
  milestone the order lacks, is shared among the other pools in proportion.
-#}

{#- The number of the stage that a touch of the journey helped to reach; alias of a row with its milestones' entries. -#}
{% macro stage_reached(touch, way) -%}
  case
    {%- for name, number in [('lead', 1), ('qualification', 2), ('opportunity', 3), ('quote', 4)] %}
    when {{ happened_by(touch, way ~ '.' ~ name ~ '_at', way ~ '.' ~ name ~ '_on') }} then {{ number }}
    {%- endfor %}
    else 5
  end
{%- endmacro %}

{#- Weight of a touch within its stage, a whole number: setting attribution.stage_inner. -#}
{% macro inner_weight() -%}
  {%- set inner = var('stage_inner') -%}
  {%- if inner == 'first' -%}
    case when touch_position = min(touch_position) over (partition by order_id, stage_number) then 1 else 0 end
  {%- elif inner == 'last' -%}
    case when touch_position = max(touch_position) over (partition by order_id, stage_number) then 1 else 0 end
  {%- elif inner == 'time_decay' -%}
    {{ decayed(
      seconds_between('counted_at', 'max(counted_at) over (partition by order_id, stage_number)'), var('half_life_days')
    ) }}
  {%- else -%}
    1
  {%- endif -%}
{%- endmacro %}

{#- The staged models that are computed, one row each, column `name`; the one row `none` when there is no such model. -#}
{% macro staged_models() -%}
  {%- set names = [] -%}
  {%- for name in var('attribution_models') if model_entry(name).family == 'staged' -%}
    {%- do names.append("('" ~ name ~ "')") -%}
  {%- endfor -%}
  (values {{ names | join(', ') or "('none')" }})
{%- endmacro %}
