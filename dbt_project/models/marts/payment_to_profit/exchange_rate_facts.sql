-- One row per quoted rate: what it is, who published it, and which days it served, if any.
with served as (
  select
    rate_id,
    rate as functional_rate,
    is_inverted,
    min(valid_from) as served_from,
    {{ add_days('max(valid_to)', -1) }} as served_to
  from {{ ref('int_exchange_rate') }}
  group by rate_id, rate, is_inverted
)

select
  rates.rate_id,
  rates.from_currency,
  rates.to_currency,
  rates.rate_date as quoted_on,
  rates.rate,
  rates.rate_type,
  rates.rate_source,
  served.rate_id is not null as is_used,
  served.is_inverted,
  served.functional_rate,
  served.served_from,
  served.served_to,
  {{ lineage('rates') }}
from {{ ref('stg_exchange_rate') }} as rates
left join served on rates.rate_id = served.rate_id
