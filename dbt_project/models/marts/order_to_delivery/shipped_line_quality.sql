-- One row per order line of which anything was shipped: what came back, was repaired and cost after the sale, of the cohort
-- of its first shipment. A repair belongs to the line that its serial number was shipped for, else to the first line of its
-- order with its product; one that names neither is of no cohort.
{% set window = var('return_window_days') | int -%}
with shipped as (
  select
    order_line_id,
    min(shipped_on) as first_shipped_on,
    sum(quantity) as quantity_shipped
  from {{ ref('int_shipment_line') }}
  where order_line_id is not null and shipped_on is not null
  group by order_line_id
),

came_back as (
  select
    returns.order_line_id,
    sum(returns.quantity) as quantity_returned,
    sum(
      case
        when {{ days_between('shipped.first_shipped_on', 'returns.returned_on') }} <= {{ window }} then returns.quantity
      end
    ) as quantity_returned_in_window,
    {{ full_sum('returns.amount') }} as returned_amount
  from {{ ref('return_facts') }} as returns
  inner join shipped on returns.order_line_id = shipped.order_line_id
  group by returns.order_line_id
),

repaired_unit as (
  select
    order_id,
    order_line_id,
    product_id,
    coalesce(serial_no, 'lot ' || lot_no, 'ticket ' || ticket_id) as unit
  from {{ ref('ticket_facts') }}
  where kind = 'repair'
),

first_line as (
  select
    order_id,
    product_id,
    order_line_id,
    row_number() over (partition by order_id, product_id order by line_no, order_line_id) as position
  from {{ ref('order_line_facts') }}
),

repaired as (
  select
    coalesce(repaired_unit.order_line_id, first_line.order_line_id) as order_line_id,
    count(distinct repaired_unit.unit) as units_repaired
  from repaired_unit
  left join first_line
    on
      repaired_unit.order_id = first_line.order_id
      and repaired_unit.product_id = first_line.product_id
      and first_line.position = 1
  group by coalesce(repaired_unit.order_line_id, first_line.order_line_id)
)

select
  lines.order_line_id,
  lines.order_id,
  lines.account_id,
  lines.product_id,
  lines.origin_channel_id,
  lines.origin_campaign_id,
  lines.distributor_id,
  lines.is_excluded,
  lines.exclusion_reason,
  lines.ordered_on,
  shipped.first_shipped_on,
  {{ days_between('shipped.first_shipped_on', 'as_of.as_of_on') }} as age_days,
  cast(shipped.quantity_shipped as decimal(18, 4)) as quantity_shipped,
  cast(coalesce(came_back.quantity_returned, 0) as decimal(18, 4)) as quantity_returned,
  cast(coalesce(came_back.quantity_returned_in_window, 0) as decimal(18, 4)) as quantity_returned_in_window,
  cast(case when came_back.order_line_id is null then 0 else came_back.returned_amount end as decimal(18, 2))
    as returned_amount,
  coalesce(repaired.units_repaired, 0) as units_repaired,
  lines.net_invoiced,
  lines.after_sales,
  as_of.as_of_on,
  {{ lineage('lines') }}
from shipped
inner join {{ ref('order_line_facts') }} as lines on shipped.order_line_id = lines.order_line_id
cross join {{ ref('int_as_of') }} as as_of
left join came_back on shipped.order_line_id = came_back.order_line_id
left join repaired on shipped.order_line_id = repaired.order_line_id
