{{ stage_entity('contact') }}
