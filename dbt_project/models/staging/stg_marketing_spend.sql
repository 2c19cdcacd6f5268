{{ stage_entity('marketing_spend') }}
