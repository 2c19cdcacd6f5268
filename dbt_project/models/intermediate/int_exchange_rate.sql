-- Rates into the functional currency, each with the dates it serves: its own day, then, as a separate row marked
-- is_carried, the days until a newer rate or until it is max_rate_age_days old. valid_to is exclusive.
-- A table that quotes only functional -> foreign is turned around; a direct quote of the same day goes first.
with quoted as (
  select
    from_currency,
    rate_date as quoted_on,
    rate,
    rate_id,
    rate_type,
    false as is_inverted
  from {{ ref('stg_exchange_rate') }}
  where
    to_currency = '{{ var("functional_currency") }}'
    and from_currency <> '{{ var("functional_currency") }}'
    and rate > 0
  union all
  select
    to_currency as from_currency,
    rate_date as quoted_on,
    {{ inverse_rate('rate') }} as rate,
    rate_id,
    rate_type,
    true as is_inverted
  from {{ ref('stg_exchange_rate') }}
  where
    from_currency = '{{ var("functional_currency") }}'
    and to_currency <> '{{ var("functional_currency") }}'
    and rate > 0
),

ranked as (
  select
    *,
    row_number() over (
      partition by from_currency, quoted_on
      order by is_inverted, rate_type, rate_id
    ) as preference
  from quoted
),

followed as (
  select
    from_currency,
    quoted_on,
    rate,
    rate_id,
    rate_type,
    is_inverted,
    lead(quoted_on) over (partition by from_currency order by quoted_on) as next_quoted_on
  from ranked
  where preference = 1
),

bounded as (
  select
    *,
    {{ add_days('quoted_on', 1) }} as own_day_ends_on,
    least(
      coalesce(next_quoted_on, cast('9999-12-31' as date)),
      {{ add_days('quoted_on', (var('max_rate_age_days') | int) + 1) }}
    ) as served_until
  from followed
)

select
  from_currency,
  '{{ var("functional_currency") }}' as to_currency,
  rate,
  rate_id,
  rate_type,
  quoted_on,
  quoted_on as valid_from,
  own_day_ends_on as valid_to,
  false as is_carried,
  is_inverted
from bounded
union all
select
  from_currency,
  '{{ var("functional_currency") }}' as to_currency,
  rate,
  rate_id,
  rate_type,
  quoted_on,
  own_day_ends_on as valid_from,
  served_until as valid_to,
  true as is_carried,
  is_inverted
from bounded
where served_until > own_day_ends_on
