-- One row per lead after de-duplication, with how far it came. Spam and test leads stay, with their reason.
-- A window that has not passed yet at the as-of date is flagged (…_mature = false), its lead is not dropped; what happens
-- after that date is in no window.
{% set window = var('opportunity_window_days') | int -%}
with opportunity as (
  select
    opportunities.lead_id,
    opportunities.opportunity_id,
    opportunities.created_on,
    opportunities.is_won,
    {{ days_between('leads.created_on', 'opportunities.created_on') }} between 0 and {{ window }}
    and opportunities.created_on <= as_of.as_of_on as is_within_window,
    row_number() over (
      partition by opportunities.lead_id order by opportunities.created_at, opportunities.opportunity_id
    ) as sequence
  from {{ ref('int_opportunity') }} as opportunities
  inner join {{ ref('int_lead') }} as leads on opportunities.lead_id = leads.lead_id
  cross join {{ ref('int_as_of') }} as as_of
),

summed as (
  select
    lead_id,
    count(*) as opportunity_count,
    sum(case when is_won then 1 else 0 end) as won_count,
    sum(case when is_within_window then 1 else 0 end) as count_within_window,
    min(case when sequence = 1 then opportunity_id end) as first_opportunity_id,
    min(created_on) as first_opportunity_on
  from opportunity
  group by lead_id
),

buyer as (
  select
    account_id,
    min(confirmed_on) as first_order_on
  from {{ ref('order_facts') }}
  where is_first_order
  group by account_id
),

-- what its orders earned since it came; of orders without an opportunity the account's earliest lead is the lead
earned as (
  select
    orders.lead_id,
    count(*) as order_count,
    {{ full_sum('orders.contribution') }} as contribution
  from {{ ref('order_facts') }} as orders
  inner join {{ ref('int_lead') }} as leads
    on orders.lead_id = leads.lead_id and orders.confirmed_on >= leads.created_on
  inner join {{ ref('int_as_of') }} as as_of on orders.confirmed_on <= as_of.as_of_on
  where not orders.is_excluded
  group by orders.lead_id
),

filled_in as (
  select
    lead_id,
    form,
    row_number() over (partition by lead_id order by effective_at, touch_id) as sequence
  from {{ ref('int_touch') }}
  where form is not null
),

judged as (
  select
    leads.*,
    filled_in.form as lead_form,
    people.team as sales_team,
    coalesce(earned.order_count, 0) as order_count,
    case when earned.lead_id is null then 0 else earned.contribution end as contribution,
    coalesce(summed.opportunity_count, 0) as opportunity_count,
    coalesce(summed.won_count, 0) as won_count,
    coalesce(summed.count_within_window, 0) as count_within_window,
    summed.first_opportunity_id,
    summed.first_opportunity_on,
    buyer.first_order_on as account_first_order_on,
    as_of.as_of_on,
    {{ days_between('leads.created_on', 'summed.first_opportunity_on') }} as days_to_opportunity,
    {{ days_between('leads.created_on', 'leads.mql_on') }} as days_to_mql,
    {{ days_between('leads.created_on', 'leads.sql_on') }} as days_to_sql,
    {{ days_between('leads.created_on', 'as_of.as_of_on') }} as age_days
  from {{ ref('int_lead') }} as leads
  cross join {{ ref('int_as_of') }} as as_of
  left join summed on leads.lead_id = summed.lead_id
  left join buyer on leads.account_id = buyer.account_id
  left join earned on leads.lead_id = earned.lead_id
  left join filled_in on leads.lead_id = filled_in.lead_id and filled_in.sequence = 1
  left join {{ ref('dim_salesperson') }} as people on leads.salesperson_id = people.salesperson_id
)

select
  lead_id,
  person_id,
  contact_id,
  account_id,
  account_rule,
  customer_id,
  created_at,
  created_on,
  origin_channel_id,
  origin_campaign_id,
  origin_rule,
  status,
  is_valid,
  exclusion_reason,
  company,
  has_name,
  has_phone,
  has_email,
  region,
  segment,
  product_interest,
  score,
  salesperson_id,
  sales_team,
  landing_page,
  lead_form,
  lead_row_count,
  mql_on,
  days_to_mql,
  mql_on is not null as is_mql,
  coalesce(days_to_mql between 0 and least(30, age_days), false) as is_mql_30d,
  coalesce(days_to_mql between 0 and least(90, age_days), false) as is_mql_90d,
  sql_on,
  days_to_sql,
  sql_on is not null as is_sql,
  coalesce(days_to_sql between 0 and least(30, age_days), false) as is_sql_30d,
  coalesce(days_to_sql between 0 and least(90, age_days), false) as is_sql_90d,
  opportunity_count,
  opportunity_count > 0 as has_opportunity,
  first_opportunity_id,
  first_opportunity_on,
  days_to_opportunity,
  count_within_window > 0 as is_opportunity_within_window,
  coalesce(age_days >= {{ window }}, false) as is_opportunity_window_mature,
  won_count > 0 as has_won_opportunity,
  account_first_order_on,
  coalesce(account_first_order_on < created_on, false) as has_earlier_order,
  order_count,
  cast(contribution as decimal(18, 2)) as contribution,
  source_system,
  source_object,
  source_file,
  source_row,
  source_sha256
from judged
