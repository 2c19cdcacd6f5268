{{ stage_entity('service_ticket') }}
