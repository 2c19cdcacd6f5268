{{ stage_entity('quote_line') }}
