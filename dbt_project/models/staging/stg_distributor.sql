{{ stage_entity('distributor') }}
