-- Which channels and campaigns won each new customer: the weights of the account's first net-positive order. They
-- add up to one per customer and model; a first order without touches counts whole, with no channel.
with first_order as (
  select
    conversion.account_id,
    conversion.order_id,
    conversion.converted_on
  from {{ ref('order_facts') }} as orders
  inner join {{ ref('conversion') }} as conversion on orders.order_id = conversion.order_id
  where orders.is_first_order and conversion.account_id is not null
),

model as (
  select listed.name
  from {{ attribution_models() }} as listed (name)
)

select
  first_order.account_id,
  first_order.order_id,
  first_order.converted_on,
  model.name as model,
  model.name = '{{ var("default_attribution_model") }}' as is_default_model,
  weight.channel_id,
  weight.campaign_id,
  cast(sum(coalesce(weight.weight, cast(1 as decimal(10, 9)))) as decimal(10, 9)) as weight
from first_order
cross join model
left join {{ ref('attribution_weight') }} as weight
  on
    first_order.order_id = weight.order_id
    and model.name = weight.model
group by
  first_order.account_id,
  first_order.order_id,
  first_order.converted_on,
  model.name,
  weight.channel_id,
  weight.campaign_id
having sum(coalesce(weight.weight, cast(1 as decimal(10, 9)))) <> 0
