{{ config(**built_by_group("ref('credit_input')", ['order_id', 'model'])) }}
-- The credit of each posting by the weights of today, closed or not.
with changed as (
  {{ changed_groups(ref('credit_input'), ['order_id', 'model']) }}
),

{{ posting_credits(ref('attribution_weight_current'), 'changed') }}

select
  {{ credit_columns() }},
  amount,
  input_hash
from credit
where amount <> 0
