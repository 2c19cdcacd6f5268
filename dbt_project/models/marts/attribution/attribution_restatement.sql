-- What would be said today of a closed month, beside what was reported, credit by credit, and why they differ. Nothing
-- of it is written back: the month stays as it was closed.
with closed as (
  select max(closed_to) as closed_to from {{ source('closing', 'closed_period') }}
),

today as (
  select credit.*
  from {{ ref('attribution_credit_current') }} as credit
  inner join closed on credit.posted_on <= closed.closed_to
),

reported as (
  select *
  from {{ source('closing', 'closed_credit') }}
  where model in (select listed.name from {{ attribution_models() }} as listed (name))
),

both_sides as (
  select
    {{ credit_columns() }},
    amount as reported,
    cast(0 as decimal(18, 2)) as restated
  from reported
  union all
  select
    {{ credit_columns() }},
    cast(0 as decimal(18, 2)) as reported,
    amount as restated
  from today
),

compared as (
  select
    {{ credit_columns() }},
    sum(reported) as reported,
    sum(restated) as restated
  from both_sides
  group by
    {{ credit_columns() }}
  having sum(reported) <> sum(restated)
),

-- What became of the posting itself.
posting as (
  select
    posting_id,
    measure,
    model,
    sum(reported) as reported,
    sum(restated) as restated,
    max(case when reported <> 0 then 1 else 0 end) as was_there,
    max(case when restated <> 0 then 1 else 0 end) as is_there
  from both_sides
  group by posting_id, measure, model
),

-- What became of the journey: its touches then and now.
touches_then as (
  select
    order_id,
    touch_id
  from {{ source('closing', 'closed_touch') }}
),

touches_now as (
  select
    journey.order_id,
    journey.touch_id
  from {{ ref('journey_touch') }} as journey
  inner join {{ ref('conversion') }} as conversion on journey.order_id = conversion.order_id
  inner join closed on conversion.converted_on <= closed.closed_to
  where journey.is_in_journey
),

changed_journey as (
  select coalesce(touches_then.order_id, touches_now.order_id) as order_id
  from touches_then
  full outer join touches_now
    on touches_then.order_id = touches_now.order_id and touches_then.touch_id = touches_now.touch_id
  where touches_then.touch_id is null or touches_now.touch_id is null
  group by coalesce(touches_then.order_id, touches_now.order_id)
)

select
  compared.order_id,
  compared.order_line_id,
  compared.posting_id,
  compared.posted_on,
  {{ month_start('compared.posted_on') }} as month,
  compared.model,
  compared.measure,
  compared.touch_id,
  compared.campaign_id,
  compared.channel_id,
  compared.stage,
  compared.unattributed_reason,
  case
    when posting.was_there = 0 and posting.restated < 0 then 'refund'
    when posting.was_there = 0 then 'late_posting'
    when posting.is_there = 0 then 'removed'
    when posting.reported <> posting.restated and orders.currency <> '{{ var("functional_currency") }}' then 'fx'
    when posting.reported <> posting.restated then 'amended'
    -- posted before its order was confirmed: what the journey was then was not kept
    when frozen.order_id is null then 'recalculated'
    when coalesce(frozen.account_id, '') <> coalesce(conversion.account_id, '') then 'merge'
    when coalesce(frozen.definition, '') <> coalesce(rule.definition, '') then 'rule_change'
    when changed_journey.order_id is not null then 'late_touch'
    else 'recalculated'
  end as reason,
  cast(compared.reported as decimal(18, 2)) as reported,
  cast(compared.restated as decimal(18, 2)) as restated,
  cast(compared.restated - compared.reported as decimal(18, 2)) as difference
from compared
inner join posting
  on
    compared.posting_id = posting.posting_id
    and compared.measure = posting.measure
    and compared.model = posting.model
left join {{ ref('order_facts') }} as orders on compared.order_id = orders.order_id
left join {{ ref('conversion') }} as conversion on compared.order_id = conversion.order_id
left join {{ source('closing', 'closed_order') }} as frozen
  on compared.order_id = frozen.order_id and compared.model = frozen.model
left join {{ ref('attribution_model') }} as rule on compared.model = rule.model
left join changed_journey on compared.order_id = changed_journey.order_id
