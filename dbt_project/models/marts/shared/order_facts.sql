-- One row per order, all three loops: where it came from, what was booked, invoiced and collected, what it cost, how it
-- was delivered. Functional currency, net of VAT. Sums come from the documents themselves, so what an invoice bills to
-- the order but to no line of it is here too.
with booked as (
  select
    order_id,
    count(*) as line_count,
    sum(net_amount) as net_amount,
    {{ full_sum('net_booked_functional') }} as net_booked,
    {{ full_sum('list_booked_functional') }} as list_booked,
    {{ full_sum('standard_cost_functional') }} as booked_cost,
    min(case when has_rate then 1 else 0 end) = 1 as has_rate
  from {{ ref('int_order_line') }}
  group by order_id
),

invoiced as (
  select
    order_id,
    min(invoiced_on) as first_invoiced_on,
    count(*) as invoice_line_count,
    count(cogs_functional) as costed_line_count,
    {{ full_sum('net_invoiced_functional') }} as net_invoiced,
    sum(cogs_functional) as cogs,
    sum(net_invoiced_functional - cogs_functional) as gross_profit
  from {{ ref('int_invoice_line') }}
  where order_id is not null
  group by order_id
),

borne as (
  select
    {%- for kind in ['freight', 'commission', 'rebate', 'bad_debt', 'other', 'after_sales'] %}
    {{ full_sum('amount_functional', "kind = '" ~ kind ~ "'") }} as {{ kind }},
    {%- endfor %}
    order_id
  from {{ ref('int_order_cost_line') }}
  where order_id is not null
  group by order_id
),

collected as (
  select
    order_id,
    -- money given back against a credit note is no payment
    max(case when invoice_kind = 'invoice' then paid_on end) as last_paid_on,
    {{ full_sum('collected_functional') }} as collected,
    {{ full_sum('collected_functional', "invoice_kind = 'invoice'") }} as collection_amount,
    {{ full_sum('collected_functional * days_to_pay', "invoice_kind = 'invoice'") }}
      as collection_day_amount
  from {{ ref('int_payment_line') }}
  where order_id is not null
  group by order_id
),

delivered as (
  select
    order_id,
    sum(case when is_due then 1 else 0 end) as due_line_count,
    sum(case when is_on_time then 1 else 0 end) as on_time_line_count,
    min(first_shipped_on) as first_shipped_on,
    max(last_shipped_on) as last_shipped_on,
    min(case when is_fully_shipped then 1 else 0 end) = 1 as is_fully_shipped
  from {{ ref('order_line_delivery') }}
  group by order_id
),

joined as (
  select
    orders.*,
    coalesce(booked.line_count, 0) as line_count,
    booked.net_amount,
    coalesce(booked.has_rate, orders.currency = '{{ var("functional_currency") }}', false) as has_rate,
    case when booked.line_count is null then 0 else booked.net_booked end as net_booked,
    booked.list_booked,
    booked.booked_cost,
    invoiced.first_invoiced_on,
    case when invoiced.order_id is null then 0 else invoiced.net_invoiced end as net_invoiced,
    case when invoiced.costed_line_count = 0 then null else coalesce(invoiced.cogs, 0) end as cogs,
    case when invoiced.costed_line_count = 0 then null else coalesce(invoiced.gross_profit, 0) end as gross_profit,
    coalesce(invoiced.invoice_line_count - invoiced.costed_line_count, 0) as uncosted_line_count,
    case when borne.order_id is null then 0 else borne.freight end as freight,
    case when borne.order_id is null then 0 else borne.commission end as commission,
    case when borne.order_id is null then 0 else borne.rebate end as rebate,
    case when borne.order_id is null then 0 else borne.bad_debt end as bad_debt,
    case when borne.order_id is null then 0 else borne.other end as other_cost,
    case when borne.order_id is null then 0 else borne.after_sales end as after_sales,
    case when collected.order_id is null then 0 else collected.collected end as collected,
    case when collected.order_id is null then 0 else collected.collection_amount end as collection_amount,
    case when collected.order_id is null then 0 else collected.collection_day_amount end as collection_day_amount,
    collected.last_paid_on,
    coalesce(delivered.due_line_count, 0) as due_line_count,
    coalesce(delivered.on_time_line_count, 0) as on_time_line_count,
    delivered.first_shipped_on,
    delivered.last_shipped_on,
    coalesce(delivered.is_fully_shipped, false) as is_fully_shipped
  from {{ ref('int_order') }} as orders
  left join booked on orders.order_id = booked.order_id
  left join invoiced on orders.order_id = invoiced.order_id
  left join borne on orders.order_id = borne.order_id
  left join collected on orders.order_id = collected.order_id
  left join delivered on orders.order_id = delivered.order_id
),

judged as (
  select
    *,
    -- judged in the order's own currency, so that a missing rate does not make a customer disappear
    not is_excluded and coalesce(net_amount > 0, false) as is_net_positive,
    gross_profit - freight - commission - rebate - after_sales - bad_debt as contribution
  from joined
),

positioned as (
  select
    *,
    row_number() over (partition by account_id, is_net_positive order by confirmed_at, order_id) as position
  from judged
),

sequenced as (
  select
    *,
    case when is_net_positive and account_id is not null then position end as purchase_number
  from positioned
)

select
  order_id,
  account_id,
  customer_id,
  opportunity_id,
  opportunity_rule,
  quote_id,
  lead_id,
  salesperson_id,
  distributor_id,
  tagged_campaign_id,
  origin_channel_id,
  origin_campaign_id,
  origin_rule,
  ordered_at,
  ordered_on,
  confirmed_at,
  confirmed_on,
  has_confirmation,
  status,
  is_excluded,
  exclusion_reason,
  is_net_positive,
  cast(purchase_number as bigint) as purchase_number,
  coalesce(purchase_number = 1, false) as is_first_order,
  line_count,
  currency,
  has_rate,
  cast(net_amount as decimal(18, 2)) as net_amount,
  cast(net_booked as decimal(18, 2)) as net_booked,
  cast(list_booked as decimal(18, 2)) as list_booked,
  cast(booked_cost as decimal(18, 2)) as booked_cost,
  first_invoiced_on,
  cast(net_invoiced as decimal(18, 2)) as net_invoiced,
  cast(cogs as decimal(18, 2)) as cogs,
  cast(gross_profit as decimal(18, 2)) as gross_profit,
  uncosted_line_count,
  cast(freight as decimal(18, 2)) as freight,
  cast(commission as decimal(18, 2)) as commission,
  cast(rebate as decimal(18, 2)) as rebate,
  cast(bad_debt as decimal(18, 2)) as bad_debt,
  cast(other_cost as decimal(18, 2)) as other_cost,
  cast(after_sales as decimal(18, 2)) as after_sales,
  cast(contribution as decimal(18, 2)) as contribution,
  cast(net_booked - booked_cost - freight - commission - rebate - after_sales - bad_debt as decimal(18, 2))
    as contribution_booked,
  {{ proportion('contribution', 'collected', 'net_invoiced') }} as contribution_collected,
  cast(collected as decimal(18, 2)) as collected,
  cast(collection_amount as decimal(18, 2)) as collection_amount,
  cast(collection_day_amount as decimal(28, 2)) as collection_day_amount,
  last_paid_on,
  cast(due_line_count as bigint) as due_line_count,
  cast(on_time_line_count as bigint) as on_time_line_count,
  first_shipped_on,
  last_shipped_on,
  is_fully_shipped,
  case when is_fully_shipped then {{ days_between('confirmed_on', 'last_shipped_on') }} end as delivery_lead_days,
  source_system,
  source_object,
  source_file,
  source_row,
  source_sha256
from sequenced
