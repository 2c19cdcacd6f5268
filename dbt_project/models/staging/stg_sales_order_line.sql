{{ stage_entity('sales_order_line') }}
