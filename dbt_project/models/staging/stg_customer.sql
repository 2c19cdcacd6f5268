{{ stage_entity('customer') }}
