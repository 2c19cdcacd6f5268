{{ stage_entity('payment_allocation') }}
