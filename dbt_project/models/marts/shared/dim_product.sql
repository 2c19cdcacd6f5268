-- Products: those of the master list and those that only documents name.
with undeclared as (
  {{ undeclared_members(
    [
      ('int_order_line', 'product_id'), ('int_invoice_line', 'product_id'), ('int_lot', 'product_id'),
      ('int_quote_line', 'product_id'), ('int_sell_out', 'product_id'),
      ('int_inventory_snapshot', 'product_id'), ('int_service_ticket', 'product_id'),
    ],
    ('stg_product', 'product_id')
  ) }}
)

select
  products.product_id,
  products.name,
  products.family,
  products.device_class,
  products.udi_di,
  products.unit,
  products.list_price,
  products.standard_cost,
  products.currency,
  products.work_centre,
  products.standard_hours,
  true as is_declared,
  {{ lineage('products') }}
from {{ ref('stg_product') }} as products
union all
select
  member_id as product_id,
  {{ bare_key('member_id') }} as name,
  cast(null as string) as family,
  cast(null as string) as device_class,
  cast(null as string) as udi_di,
  cast(null as string) as unit,
  cast(null as decimal(18, 6)) as list_price,
  cast(null as decimal(18, 6)) as standard_cost,
  cast(null as string) as currency,
  cast(null as string) as work_centre,
  cast(null as decimal(18, 4)) as standard_hours,
  false as is_declared,
  source_system,
  source_object,
  source_file,
  source_row,
  source_sha256
from undeclared
