-- The credit of what was posted after the close of the month an order was converted in: by the weights of then.
with closed as (
  select max(closed_to) as closed_to from {{ source('closing', 'closed_period') }}
),

frozen as (
  select
    order_id,
    model,
    cast(0 as bigint) as input_hash
  from {{ source('closing', 'closed_order') }}
  where model in (select listed.name from {{ attribution_models() }} as listed (name))
),

{{ posting_credits(ref('attribution_weight'), 'frozen') }}

select
  {{ credit_columns('credit') }},
  credit.amount
from credit
cross join closed
where credit.amount <> 0 and (credit.posted_on is null or credit.posted_on > closed.closed_to)
