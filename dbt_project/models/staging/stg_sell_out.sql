{{ stage_entity('sell_out') }}
