-- One row per order line: what was promised, what was shipped when. A line is fully shipped on the day on which the
-- shipped quantity reaches the ordered one. On time is judged by the original promise; a line whose promise has passed
-- and that is not fully shipped is late, not missing.
with shipped as (
  select
    order_line_id,
    quantity,
    shipped_on,
    delivered_on,
    lot_no,
    sum(quantity) over (
      partition by order_line_id order by shipped_on, shipment_line_id rows unbounded preceding
    ) as shipped_to_date
  from {{ ref('int_shipment_line') }}
  where order_line_id is not null and shipped_on is not null
),

progress as (
  select
    lines.order_line_id,
    sum(shipped.quantity) as quantity_shipped,
    min(shipped.shipped_on) as first_shipped_on,
    max(shipped.shipped_on) as last_shipped_on,
    max(shipped.delivered_on) as last_delivered_on,
    min(case when shipped.shipped_to_date >= lines.quantity then shipped.shipped_on end) as fully_shipped_on,
    count(distinct shipped.lot_no) as lot_count,
    min(shipped.lot_no) as first_lot_no
  from {{ ref('int_order_line') }} as lines
  inner join shipped on lines.order_line_id = shipped.order_line_id
  group by lines.order_line_id
),

judged as (
  select
    lines.*,
    orders.origin_channel_id,
    orders.origin_campaign_id,
    coalesce(progress.quantity_shipped, 0) as quantity_shipped,
    progress.first_shipped_on,
    progress.last_shipped_on,
    progress.last_delivered_on,
    progress.fully_shipped_on,
    coalesce(progress.lot_count, 0) as lot_count,
    progress.first_lot_no,
    as_of.as_of_on,
    not lines.is_excluded
    and lines.quantity > 0
    and coalesce(lines.promised_on <= as_of.as_of_on, false) as is_due
  from {{ ref('int_order_line') }} as lines
  inner join {{ ref('int_order') }} as orders on lines.order_id = orders.order_id
  cross join {{ ref('int_as_of') }} as as_of
  left join progress on lines.order_line_id = progress.order_line_id
)

select
  order_line_id,
  order_id,
  line_no,
  account_id,
  product_id,
  origin_channel_id,
  origin_campaign_id,
  is_excluded,
  exclusion_reason,
  confirmed_on,
  promised_on,
  revised_promised_on,
  quantity,
  cast(quantity_shipped as decimal(18, 4)) as quantity_shipped,
  first_shipped_on,
  last_shipped_on,
  last_delivered_on,
  fully_shipped_on,
  fully_shipped_on is not null as is_fully_shipped,
  is_due,
  is_due and coalesce(fully_shipped_on <= promised_on, false) as is_on_time,
  is_due and fully_shipped_on is null as is_overdue,
  case
    when is_due then {{ days_between('promised_on', 'coalesce(fully_shipped_on, as_of_on)') }}
  end as days_late,
  case when fully_shipped_on is not null then {{ days_between('confirmed_on', 'fully_shipped_on') }} end
    as lead_days,
  lot_count,
  first_lot_no,
  as_of_on,
  source_system,
  source_object,
  source_file,
  source_row,
  source_sha256
from judged
