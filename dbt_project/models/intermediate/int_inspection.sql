-- One row per inspection with the lot it judged. Lot: that of its production order, else its own lot number - of the one
-- product made under that number where only one is, else of no product (incoming material). First pass: what passed, but
-- never more than what was neither reworked nor rejected, because some systems count reworked units as passed.
with named as (
  select
    inspections.*,
    orders.product_id as made_product_id,
    coalesce(orders.lot_no, inspections.lot_no) as judged_lot_no,
    coalesce(orders.lot_no, inspections.lot_no, inspections.production_order_id) as lot_key
  from {{ ref('stg_quality_inspection') }} as inspections
  left join {{ ref('stg_production_order') }} as orders
    on inspections.production_order_id = orders.production_order_id
),

only_product as (
  select
    lot_no,
    min(lot_id) as lot_id,
    min(product_id) as product_id
  from {{ ref('int_lot') }}
  where lot_no is not null
  group by lot_no
  having count(*) = 1
)

select
  named.inspection_id,
  named.production_order_id,
  named.judged_lot_no as lot_no,
  case
    when named.lot_key is not null
      then coalesce(only_product.lot_id, coalesce(named.made_product_id, '') || '|' || named.lot_key)
  end as lot_id,
  coalesce(named.made_product_id, only_product.product_id) as product_id,
  named.kind,
  named.step,
  named.inspected_at,
  {{ to_business_date('named.inspected_at') }} as inspected_on,
  named.quantity_inspected,
  named.quantity_passed,
  named.quantity_reworked,
  named.quantity_rejected,
  cast(
    case
      when named.quantity_inspected is null or named.quantity_passed is null then named.quantity_passed
      else
        greatest(
          least(
            named.quantity_passed,
            named.quantity_inspected
            - coalesce(named.quantity_reworked, 0)
            - coalesce(named.quantity_rejected, 0)
          ),
          0
        )
    end as decimal(18, 4)
  ) as quantity_first_pass,
  named.defect_code,
  {{ lineage('named') }}
from named
left join only_product on named.lot_key = only_product.lot_no and named.made_product_id is null
