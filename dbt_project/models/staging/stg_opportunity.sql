{{ stage_entity('opportunity') }}
