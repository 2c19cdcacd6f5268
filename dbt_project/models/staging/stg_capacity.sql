{{ stage_entity('capacity') }}
