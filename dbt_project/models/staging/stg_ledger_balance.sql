{{ stage_entity('ledger_balance') }}
