{{ stage_entity('sales_order') }}
