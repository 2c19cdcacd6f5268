{#-
  The registry of models: one model is one entry here, in one of four families. Adding a model touches nothing else;
  which of them are computed is the setting attribution.models, and a company's own are attribution.custom_models.

  - closed: by arithmetic on positions alone.
  - milestone: shares of the touches at milestones of the funnel (first, lead, qualification, opportunity, quote,
    order = last) and of all others together. One touch at several milestones has them all; what a missing milestone
    (or the others, where there are none) would have had is shared among the rest in proportion.
  - summed: `raw` is the weight of one touch, a whole number in any unit, not negative.
  - staged: by the stages of the funnel; see staged.sql.

  Whatever the unit, weights are then cumulative billionths, rounded half up, the last exactly one billion; a journey
  whose touches would all weigh nothing is shared evenly.
-#}
{% macro model_entry(model) -%}
  {%- set position = var('position_weights') -%}
  {%- set registry = {
    'first': {'family': 'closed'},
    'last': {'family': 'closed'},
    'linear': {'family': 'closed'},
    'last_non_direct': {'family': 'closed'},
    'position_based': {
      'family': 'milestone', 'shares': {'first': position[0], 'others': position[1], 'order': position[2]}
    },
    'u_shaped': {'family': 'milestone', 'shares': {'first': '0.5', 'lead': '0.5'}},
    'w_shaped': {
      'family': 'milestone', 'shares': {'first': '0.3', 'lead': '0.3', 'opportunity': '0.3', 'others': '0.1'}
    },
    'full_path': {
      'family': 'milestone',
      'shares': {'first': '0.225', 'lead': '0.225', 'opportunity': '0.225', 'order': '0.225', 'others': '0.1'}
    },
    'time_decay': {'family': 'summed', 'half_life_days': var('half_life_days')},
    'shapley': {'family': 'summed'},
    'markov': {'family': 'summed'},
    'staged': {'family': 'staged', 'pools': 'fixed_weight'},
    'staged_information': {'family': 'staged', 'pools': 'information_weight'},
  } -%}
  {%- do registry.update(var('custom_attribution_models')) -%}
  {%- if model in registry -%}
    {{ return(registry[model]) }}
  {%- elif execute -%}
    {{ exceptions.raise_compiler_error(
      "attribution model '" ~ model ~ "' is not known; known: " ~ (registry | join(', '))
      ~ " (setting attribution.models)"
    ) }}
  {%- endif -%}
  {{ return({'family': 'closed'}) }}
{%- endmacro %}

{#- A query of one number for what a model takes from the whole of the data; nothing when it looks at one journey. -#}
{% macro taken_from_all(model) -%}
  {%- set entry = model_entry(model) -%}
  {%- if model == 'markov' -%}
    select {{ fingerprint_of_group(fingerprint(['effect.member_id', 'effect.effect'])) }}
    from {{ source('data_driven', 'channel_effect') }} as effect
    where effect.model = 'markov_{{ var("markov_order") }}' and effect.level = 'channel'
  {%- elif entry.family == 'staged' -%}
    select {{ fingerprint_of_group(fingerprint(['milestone', entry.pools])) }} from {{ ref('stage_pool') }}
  {%- endif -%}
{%- endmacro %}

{#- The models to compute of some families. -#}
{% macro models_of(families) -%}
  {%- set found = [] -%}
  {%- for model in var('attribution_models') -%}
    {%- if model_entry(model).family in families -%}{%- do found.append(model) -%}{%- endif -%}
  {%- endfor -%}
  {{ return(found) }}
{%- endmacro %}

{#- Whether any model asks when the order's milestones were reached. -#}
{% macro asks_milestones() -%}
  {%- set found = models_of(['staged']) -%}
  {%- for model in models_of(['milestone']) -%}
    {%- for milestone in model_entry(model).shares if milestone not in ['first', 'order', 'others'] -%}
      {%- do found.append(model) -%}
    {%- endfor -%}
  {%- endfor -%}
  {{ return(found | length > 0) }}
{%- endmacro %}

{#- The billionths of the touches up to a position, 0 at 0, for closed models and those by milestones. -#}
{% macro reached_billionths(model, position) -%}
  {%- set entry = model_entry(model) -%}
  {%- if entry.family == 'milestone' -%}
    {%- set part, whole = reached_at_milestones(entry.shares, position), reached_at_milestones(entry.shares, 'touch_count') -%}
    {%- if decimals_of(entry.shares) | int <= 4 -%}
      {#- 64 bits do for journeys of up to 200,000 touches; a longer one is refused as an overflow -#}
      coalesce(
        {{ whole_quotient('(' ~ part ~ ' * 2000000000 + ' ~ whole ~ ')', 'nullif(2 * ' ~ whole ~ ', 0)') }},
        {{ evenly(position) }}
      )
    {%- else -%}
      {{ billionths_of(part, whole, position) }}
    {%- endif -%}
  {%- elif model == 'first' -%}
    case when {{ position }} >= 1 then 1000000000 else 0 end
  {%- elif model == 'last' -%}
    case when {{ position }} >= touch_count then 1000000000 else 0 end
  {%- elif model == 'last_non_direct' -%}
    case when {{ position }} >= coalesce(last_indirect_position, touch_count) then 1000000000 else 0 end
  {%- else -%}
    {{ evenly(position) }}
  {%- endif -%}
{%- endmacro %}

{#- The weight of one touch, a whole number, for summed models. -#}
{% macro raw_weight(model) -%}
  {%- set entry = model_entry(model) -%}
  {%- if entry.half_life_days -%}
    {{ decayed('seconds_before_last', entry.half_life_days) }}
  {%- elif model == 'shapley' -%}
    {#- a journey's channels share alike (Zhao, Mahboobi & Bagheri 2018), and so do the touches of a channel -#}
    {{ rounded_quotient('1000000000000', 'channel_touch_count') }}
  {%- elif model == 'markov' -%}
    {#- in proportion to what would be lost without the touch's channel; measured in orchestration/lib/attribution -#}
    cast(coalesce(channel_effect, 0) * 1000000000 as bigint)
  {%- endif -%}
{%- endmacro %}

{#- Half of the weight is lost each half-life before the last touch; trillionths, so that the last has one trillion. -#}
{% macro decayed(seconds, half_life_days) -%}
  cast(round(power(0.5e0, {{ seconds }} / ({{ half_life_days }} * 86400e0)) * 1e12) as bigint)
{%- endmacro %}

{#- Positions of the touches that a milestone model rewards. -#}
{% macro milestone_position(milestone) -%}
  {{ return({
    'first': '1',
    'lead': 'lead_position',
    'qualification': 'qualification_position',
    'opportunity': 'opportunity_position',
    'quote': 'quote_position',
    'order': 'touch_count',
  }[milestone]) }}
{%- endmacro %}

{#- Whole numbers: shares in whole parts × touches that are at no milestone, so that nothing is divided. -#}
{% macro reached_at_milestones(shares, position) -%}
  {%- if execute -%}{{ check_shares(shares) }}{%- endif -%}
  {%- set milestones = shares.keys() | reject('equalto', 'others') | list -%}
  {%- set decimals = decimals_of(shares) | int -%}
  {%- set others = '(touch_count - ' ~ touches_at(milestones, 'touch_count') ~ ')' -%}
  (
    case when {{ others }} > 0 then {{ others }} else 1 end * (
      {%- for milestone in milestones %}
      case when {{ milestone_position(milestone) }} <= {{ position }} then {{ parts_of(shares[milestone], decimals) }} else 0 end
      {{- ' +' if not loop.last }}
      {%- endfor %}
    )
    {%- if 'others' in shares %}
    + {{ parts_of(shares['others'], decimals) }} * ({{ position }} - {{ touches_at(milestones, position) }})
    {%- endif %}
  )
{%- endmacro %}

{#- How many touches up to a position are at one or more of the milestones. -#}
{% macro touches_at(milestones, position) -%}
  (
    {%- for milestone in milestones -%}
    {%- set here = milestone_position(milestone) -%}
    case when {{ here }} <= {{ position }}
    {%- for earlier in milestones[:loop.index0] %} and {{ here }} is distinct from {{ milestone_position(earlier) }}{% endfor %} then 1 else 0 end
    {{- ' + ' if not loop.last }}
    {%- endfor -%}
  )
{%- endmacro %}

{#- A decimal share written as text → whole parts of so many decimals, worked out when the model is compiled. -#}
{% macro parts_of(share, decimals) -%}
  {%- set whole, _, fraction = (share | string).partition('.') -%}
  {{ return((whole ~ (fraction ~ '000000000')[:decimals]) | int) }}
{%- endmacro %}

{#- The decimals that shares need. -#}
{% macro decimals_of(shares) -%}
  {%- set found = [0] -%}
  {%- for share in shares.values() -%}
    {%- do found.append(((share | string).partition('.')[2]).rstrip('0') | length) -%}
  {%- endfor -%}
  {{ return(found | max) }}
{%- endmacro %}

{#- Refuse shares that are not numbers of at most 9 decimals that add up to 1. Jinja has no decimals: by digits. -#}
{% macro check_shares(shares) -%}
  {%- set parts = [] -%}
  {%- for share in shares.values() -%}
    {%- set whole, _, fraction = (share | string).partition('.') -%}
    {%- if fraction | length <= 9 and (whole ~ fraction).isdigit() -%}{%- do parts.append(parts_of(share, 9)) -%}{%- endif -%}
  {%- endfor -%}
  {%- if parts | length != shares | length or parts | sum != 1000000000 -%}
    {{ exceptions.raise_compiler_error(
      'the shares of an attribution model must be numbers of at most 9 decimals that add up to 1, not ' ~ shares
    ) }}
  {%- endif -%}
{%- endmacro %}

{#- dividend ÷ divisor, both ≥ 0, rounded half up to a whole number; NULL when the divisor is 0. -#}
{% macro rounded_quotient(dividend, divisor) -%}
  {{ integer_quotient('(2 * ' ~ dividend ~ ' + ' ~ divisor ~ ')', '(2 * ' ~ divisor ~ ')') }}
{%- endmacro %}

{#- A part of a whole in billionths; evenly by position when the whole is 0. -#}
{% macro billionths_of(part, whole, position) -%}
  cast(
    coalesce({{ rounded_quotient(whole_number('(' ~ part ~ ')') ~ ' * 1000000000', '(' ~ whole ~ ')') }}, {{ evenly(position) }})
    as bigint
  )
{%- endmacro %}

{#- Billionths of the touches up to a position when all weigh the same; 64 bits do for billions of touches. -#}
{% macro evenly(position) -%}
  {{ whole_quotient('(' ~ position ~ ' * 2000000000 + touch_count)', '(2 * touch_count)') }}
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
