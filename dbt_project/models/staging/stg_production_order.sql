{{ stage_entity('production_order') }}
