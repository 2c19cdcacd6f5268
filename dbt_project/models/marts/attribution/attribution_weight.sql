{{ config(materialized="view") }}
-- The weights that credits use: those of a closed month as they were when it was closed, all others as they are now. A
-- model that was not computed then has none that are frozen; an order that no longer counts has none at all.
select
  weight.order_id,
  weight.model,
  weight.touch_id,
  weight.touch_position,
  weight.touch_count,
  weight.channel_id,
  weight.campaign_id,
  weight.stage,
  weight.weight,
  weight.cumulative_weight,
  true as is_frozen
from {{ source('closing', 'closed_weight') }} as weight
inner join {{ ref('conversion') }} as conversion on weight.order_id = conversion.order_id
where weight.model in (select listed.name from {{ attribution_models() }} as listed (name))
union all
select
  weight.order_id,
  weight.model,
  weight.touch_id,
  weight.touch_position,
  weight.touch_count,
  weight.channel_id,
  weight.campaign_id,
  weight.stage,
  weight.weight,
  weight.cumulative_weight,
  false as is_frozen
from {{ ref('attribution_weight_current') }} as weight
left join {{ source('closing', 'closed_order') }} as closed
  on weight.order_id = closed.order_id and weight.model = closed.model
where closed.order_id is null
