-- noqa: disable=LT02,ST03
-- (The linter cannot follow columns that come and go with the models that are computed.)
{{ config(**built_by_group("ref('weight_input')", ['order_id', 'model'])) }}
-- Every model in one pass over the journeys: cumulative weights as whole billionths, the last exactly one billion. A
-- touch that has no share in a model has no row; staged models have a row for each stage that a touch has a share in.
{%- set placed = models_of(['closed', 'milestone']) -%}
{%- set summed = models_of(['summed']) -%}
{%- set staged = models_of(['staged']) %}
with changed as (
  {{ changed_groups(ref('weight_input'), ['order_id', 'model']) }}
),

way as (
  select
    {%- for name in ['lead', 'qualification', 'opportunity', 'quote'] %}
    max(case when milestone = '{{ name }}' then touch_position end) as {{ name }}_position,
    max(case when milestone = '{{ name }}' then entered_at end) as {{ name }}_at,
    max(case when milestone = '{{ name }}' then entered_on end) as {{ name }}_on,
    {%- endfor %}
    order_id
  from {{ ref('journey_milestone') }}
  group by order_id
),

-- What any model asks of a touch.
step as (
  select
    {%- if asks_milestones() %}
    way.lead_position,
    way.qualification_position,
    way.opportunity_position,
    way.quote_position,
    {%- endif %}
    {%- if staged %}
    {{ stage_reached('journey', 'way') }} as stage_number,
    {%- endif %}
    {%- if summed %}
    {{ seconds_between('journey.counted_at', 'max(journey.counted_at) over (partition by journey.order_id)') }}
      as seconds_before_last,
    {%- endif %}
    {%- if 'last_non_direct' in placed %}
    max(case when coalesce(channel.channel_group, '') <> 'direct' then journey.touch_position end) over (
      partition by journey.order_id
    ) as last_indirect_position,
    {%- endif %}
    {%- if 'markov' in summed %}
    effect.effect as channel_effect,
    {%- endif %}
    {%- if 'shapley' in summed %}
    count(*) over (partition by journey.order_id, journey.channel_id) as channel_touch_count,
    {%- endif %}
    journey.order_id,
    journey.touch_id,
    journey.touch_position,
    journey.touch_count,
    journey.channel_id,
    journey.campaign_id,
    journey.counted_at
  from {{ ref('journey_touch') }} as journey
  {%- if asks_milestones() %}
  left join way on journey.order_id = way.order_id
  {%- endif %}
  {%- if 'last_non_direct' in placed %}
  left join {{ ref('dim_channel') }} as channel on journey.channel_id = channel.channel_id
  {%- endif %}
  {%- if 'markov' in summed %}
  left join {{ source('data_driven', 'channel_effect') }} as effect
    on
      effect.model = 'markov_{{ var("markov_order") }}'
      and effect.level = 'channel'
      and effect.member_id = {{ channel_member('journey') }}
  {%- endif %}
  where journey.is_in_journey and journey.order_id in (select changed.order_id from changed)
),

weighed as (
  select
    {%- for model in summed %}
    {{ raw_weight(model) }} as raw_{{ model }},
    {%- endfor %}
    *
  from step
),

summed as (
  select
    {%- for model in summed %}
    sum(raw_{{ model }}) over (
      partition by order_id order by touch_position rows between unbounded preceding and current row
    ) as running_{{ model }},
    sum(raw_{{ model }}) over (partition by order_id) as total_{{ model }},
    {%- endfor %}
    *
  from weighed
),

-- Up to and with this touch, and up to the one before it.
reached as (
  select
    {%- for model in placed %}
    {{ reached_billionths(model, 'touch_position') }} as here_{{ model }},
    {{ reached_billionths(model, '(touch_position - 1)') }} as before_{{ model }},
    {%- endfor %}
    {%- for model in summed %}
    {{ billionths_of('running_' ~ model, 'total_' ~ model, 'touch_position') }} as here_{{ model }},
    {{ billionths_of('running_' ~ model ~ ' - raw_' ~ model, 'total_' ~ model, '(touch_position - 1)') }}
      as before_{{ model }},
    {%- endfor %}
    order_id,
    touch_id,
    touch_position,
    touch_count,
    channel_id,
    campaign_id
  from summed
),

{%- if staged %}

staged_touch as (
  select
    *,
    {{ inner_weight() }} as inner_weight
  from step
),

staged_share as (
  select
    *,
    sum(inner_weight) over (
      partition by order_id, stage_number order by touch_position rows between unbounded preceding and current row
    ) as inner_running,
    sum(inner_weight) over (partition by order_id, stage_number) as stage_weight
  from staged_touch
),

-- Where a pool goes: to the latest stage at or before its own that has touches, whole to the last of them if earlier.
bearing as (
  select
    milestone.order_id,
    milestone.milestone_number,
    max(step.stage_number) as stage_number,
    max(step.touch_position) as last_position
  from {{ ref('journey_milestone') }} as milestone
  inner join step
    on milestone.order_id = step.order_id and milestone.milestone_number >= step.stage_number
  where not milestone.is_missing
  group by milestone.order_id, milestone.milestone_number
),

pool as (
  select
    {%- for model in staged %}
    cast({{ model_entry(model).pools }} * 1000000000 as bigint) as pool_{{ model }},
    {%- endfor %}
    stage_pool.milestone,
    milestone.number as milestone_number
  from {{ ref('stage_pool') }} as stage_pool
  inner join {{ journey_milestones() }} as milestone (name, number) on stage_pool.milestone = milestone.name
),

-- Half billionths of a billionth, and by differences, so that a pool's shares add up to it and halves stay exact.
slot as (
  select
    {%- for model in staged %}
    case
      when bearing.stage_number < bearing.milestone_number then pool.pool_{{ model }} * {{ whole_number('2000000000') }}
      else {{ rounded_quotient(
        'pool.pool_' ~ model ~ ' * ' ~ whole_number('2000000000') ~ ' * share.inner_running', 'share.stage_weight'
      ) }} - {{ rounded_quotient(
        'pool.pool_' ~ model ~ ' * ' ~ whole_number('2000000000') ~ ' * (share.inner_running - share.inner_weight)',
        'share.stage_weight'
      ) }}
    end as raw_{{ model }},
    {%- endfor %}
    share.order_id,
    share.touch_id,
    share.touch_position,
    share.touch_count,
    share.channel_id,
    share.campaign_id,
    pool.milestone as stage,
    bearing.milestone_number
  from bearing
  inner join pool on bearing.milestone_number = pool.milestone_number
  inner join staged_share as share
    on
      bearing.order_id = share.order_id
      and (
        (bearing.stage_number = bearing.milestone_number and bearing.stage_number = share.stage_number)
        or (bearing.stage_number < bearing.milestone_number and bearing.last_position = share.touch_position)
      )
),

slot_sum as (
  select
    {%- for model in staged %}
    sum(raw_{{ model }}) over (
      partition by order_id order by touch_position, milestone_number rows between unbounded preceding and current row
    ) as running_{{ model }},
    sum(raw_{{ model }}) over (partition by order_id) as total_{{ model }},
    {%- endfor %}
    *
  from slot
),

slot_reached as (
  select
    {%- for model in staged %}
    cast(
      {{ rounded_quotient('running_' ~ model ~ ' * 1000000000', 'total_' ~ model) }} as bigint
    ) as here_{{ model }},
    cast(
      {{ rounded_quotient('(running_' ~ model ~ ' - raw_' ~ model ~ ') * 1000000000', 'total_' ~ model) }} as bigint
    ) as before_{{ model }},
    {%- endfor %}
    order_id,
    touch_id,
    touch_position,
    touch_count,
    channel_id,
    campaign_id,
    stage
  from slot_sum
),
{%- endif %}

-- Touch by touch, not model by model: what repeats stands together and is written in half the time.
weight as (
  {%- set sides = [(placed + summed, 'reached', 'cast(null as string)'), (staged, 'slot_reached', 'stage')] %}
  {%- for models, relation, stage in sides if models %}
  {{ 'union all' if not loop.first }}
  select
    {{ relation }}.order_id,
    changed.model,
    {{ relation }}.touch_id,
    {{ relation }}.touch_position,
    {{ relation }}.touch_count,
    {{ relation }}.channel_id,
    {{ relation }}.campaign_id,
    {{ stage }} as stage,
    case changed.model
      {%- for model in models %}
      when '{{ model }}' then {{ relation }}.here_{{ model }}
      {%- endfor %}
    end as here,
    case changed.model
      {%- for model in models %}
      when '{{ model }}' then {{ relation }}.before_{{ model }}
      {%- endfor %}
    end as before,
    changed.input_hash
  from {{ relation }}
  inner join changed on {{ relation }}.order_id = changed.order_id
  {%- endfor %}
)

select
  order_id,
  model,
  touch_id,
  touch_position,
  touch_count,
  channel_id,
  campaign_id,
  stage,
  {{ share_of_billion('here - before') }} as weight,
  {{ share_of_billion('here') }} as cumulative_weight,
  input_hash
from weight
where here <> before
