{{ stage_entity('campaign_session') }}
