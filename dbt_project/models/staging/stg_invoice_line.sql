{{ stage_entity('invoice_line') }}
