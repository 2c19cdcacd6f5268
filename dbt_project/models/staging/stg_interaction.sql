{{ stage_entity('interaction') }}
