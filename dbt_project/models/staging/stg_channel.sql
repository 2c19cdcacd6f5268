{{ stage_entity('channel') }}
