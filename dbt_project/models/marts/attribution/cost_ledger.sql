-- The cost ledger in every view: source row → campaign, channel, product, stage, month. Its sources are marketing spend,
-- hours of salespeople (where metrics.sales_hour_cost says what one costs), and what the books say beyond our documents
-- in a closed month. The rows of one source row add up to it in each view, to the cent.
-- A show's cost is split over products by the leads scanned at it; a cost with a stage stands there, one without by its
-- campaign's (a channel's) touches in each stage, hours of sales by the salesperson's interactions of that month.
with elsewhere as (
  select
    'work_hours' as cost_source,
    hours.work_hours_id as cost_id,
    hours.campaign_id,
    hours.channel_id,
    hours.salesperson_id,
    'sales_time' as cost_type,
    hours.stage,
    hours.worked_on as allocated_on,
    hours.sales_cost as amount,
    case
      when hours.worked_on > as_of.as_of_on then 'not_yet_due'
      when hours.campaign_id is null then 'no_campaign_or_channel'
    end as reason,
    hours.is_acquisition
  from {{ ref('work_hours_facts') }} as hours
  cross join {{ ref('int_as_of') }} as as_of
  where hours.sales_cost is not null
  union all
  select
    'books' as cost_source,
    tie_out_id as cost_id,
    cast(null as string) as campaign_id,
    'unknown' as channel_id,
    cast(null as string) as salesperson_id,
    'books' as cost_type,
    cast(null as string) as stage,
    month as allocated_on,
    difference as amount,
    'books_difference' as reason,
    true as is_acquisition
  from {{ ref('ledger_tie_out') }}
  where account = 'marketing_expense' and is_closed and difference <> 0
),

cost as (
  select
    view,
    'marketing_spend' as cost_source,
    spend_id as cost_id,
    cost_allocation_id as cost_share_id,
    campaign_id,
    channel_id,
    cast(null as string) as salesperson_id,
    cost_type,
    stage,
    allocated_on,
    month,
    amount,
    basis,
    driver,
    reason,
    is_exhibition,
    is_acquisition
  from {{ ref('cost_share') }}
  union all
  select
    views.view,
    elsewhere.cost_source,
    elsewhere.cost_id,
    elsewhere.cost_id as cost_share_id,
    elsewhere.campaign_id,
    elsewhere.channel_id,
    elsewhere.salesperson_id,
    elsewhere.cost_type,
    elsewhere.stage,
    elsewhere.allocated_on,
    {{ month_start('elsewhere.allocated_on') }} as month,
    elsewhere.amount,
    case when elsewhere.reason is null then 'direct' else 'unallocated' end as basis,
    cast(null as string) as driver,
    elsewhere.reason,
    false as is_exhibition,
    elsewhere.is_acquisition
  from elsewhere
  cross join {{ cost_views() }} as views
),

-- Leads scanned at a show, by the product they asked for; a lead that asked for none keeps its part unsplit.
scanned as (
  select distinct
    touches.campaign_id,
    touches.lead_id
  from {{ ref('touch_facts') }} as touches
  inner join {{ ref('int_as_of') }} as as_of on touches.touched_on <= as_of.as_of_on
  where touches.touch_type = 'booth_scan' and touches.campaign_id is not null and touches.lead_id is not null
),

interest as (
  select
    scanned.campaign_id,
    leads.product_interest,
    count(*) as weight
  from scanned
  inner join {{ ref('lead_facts') }} as leads on scanned.lead_id = leads.lead_id
  where leads.is_valid
  group by scanned.campaign_id, leads.product_interest
),

product as (
  select
    *,
    sum(weight) over (
      partition by campaign_id order by coalesce(product_interest, ''), weight rows unbounded preceding
    ) - weight as weight_before,
    sum(weight) over (partition by campaign_id) as weight_total
  from interest
),

by_product as (
  select
    cost.view,
    cost.cost_source,
    cost.cost_id,
    cost.cost_share_id,
    cost.campaign_id,
    cost.channel_id,
    cost.salesperson_id,
    cost.cost_type,
    cost.stage,
    cost.allocated_on,
    cost.month,
    cost.basis,
    cost.driver,
    cost.reason,
    cost.is_exhibition,
    cost.is_acquisition,
    product.product_interest,
    case
      when product.product_interest is not null then 'scanned_leads'
      when not cost.is_exhibition then 'not_of_a_show'
      when cost.basis = 'unallocated' then 'unallocated'
      when product.campaign_id is null then 'no_scanned_lead'
      else 'lead_without_interest'
    end as product_rule,
    case
      when product.campaign_id is null then cost.amount
      else {{ cumulative_part('cost.amount', 'product.weight_before', 'product.weight', 'product.weight_total') }}
    end as amount
  from cost
  left join product
    on cost.is_exhibition and cost.basis = 'direct' and cost.campaign_id = product.campaign_id
),

-- What says in which stages an untagged cost was spent: touches of its campaign (of its channel, where it has no
-- campaign), interactions of the salesperson in the month.
met as (
  select
    interaction_id as moment_id,
    account_id,
    occurred_at as happened_at
  from {{ ref('interaction_facts') }}
),

interaction_stage as (
  {{ stage_at('met') }}
),

counted as (
  select
    'campaign:' || touches.campaign_id as stage_key,
    touches.stage,
    count(*) as weight
  from {{ ref('touch_stage') }} as touches
  inner join {{ ref('int_as_of') }} as as_of on touches.touched_on <= as_of.as_of_on
  where touches.campaign_id is not null and touches.stage is not null
  group by touches.campaign_id, touches.stage
  union all
  select
    'channel:' || touches.channel_id as stage_key,
    touches.stage,
    count(*) as weight
  from {{ ref('touch_stage') }} as touches
  inner join {{ ref('int_as_of') }} as as_of on touches.touched_on <= as_of.as_of_on
  where touches.channel_id <> 'unknown' and touches.stage is not null
  group by touches.channel_id, touches.stage
  union all
  select
    'sales:' || interactions.salesperson_id || ':' || cast({{ month_start('interactions.occurred_on') }} as string)
      as stage_key,
    staged.stage,
    count(*) as weight
  from {{ ref('interaction_facts') }} as interactions
  inner join interaction_stage as staged on interactions.interaction_id = staged.moment_id
  inner join {{ ref('int_as_of') }} as as_of on interactions.occurred_on <= as_of.as_of_on
  where interactions.salesperson_id is not null and staged.stage is not null
  group by interactions.salesperson_id, {{ month_start('interactions.occurred_on') }}, staged.stage
),

stage as (
  select
    *,
    sum(weight) over (partition by stage_key order by stage rows unbounded preceding) - weight as weight_before,
    sum(weight) over (partition by stage_key) as weight_total
  from counted
),

keyed as (
  select
    *,
    case
      when stage is not null or basis = 'unallocated' then cast(null as string)
      when cost_source = 'work_hours' then 'sales:' || salesperson_id || ':' || cast(month as string)
      when campaign_id is not null then 'campaign:' || campaign_id
      else 'channel:' || channel_id
    end as stage_key
  from by_product
)

select
  keyed.view || ':' || keyed.cost_share_id || case
    when keyed.product_rule in ('scanned_leads', 'lead_without_interest')
      then ':product=' || coalesce(keyed.product_interest, '')
    else ''
  end || case when stage.stage is not null then ':stage=' || stage.stage else '' end as cost_ledger_id,
  keyed.view,
  keyed.cost_source,
  keyed.cost_id,
  keyed.campaign_id,
  keyed.channel_id,
  keyed.cost_type,
  keyed.product_interest,
  keyed.product_rule,
  coalesce(keyed.stage, stage.stage) as stage,
  case
    when keyed.stage is not null then 'tagged'
    when keyed.basis = 'unallocated' then 'unallocated'
    when stage.stage is not null and keyed.cost_source = 'work_hours' then 'interactions'
    when stage.stage is not null then 'touches'
    when keyed.cost_source = 'work_hours' then 'no_interaction'
    else 'no_touch'
  end as stage_rule,
  keyed.allocated_on,
  keyed.month,
  case
    when stage.stage is null then keyed.amount
    else {{ cumulative_part('keyed.amount', 'stage.weight_before', 'stage.weight', 'stage.weight_total') }}
  end as amount,
  keyed.basis,
  keyed.driver,
  keyed.reason,
  keyed.is_acquisition
from keyed
left join stage on keyed.stage_key = stage.stage_key
