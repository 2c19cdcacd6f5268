{{ stage_entity('order_cost') }}
