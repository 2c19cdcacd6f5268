-- One row per order: account, origin, and whether it counts. What does not count stays, with its reason.
-- Opportunity: the order's own, else its quote's. Only where a source's orders never name either does the order go to
-- the latest opportunity of its account that was open for it (created by then, not lost); opportunity_rule says which.
-- Origin: the order's own campaign, else its opportunity's lead, else its account's earliest lead, else `unknown`;
-- channel and campaign always come from the same step.
-- An order without a confirmation moment counts as confirmed when it was placed (has_confirmation = false).
with documented as (
  select
    orders.*,
    coalesce(orders.opportunity_id, quotes.opportunity_id) as documented_opportunity_id,
    case
      when orders.opportunity_id is not null then 'order'
      when quotes.opportunity_id is not null then 'quote'
    end as documented_rule,
    {{ to_business_date('orders.ordered_at') }} as ordered_on,
    {{ to_business_date('orders.confirmed_at') }} as confirmed_on,
    accounts.account_id as customer_account_id
  from {{ ref('stg_sales_order') }} as orders
  left join {{ ref('stg_quote') }} as quotes on orders.quote_id = quotes.quote_id
  left join {{ ref('int_account') }} as accounts on orders.customer_id = accounts.customer_id
),

silent_source as (
  select source_system
  from documented
  group by source_system
  having count(documented_opportunity_id) = 0
),

account_opportunity as (
  select
    documented.order_id,
    opportunities.opportunity_id,
    row_number() over (
      partition by documented.order_id
      order by opportunities.created_at desc, opportunities.opportunity_id asc
    ) as sequence
  from documented
  inner join silent_source on documented.source_system = silent_source.source_system
  inner join {{ ref('int_opportunity') }} as opportunities
    on
      documented.customer_account_id = opportunities.account_id
      and documented.ordered_on >= opportunities.created_on
  where not opportunities.is_lost
),

linked as (
  select
    documented.*,
    coalesce(documented.documented_opportunity_id, account_opportunity.opportunity_id) as linked_opportunity_id,
    coalesce(
      documented.documented_rule, case when account_opportunity.opportunity_id is not null then 'account' end
    ) as opportunity_rule
  from documented
  left join account_opportunity
    on documented.order_id = account_opportunity.order_id and account_opportunity.sequence = 1
),

account_lead as (
  select
    account_id,
    lead_id,
    origin_channel_id,
    origin_campaign_id,
    row_number() over (partition by account_id order by created_at, lead_id) as sequence
  from {{ ref('int_lead') }}
  where is_valid and account_id is not null
),

placed as (
  select
    linked.*,
    coalesce(linked.customer_account_id, opportunities.account_id) as account_id,
    opportunities.lead_id as opportunity_lead_id,
    opportunity_leads.origin_channel_id as lead_channel_id,
    opportunity_leads.origin_campaign_id as lead_campaign_id,
    coalesce(campaigns.channel_id, 'unknown') as tag_channel_id
  from linked
  left join {{ ref('int_opportunity') }} as opportunities
    on linked.linked_opportunity_id = opportunities.opportunity_id
  left join {{ ref('int_lead') }} as opportunity_leads on opportunities.lead_id = opportunity_leads.lead_id
  left join {{ ref('stg_campaign') }} as campaigns on linked.campaign_id = campaigns.campaign_id
),

traced as (
  select
    placed.*,
    account_lead.lead_id as account_lead_id,
    account_lead.origin_channel_id as account_channel_id,
    account_lead.origin_campaign_id as account_campaign_id,
    case
      when placed.campaign_id is not null then 'order_tag'
      when placed.lead_channel_id <> 'unknown' or placed.lead_campaign_id <> 'unknown' then 'opportunity_lead'
      when account_lead.origin_channel_id <> 'unknown' or account_lead.origin_campaign_id <> 'unknown'
        then 'account_lead'
      else 'unknown'
    end as origin_rule
  from placed
  left join account_lead on placed.account_id = account_lead.account_id and account_lead.sequence = 1
),

judged as (
  select
    *,
    case
      when is_test then 'test'
      when is_sample then 'sample'
      when is_intercompany then 'intercompany'
      when status = 'cancelled' then 'cancelled'
      when status = 'draft' then 'draft'
    end as exclusion_reason
  from traced
)

select
  order_id,
  customer_id,
  account_id,
  linked_opportunity_id as opportunity_id,
  opportunity_rule,
  quote_id,
  coalesce(opportunity_lead_id, account_lead_id) as lead_id,
  salesperson_id,
  distributor_id,
  campaign_id as tagged_campaign_id,
  case origin_rule
    when 'order_tag' then tag_channel_id
    when 'opportunity_lead' then lead_channel_id
    when 'account_lead' then account_channel_id
    else 'unknown'
  end as origin_channel_id,
  case origin_rule
    when 'order_tag' then campaign_id
    when 'opportunity_lead' then lead_campaign_id
    when 'account_lead' then account_campaign_id
    else 'unknown'
  end as origin_campaign_id,
  origin_rule,
  ordered_at,
  ordered_on,
  coalesce(confirmed_at, ordered_at) as confirmed_at,
  coalesce(confirmed_on, ordered_on) as confirmed_on,
  confirmed_at is not null as has_confirmation,
  status,
  exclusion_reason is not null as is_excluded,
  exclusion_reason,
  currency,
  source_system,
  source_object,
  source_file,
  source_row,
  source_sha256
from judged
