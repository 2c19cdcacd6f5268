{{ stage_entity('invoice') }}
