{{ stage_entity('campaign') }}
