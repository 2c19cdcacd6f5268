{{ stage_entity('quote') }}
