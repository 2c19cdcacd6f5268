{{ stage_entity('shipment_line') }}
