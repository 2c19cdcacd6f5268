-- Every rule model in one pass over the journeys: cumulative weights as whole billionths, the last exactly one billion.
with model as (
  select listed.name
  from {{ attribution_models() }} as listed (name)
),

cumulative as (
  select
    journey.order_id,
    model.name as model,
    journey.touch_id,
    journey.touch_position,
    journey.touch_count,
    journey.channel_id,
    journey.campaign_id,
    case model.name
      {%- for name in var('attribution_models') %}
      when '{{ name }}' then {{ cumulative_billionths(name) }}
      {%- endfor %}
    end as cumulative_billionths
  from {{ ref('journey_touch') }} as journey
  cross join model
  where journey.is_in_journey
),

differences as (
  select
    *,
    coalesce(
      lag(cumulative_billionths) over (partition by order_id, model order by touch_position), 0
    ) as previous_billionths
  from cumulative
)

select
  order_id,
  model,
  touch_id,
  touch_position,
  touch_count,
  channel_id,
  campaign_id,
  cast(
    cast(cumulative_billionths - previous_billionths as decimal(18, 0)) * cast(0.000000001 as decimal(9, 9))
    as decimal(10, 9)
  ) as weight,
  cast(
    cast(cumulative_billionths as decimal(18, 0)) * cast(0.000000001 as decimal(9, 9)) as decimal(10, 9)
  ) as cumulative_weight
from differences
