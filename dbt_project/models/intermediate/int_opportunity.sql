-- One row per opportunity with its account, its (surviving) lead, its origin and its amount at the rate of the day it
-- closed, or was opened while it is open.
-- A win dated before the lead's first contact is kept and flagged: the deal is real, one of the two dates is not.
with order_customer as (
  select
    opportunity_id,
    customer_id,
    row_number() over (partition by opportunity_id order by ordered_at, order_id) as sequence
  from {{ ref('stg_sales_order') }}
  where opportunity_id is not null and customer_id is not null
),

dated as (
  select
    opportunities.*,
    people.surviving_lead_id,
    {{ to_business_date('opportunities.created_at') }} as created_on,
    {{ to_business_date('opportunities.closed_at') }} as closed_on,
    coalesce(opportunities.is_won, {{ stage_means('opportunities.stage', 'opportunity', 'won') }}, false) as was_won,
    coalesce({{ stage_means('opportunities.stage', 'opportunity', 'lost') }}, false) as is_lost_stage
  from {{ ref('stg_opportunity') }} as opportunities
  left join {{ ref('int_lead_person') }} as people on opportunities.lead_id = people.lead_id
),

judged as (
  select
    *,
    coalesce(closed_on, created_on) as valued_on,
    not was_won and (closed_at is not null or is_lost_stage) as was_lost
  from dated
),

account_lead as (
  select
    account_id,
    origin_channel_id,
    origin_campaign_id,
    row_number() over (partition by account_id order by created_at, lead_id) as sequence
  from {{ ref('int_lead') }}
  where is_valid and account_id is not null
),

placed as (
  select
    judged.*,
    coalesce(own_account.account_id, order_account.account_id, leads.account_id) as account_id,
    leads.created_on as lead_created_on,
    case
      when leads.origin_channel_id <> 'unknown' or leads.origin_campaign_id <> 'unknown' then 'opportunity_lead'
    end as lead_origin_rule,
    leads.origin_channel_id as lead_origin_channel_id,
    leads.origin_campaign_id as lead_origin_campaign_id
  from judged
  left join {{ ref('int_lead') }} as leads on judged.surviving_lead_id = leads.lead_id
  left join {{ ref('int_account') }} as own_account on judged.customer_id = own_account.customer_id
  left join order_customer on judged.opportunity_id = order_customer.opportunity_id and order_customer.sequence = 1
  left join {{ ref('int_account') }} as order_account on order_customer.customer_id = order_account.customer_id
)

select
  placed.opportunity_id,
  placed.surviving_lead_id as lead_id,
  placed.account_id,
  placed.customer_id,
  placed.created_at,
  placed.created_on,
  placed.closed_at,
  placed.closed_on,
  placed.expected_close_on,
  placed.stage,
  placed.was_won as is_won,
  placed.was_lost as is_lost,
  not placed.was_won and not placed.was_lost as is_open,
  placed.loss_reason,
  coalesce(placed.was_won and placed.closed_on < placed.lead_created_on, false) as is_won_before_contact,
  placed.lead_created_on,
  case
    when placed.lead_origin_rule is not null then placed.lead_origin_channel_id
    else coalesce(account_lead.origin_channel_id, 'unknown')
  end as origin_channel_id,
  case
    when placed.lead_origin_rule is not null then placed.lead_origin_campaign_id
    else coalesce(account_lead.origin_campaign_id, 'unknown')
  end as origin_campaign_id,
  case
    when placed.lead_origin_rule is not null then placed.lead_origin_rule
    when account_lead.origin_channel_id <> 'unknown' or account_lead.origin_campaign_id <> 'unknown'
      then 'account_lead'
    else 'unknown'
  end as origin_rule,
  placed.salesperson_id,
  placed.distributor_id,
  placed.valued_on,
  placed.amount,
  placed.currency,
  {{ rate_columns('placed.currency') }},
  {{ functional_amount('placed.amount', functional_rate('placed.currency')) }} as amount_functional,
  {{ lineage('placed') }}
from placed
left join account_lead on placed.account_id = account_lead.account_id and account_lead.sequence = 1
{{ rate_join('placed.currency', 'placed.valued_on') }}
