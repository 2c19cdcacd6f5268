-- One row per distributor and month, from its first month with anything in it to the as-of month (or its own last month,
-- if that is later), quiet months included: how steady a distributor is shows in its zeros. Everything stands in the month
-- it happened in. What our own books hold is 0 when nothing happened; what a distributor did not report stays empty.
with costed_order as (
  select
    order_id,
    max(case when cogs is not null then 1 else 0 end) as is_costed
  from {{ ref('invoice_line_facts') }}
  where order_id is not null
  group by order_id
),

booked as (
  select
    distributor_id,
    {{ month_start('ordered_on') }} as month,
    count(*) as order_count,
    {{ full_sum('net_booked') }} as net_booked
  from {{ ref('order_facts') }}
  where distributor_id is not null and not is_excluded
  group by distributor_id, {{ month_start('ordered_on') }}
),

invoiced as (
  select
    distributor_id,
    {{ month_start('invoiced_on') }} as month,
    {{ full_sum('net_invoiced') }} as net_invoiced,
    sum(gross_profit) as gross_profit
  from {{ ref('invoice_line_facts') }}
  where distributor_id is not null and not is_excluded
  group by distributor_id, {{ month_start('invoiced_on') }}
),

borne as (
  select
    orders.distributor_id,
    {{ month_start('costs.incurred_on') }} as month,
    {{ full_sum('costs.amount') }} as cost
  from {{ ref('order_cost_facts') }} as costs
  inner join {{ ref('order_facts') }} as orders on costs.order_id = orders.order_id
  left join costed_order on costs.order_id = costed_order.order_id
  where
    orders.distributor_id is not null
    and not costs.is_excluded
    and costs.kind in ('freight', 'commission', 'rebate', 'bad_debt', 'after_sales')
    and coalesce(costed_order.is_costed, 1) = 1
  group by orders.distributor_id, {{ month_start('costs.incurred_on') }}
),

collected as (
  select
    orders.distributor_id,
    {{ month_start('payments.paid_on') }} as month,
    {{ full_sum('payments.collected') }} as collected
  from {{ ref('payment_line_facts') }} as payments
  inner join {{ ref('order_facts') }} as orders on payments.order_id = orders.order_id
  where orders.distributor_id is not null and not payments.is_excluded
  group by orders.distributor_id, {{ month_start('payments.paid_on') }}
),

sold_out as (
  select
    distributor_id,
    month,
    {{ full_sum('quantity') }} as sell_out_quantity,
    {{ full_sum('amount_functional') }} as sell_out_amount
  from {{ ref('sell_out_facts') }}
  group by distributor_id, month
),

active as (
  {%- for part in ['booked', 'invoiced', 'borne', 'collected', 'sold_out'] %}
  select
    distributor_id,
    month
  from {{ part }}
  {{ 'union all' if not loop.last }}
  {%- endfor %}
),

spanned as (
  select
    active.distributor_id,
    min(active.month) as first_month,
    greatest(max(active.month), max({{ month_start('as_of.as_of_on') }})) as last_month
  from active
  cross join {{ ref('int_as_of') }} as as_of
  group by active.distributor_id
),

calendar as (
  select
    spanned.distributor_id,
    {{ month_after('spanned.first_month', 'months.n') }} as month
  from spanned
  cross join {{ number_series(1200) }} as months
  where {{ month_after('spanned.first_month', 'months.n') }} <= spanned.last_month
)

select
  calendar.distributor_id,
  calendar.month,
  coalesce(booked.order_count, 0) as order_count,
  cast(case when booked.distributor_id is null then 0 else booked.net_booked end as decimal(18, 2)) as net_booked,
  cast(case when invoiced.distributor_id is null then 0 else invoiced.net_invoiced end as decimal(18, 2))
    as net_invoiced,
  -- nothing is known of a month with invoices, none of whose costs is known, and with no other cost
  cast(
    case
      when invoiced.gross_profit is null and invoiced.distributor_id is not null and borne.distributor_id is null
        then null
      else coalesce(invoiced.gross_profit, 0) - case when borne.distributor_id is null then 0 else borne.cost end
    end as decimal(18, 2)
  ) as contribution,
  cast(case when collected.distributor_id is null then 0 else collected.collected end as decimal(18, 2)) as collected,
  cast(sold_out.sell_out_quantity as decimal(18, 4)) as sell_out_quantity,
  cast(sold_out.sell_out_amount as decimal(18, 2)) as sell_out_amount,
  {{ lineage('distributors') }}
from calendar
inner join {{ ref('dim_distributor') }} as distributors on calendar.distributor_id = distributors.distributor_id
left join booked on calendar.distributor_id = booked.distributor_id and calendar.month = booked.month
left join invoiced on calendar.distributor_id = invoiced.distributor_id and calendar.month = invoiced.month
left join borne on calendar.distributor_id = borne.distributor_id and calendar.month = borne.month
left join collected on calendar.distributor_id = collected.distributor_id and calendar.month = collected.month
left join sold_out on calendar.distributor_id = sold_out.distributor_id and calendar.month = sold_out.month
