{{ stage_entity('payment') }}
