{{ stage_entity('sales_return') }}
