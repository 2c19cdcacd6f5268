{{ config(materialized="view") }}
-- What the credits of each order are computed from, per model: its postings and its weights. The empty order is the money
-- that belongs to none.
with measured as (
  select
    order_id,
    {{ fingerprint_of_group(
      fingerprint(['order_line_id', 'posting_id', 'posted_on', 'measure', 'amount'])
    ) }} as said
  from {{ ref('order_measure') }}
  group by order_id
),

model as (
  select listed.name
  from {{ attribution_models() }} as listed (name)
)

select
  measured.order_id,
  model.name as model,
  {{ fingerprint(['measured.said', 'weight.input_hash', code_fingerprint()]) }} as input_hash
from measured
cross join model
left join {{ ref('weight_input') }} as weight on measured.order_id = weight.order_id and model.name = weight.model
