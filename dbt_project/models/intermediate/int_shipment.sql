-- One row per shipment: its order (its own, else that of its lines), its business dates, what it carries, and its freight
-- in the functional currency at the rate of the day it left (else arrived).
with carried as (
  select
    shipment_id,
    min(order_id) as order_id,
    count(*) as line_count,
    count(order_line_id) as order_line_count,
    sum(quantity) as quantity
  from {{ ref('int_shipment_line') }}
  group by shipment_id
),

dated as (
  select
    shipments.*,
    coalesce(shipments.order_id, carried.order_id) as carried_order_id,
    {{ to_business_date('shipments.shipped_at') }} as shipped_on,
    {{ to_business_date('shipments.delivered_at') }} as delivered_on,
    {{ to_business_date('coalesce(shipments.shipped_at, shipments.delivered_at)') }} as incurred_on,
    coalesce(carried.line_count, 0) as line_count,
    coalesce(carried.order_line_count, 0) as order_line_count,
    coalesce(carried.quantity, 0) as quantity
  from {{ ref('stg_shipment') }} as shipments
  left join carried on shipments.shipment_id = carried.shipment_id
)

select
  dated.shipment_id,
  dated.carried_order_id as order_id,
  dated.carrier,
  dated.shipped_on,
  dated.delivered_on,
  dated.incurred_on,
  dated.line_count,
  dated.order_line_count,
  cast(dated.quantity as decimal(18, 4)) as quantity,
  dated.freight_amount,
  dated.currency,
  {{ rate_columns('dated.currency') }},
  {{ functional_amount('dated.freight_amount', functional_rate('dated.currency')) }} as freight_functional,
  {{ lineage('dated') }}
from dated
{{ rate_join('dated.currency', 'dated.incurred_on') }}
