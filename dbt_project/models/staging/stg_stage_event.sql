{{ stage_entity('stage_event') }}
