{{ stage_entity('exchange_rate') }}
