{{ stage_entity('product') }}
