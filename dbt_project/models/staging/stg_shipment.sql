{{ stage_entity('shipment') }}
