{{ stage_entity('lead') }}
