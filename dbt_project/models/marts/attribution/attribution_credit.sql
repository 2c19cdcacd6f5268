{{ config(materialized="view") }}
-- The credit of each posting. What was posted in a closed month stands as it was reported (version 1), and what would be
-- said of it today is told apart, as the difference (version 2, from attribution_restatement): together they are what is
-- true today, and add up to the posting. After the closed months there is one version: by the weights of today, or by
-- those of the close where the order was converted in a closed month.
with closed as (
  select max(closed_to) as closed_to from {{ source('closing', 'closed_period') }}
),

versioned as (
  select
    {{ credit_columns('credit') }},
    1 as version,
    credit.amount
  from {{ ref('attribution_credit_current') }} as credit
  cross join closed
  left join {{ source('closing', 'closed_order') }} as frozen
    on credit.order_id = frozen.order_id and credit.model = frozen.model
  where
    frozen.order_id is null
    and (closed.closed_to is null or credit.posted_on is null or credit.posted_on > closed.closed_to)
  union all
  select
    {{ credit_columns() }},
    1 as version,
    amount
  from {{ ref('attribution_credit_frozen') }}
  union all
  select
    {{ credit_columns() }},
    1 as version,
    amount
  from {{ source('closing', 'closed_credit') }}
  where model in (select listed.name from {{ attribution_models() }} as listed (name))
  union all
  select
    {{ credit_columns() }},
    2 as version,
    difference as amount
  from {{ ref('attribution_restatement') }}
)

select
  order_id,
  order_line_id,
  posting_id,
  posted_on,
  cast(version as integer) as version,
  model,
  model = '{{ var("default_attribution_model") }}' as is_default_model,
  measure,
  touch_id,
  campaign_id,
  channel_id,
  stage,
  unattributed_reason,
  amount
from versioned
