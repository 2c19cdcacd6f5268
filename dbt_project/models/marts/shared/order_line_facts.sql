-- One row per order line: booked, invoiced, cost, contribution and cash of that line, functional currency, net of VAT.
with invoiced as (
  select
    order_line_id,
    count(*) as invoice_line_count,
    count(cogs_functional) as costed_line_count,
    {{ full_sum('net_invoiced_functional') }} as net_invoiced,
    sum(cogs_functional) as cogs,
    sum(net_invoiced_functional - cogs_functional) as gross_profit
  from {{ ref('int_invoice_line') }}
  where order_line_id is not null
  group by order_line_id
),

borne as (
  select
    {%- for kind in ['freight', 'commission', 'rebate', 'bad_debt', 'other', 'after_sales'] %}
    {{ full_sum('amount_functional', "kind = '" ~ kind ~ "'") }} as {{ kind }},
    {%- endfor %}
    order_line_id
  from {{ ref('int_order_cost_line') }}
  where order_line_id is not null
  group by order_line_id
),

collected as (
  select
    order_line_id,
    {{ full_sum('collected_functional') }} as collected
  from {{ ref('int_payment_line') }}
  where order_line_id is not null
  group by order_line_id
),

returned as (
  select
    order_line_id,
    sum(quantity) as returned_quantity
  from {{ ref('stg_sales_return') }}
  where order_line_id is not null
  group by order_line_id
),

joined as (
  select
    lines.*,
    orders.origin_channel_id,
    orders.origin_campaign_id,
    orders.salesperson_id,
    orders.distributor_id,
    case when invoiced.order_line_id is null then 0 else invoiced.net_invoiced end as net_invoiced,
    case when invoiced.costed_line_count = 0 then null else coalesce(invoiced.cogs, 0) end as cogs,
    case when invoiced.costed_line_count = 0 then null else coalesce(invoiced.gross_profit, 0) end as gross_profit,
    coalesce(invoiced.invoice_line_count - invoiced.costed_line_count, 0) as uncosted_line_count,
    case when borne.order_line_id is null then 0 else borne.freight end as freight,
    case when borne.order_line_id is null then 0 else borne.commission end as commission,
    case when borne.order_line_id is null then 0 else borne.rebate end as rebate,
    case when borne.order_line_id is null then 0 else borne.bad_debt end as bad_debt,
    case when borne.order_line_id is null then 0 else borne.other end as other_cost,
    case when borne.order_line_id is null then 0 else borne.after_sales end as after_sales,
    case when collected.order_line_id is null then 0 else collected.collected end as collected,
    coalesce(returned.returned_quantity, 0) as returned_quantity
  from {{ ref('int_order_line') }} as lines
  inner join {{ ref('int_order') }} as orders on lines.order_id = orders.order_id
  left join invoiced on lines.order_line_id = invoiced.order_line_id
  left join borne on lines.order_line_id = borne.order_line_id
  left join collected on lines.order_line_id = collected.order_line_id
  left join returned on lines.order_line_id = returned.order_line_id
)

select
  order_line_id,
  order_id,
  line_no,
  account_id,
  product_id,
  origin_channel_id,
  origin_campaign_id,
  salesperson_id,
  distributor_id,
  ordered_on,
  confirmed_on,
  is_excluded,
  exclusion_reason,
  quantity,
  cast(returned_quantity as decimal(18, 4)) as returned_quantity,
  list_price,
  unit_price,
  discount,
  tax_rate,
  list_amount,
  net_amount,
  tax_amount,
  currency,
  rate,
  rate_id,
  has_rate,
  net_booked_functional as net_booked,
  list_booked_functional as list_booked,
  standard_cost_functional as booked_cost,
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
  cast(gross_profit - freight - commission - rebate - after_sales - bad_debt as decimal(18, 2)) as contribution,
  cast(
    net_booked_functional - standard_cost_functional - freight - commission - rebate - after_sales - bad_debt
    as decimal(18, 2)
  ) as contribution_booked,
  cast(collected as decimal(18, 2)) as collected,
  source_system,
  source_object,
  source_file,
  source_row,
  source_sha256
from joined
