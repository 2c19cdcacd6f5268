{{ stage_entity('touchpoint') }}
