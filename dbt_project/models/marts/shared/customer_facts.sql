-- One row per account (the customer records of one legal entity together): who it is, since when, what it bought and paid.
with described as (
  select
    accounts.account_id,
    accounts.is_declared,
    accounts.parent_account_id,
    customers.name,
    customers.customer_type,
    customers.segment,
    customers.region,
    customers.group_id,
    customers.distributor_id,
    {{ to_business_date('customers.created_at') }} as created_on,
    {{ lineage('accounts') }}
  from {{ ref('int_account') }} as accounts
  left join {{ ref('stg_customer') }} as customers on accounts.customer_id = customers.customer_id
  where accounts.customer_id = accounts.account_id
),

reseller as (
  select distinct account_id
  from {{ ref('dim_distributor') }}
  where account_id is not null
),

merged as (
  select
    account_id,
    count(*) as customer_count
  from {{ ref('int_account') }}
  group by account_id
),

generated as (
  select
    account_id,
    count(*) as lead_count,
    min(created_on) as first_lead_on
  from {{ ref('int_lead') }}
  where is_valid and account_id is not null
  group by account_id
),

won as (
  select
    account_id,
    sum(case when is_won then 1 else 0 end) as won_opportunity_count
  from {{ ref('int_opportunity') }}
  where account_id is not null
  group by account_id
),

bought as (
  select
    account_id,
    sum(case when is_net_positive then 1 else 0 end) as order_count,
    min(case when is_first_order then order_id end) as first_order_id,
    min(case when is_first_order then confirmed_on end) as first_order_on,
    min(case when is_first_order then origin_channel_id end) as origin_channel_id,
    min(case when is_first_order then origin_campaign_id end) as origin_campaign_id,
    max(case when is_net_positive then confirmed_on end) as last_order_on,
    {{ full_sum('net_booked') }} as net_booked,
    {{ full_sum('net_invoiced') }} as net_invoiced,
    sum(gross_profit) as gross_profit,
    sum(contribution) as contribution,
    {{ full_sum('after_sales') }} as after_sales,
    {{ full_sum('collected') }} as collected
  from {{ ref('order_facts') }}
  where not is_excluded and account_id is not null
  group by account_id
)

select
  described.account_id,
  described.name,
  described.is_declared,
  merged.customer_count,
  described.customer_type,
  described.segment,
  described.region,
  described.group_id,
  described.parent_account_id,
  reseller.account_id is not null or coalesce(described.customer_type = 'distributor', false) as is_distributor,
  described.distributor_id,
  described.created_on,
  coalesce(generated.lead_count, 0) as lead_count,
  generated.first_lead_on,
  cast(coalesce(won.won_opportunity_count, 0) as bigint) as won_opportunity_count,
  cast(coalesce(bought.order_count, 0) as bigint) as order_count,
  bought.first_order_id,
  bought.first_order_on,
  bought.last_order_on,
  coalesce(bought.origin_channel_id, 'unknown') as origin_channel_id,
  coalesce(bought.origin_campaign_id, 'unknown') as origin_campaign_id,
  cast(case when bought.account_id is null then 0 else bought.net_booked end as decimal(18, 2)) as net_booked,
  cast(case when bought.account_id is null then 0 else bought.net_invoiced end as decimal(18, 2)) as net_invoiced,
  cast(case when bought.account_id is null then 0 else bought.gross_profit end as decimal(18, 2)) as gross_profit,
  cast(case when bought.account_id is null then 0 else bought.contribution end as decimal(18, 2)) as contribution,
  cast(case when bought.account_id is null then 0 else bought.after_sales end as decimal(18, 2)) as after_sales,
  cast(case when bought.account_id is null then 0 else bought.collected end as decimal(18, 2)) as collected,
  described.source_system,
  described.source_object,
  described.source_file,
  described.source_row,
  described.source_sha256
from described
inner join merged on described.account_id = merged.account_id
left join reseller on described.account_id = reseller.account_id
left join generated on described.account_id = generated.account_id
left join won on described.account_id = won.account_id
left join bought on described.account_id = bought.account_id
