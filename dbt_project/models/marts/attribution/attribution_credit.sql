-- The money of each posting shared among the touches of its order's journey, exact to the cent: per order line × measure the
-- credit of a touch is what it is due of all postings so far minus what it was due before this one, so the credits of a posting
-- add up to its amount and a full refund leaves exactly nothing. An order without touches goes whole to `unattributed`.
{% set names = attribution_model_names() -%}
with running as (
  select
    order_id,
    order_line_id,
    posting_id,
    posted_on,
    measure,
    amount,
    sum(amount) over (
      partition by order_id, order_line_id, measure
      order by posted_on, posting_id
      rows between unbounded preceding and current row
    ) as amount_after
  from {{ ref('order_measure') }}
),

attributed as (
  select
    running.order_id,
    running.order_line_id,
    running.posting_id,
    running.posted_on,
    weight.model,
    running.measure,
    weight.touch_id,
    weight.campaign_id,
    weight.channel_id,
    cast(
      {{ allocated_up_to('running.amount_after', 'weight.cumulative_weight') }}
      - {{ allocated_up_to('running.amount_after', 'weight.cumulative_weight - weight.weight') }}
      - {{ allocated_up_to('running.amount_after - running.amount', 'weight.cumulative_weight') }}
      + {{ allocated_up_to('running.amount_after - running.amount', 'weight.cumulative_weight - weight.weight') }}
      as decimal(18, 2)
    ) as amount
  from running
  inner join {{ ref('attribution_weight') }} as weight on running.order_id = weight.order_id
  where weight.weight <> 0
),

model as (
  select name
  from (values {% for name in names %}('{{ name }}'){{ ', ' if not loop.last }}{% endfor %}) as listed (name)
),

-- One reason per order that has no journey.
without_journey as (
  select
    conversion.order_id,
    case
      when conversion.account_id is null then 'no_identity'
      else coalesce(max(shut_out.exclusion_reason), 'no_touch')
    end as reason
  from {{ ref('conversion') }} as conversion
  left join {{ ref('journey_touch') }} as shut_out on conversion.order_id = shut_out.order_id
  group by conversion.order_id, conversion.account_id
  having max(case when shut_out.is_in_journey then 1 else 0 end) = 0
),

unattributed as (
  select
    running.order_id,
    running.order_line_id,
    running.posting_id,
    running.posted_on,
    model.name as model,
    running.measure,
    without_journey.reason,
    running.amount
  from running
  inner join without_journey on running.order_id = without_journey.order_id
  cross join model
),

credit as (
  select
    order_id,
    order_line_id,
    posting_id,
    posted_on,
    model,
    measure,
    touch_id,
    campaign_id,
    channel_id,
    cast(null as varchar) as unattributed_reason,
    amount
  from attributed

  union all

  select
    order_id,
    order_line_id,
    posting_id,
    posted_on,
    model,
    measure,
    cast(null as varchar) as touch_id,
    cast(null as varchar) as campaign_id,
    cast(null as varchar) as channel_id,
    reason as unattributed_reason,
    amount
  from unattributed
)

select
  order_id,
  order_line_id,
  posting_id,
  posted_on,
  cast(1 as integer) as version,
  model,
  model = '{{ default_attribution_model() }}' as is_default_model,
  measure,
  touch_id,
  campaign_id,
  channel_id,
  cast(null as varchar) as stage,
  unattributed_reason,
  amount
from credit
where amount <> 0
