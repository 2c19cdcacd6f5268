{{ stage_entity('salesperson') }}
