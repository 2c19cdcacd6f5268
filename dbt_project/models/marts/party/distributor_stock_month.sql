-- What distributors bought and sold on, and what lies with them: one row per distributor, product and month, from the
-- first month with any of it to the as-of month (or the last one with any, if that is later), quiet months included.
-- Sell-in is what was delivered to the distributor's own account, less what came back; goods sent straight to an end
-- customer never lay with the distributor. The stock is sell-in less sell-out since the distributor's first report; what
-- lay there before is not known, only that it was at least what was sold beyond what had come in. One month without a
-- report and nothing is known of the stock from then on.
with own_account as (
  select
    account_id,
    min(distributor_id) as distributor_id
  from {{ ref('dim_distributor') }}
  where account_id is not null
  group by account_id
),

-- the distributor that the order names, when it buys under that account; else the one that does
buyer as (
  select
    orders.order_id,
    coalesce(named.distributor_id, own_account.distributor_id) as distributor_id
  from {{ ref('order_facts') }} as orders
  inner join own_account on orders.account_id = own_account.account_id
  left join {{ ref('dim_distributor') }} as named
    on orders.distributor_id = named.distributor_id and orders.account_id = named.account_id
),

-- a source that never says when goods arrived is taken by when they left
delivery_source as (
  select
    source_system,
    count(delivered_on) > 0 as tells_delivery
  from {{ ref('shipment_line_facts') }}
  group by source_system
),

moved as (
  select
    buyer.distributor_id,
    lines.product_id,
    {{ month_start('case when delivery_source.tells_delivery then lines.delivered_on else lines.shipped_on end') }}
      as month,
    lines.quantity as delivered,
    0 as returned,
    0 as sold_out
  from {{ ref('shipment_line_facts') }} as lines
  inner join buyer on lines.order_id = buyer.order_id
  inner join delivery_source on lines.source_system is not distinct from delivery_source.source_system
  where not lines.is_excluded
  union all
  select
    buyer.distributor_id,
    returns.product_id,
    {{ month_start('returns.returned_on') }} as month,
    0 as delivered,
    returns.quantity as returned,
    0 as sold_out
  from {{ ref('return_facts') }} as returns
  inner join buyer on returns.order_id = buyer.order_id
  where not returns.is_excluded
  union all
  select
    distributor_id,
    product_id,
    month,
    0 as delivered,
    0 as returned,
    quantity as sold_out
  from {{ ref('sell_out_facts') }}
  where quantity is not null
),

summed as (
  select
    distributor_id,
    product_id,
    month,
    sum(delivered) as delivered,
    sum(returned) as returned,
    sum(sold_out) as sold_out
  from moved
  where month is not null
  group by distributor_id, product_id, month
),

-- a report that leaves a quantity open is none
reported as (
  select
    distributor_id,
    month
  from {{ ref('sell_out_facts') }}
  group by distributor_id, month
  having count(*) = count(quantity)
),

-- covered: this month and every one since the first report was reported
report as (
  select
    distributor_id,
    month,
    min(month) over (partition by distributor_id) as first_reported,
    row_number() over (partition by distributor_id order by month) as place
  from reported
),

spanned as (
  select
    summed.distributor_id,
    summed.product_id,
    min(summed.month) as first_month,
    greatest(max(summed.month), max({{ month_start('as_of.as_of_on') }})) as last_month
  from summed
  cross join {{ ref('int_as_of') }} as as_of
  group by summed.distributor_id, summed.product_id
),

calendar as (
  select
    spanned.distributor_id,
    spanned.product_id,
    {{ month_after('spanned.first_month', 'months.n') }} as month
  from spanned
  cross join {{ number_series(1200) }} as months
  where {{ month_after('spanned.first_month', 'months.n') }} <= spanned.last_month
),

told as (
  select
    calendar.distributor_id,
    calendar.product_id,
    calendar.month,
    coalesce(summed.delivered, 0) as delivered,
    coalesce(summed.returned, 0) as returned,
    coalesce(summed.delivered, 0) - coalesce(summed.returned, 0) as sell_in,
    report.month is not null as is_reported,
    coalesce(report.place = {{ months_between('report.first_reported', 'calendar.month') }} + 1, false) as is_covered,
    {{ months_between('report.first_reported', 'calendar.month') }} as months_since_first_report,
    case when report.month is not null then coalesce(summed.sold_out, 0) end as sell_out
  from calendar
  left join summed
    on
      calendar.distributor_id = summed.distributor_id
      and calendar.product_id is not distinct from summed.product_id
      and calendar.month = summed.month
  left join report on calendar.distributor_id = report.distributor_id and calendar.month = report.month
),

running as (
  select
    *,
    sum(case when is_covered then sell_in - sell_out else 0 end) over so_far as cumulative,
    sum(case when is_covered then sell_in else 0 end) over so_far as sell_in_so_far,
    sum(case when is_covered then sell_out else 0 end) over so_far as sell_out_so_far,
    sum(sell_in) over three_months as sell_in_3m,
    sum(sell_out) over three_months as sell_out_3m,
    is_covered and months_since_first_report >= 2 as has_three_months
  from told
  window
    so_far as (
      partition by distributor_id, product_id order by month rows between unbounded preceding and current row
    ),
    three_months as (
      partition by distributor_id, product_id order by month rows between 2 preceding and current row
    )
),

lowest as (
  select
    *,
    min(cumulative) over (
      partition by distributor_id, product_id order by month rows between unbounded preceding and current row
    ) as lowest
  from running
),

stocked as (
  select
    *,
    case when is_covered then greatest(0, -lowest) end as opening_at_least
  from lowest
)

select
  stocked.distributor_id,
  stocked.product_id,
  stocked.month,
  stocked.is_reported,
  stocked.is_covered,
  cast(stocked.delivered as decimal(18, 4)) as delivered_quantity,
  cast(stocked.returned as decimal(18, 4)) as returned_quantity,
  cast(stocked.sell_in as decimal(18, 4)) as sell_in_quantity,
  cast(stocked.sell_out as decimal(18, 4)) as sell_out_quantity,
  cast(case when stocked.is_covered then stocked.cumulative end as decimal(18, 4)) as stock_change_quantity,
  cast(stocked.opening_at_least as decimal(18, 4)) as opening_at_least_quantity,
  cast(case when stocked.is_covered then stocked.cumulative + stocked.opening_at_least end as decimal(18, 4))
    as stock_quantity,
  -- no rate where no more came in than went back
  case
    when stocked.is_covered and stocked.sell_in_so_far > 0
      then {{ proportion('1', 'stocked.sell_out_so_far', 'stocked.sell_in_so_far', 8) }}
  end as sell_through_rate,
  cast(case when stocked.has_three_months then stocked.sell_in_3m end as decimal(18, 4)) as sell_in_3m_quantity,
  cast(case when stocked.has_three_months then stocked.sell_out_3m end as decimal(18, 4)) as sell_out_3m_quantity,
  cast(case when stocked.has_three_months then stocked.sell_in_3m - stocked.sell_out_3m end as decimal(18, 4))
    as excess_3m_quantity,
  case
    when stocked.has_three_months and stocked.sell_out_3m > 0
      then {{ proportion('1', 'stocked.sell_in_3m', 'stocked.sell_out_3m', 8) }}
  end as sell_in_per_sell_out_3m,
  case
    when stocked.has_three_months and stocked.sell_out_3m > 0
      then {{ proportion('3', 'stocked.cumulative + stocked.opening_at_least', 'stocked.sell_out_3m', 8) }}
  end as stock_months,
  {{ lineage('distributors') }}
from stocked
inner join {{ ref('dim_distributor') }} as distributors on stocked.distributor_id = distributors.distributor_id
