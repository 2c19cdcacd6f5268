-- Which products are bought together: one row per grain (an order, or everything a customer ever ordered) and ordered
-- pair of products that met often enough. Significance is Fisher's exact test, one-sided: how likely so many or more
-- baskets with both were by chance; corrected for the number of pairs that were looked at (Bonferroni).
with {{ baskets() }},

product as (
  select
    grain,
    product_id,
    count(*) as product_count
  from basket
  group by grain, product_id
),

pair as (
  select
    one.grain,
    one.product_id,
    other.product_id as with_product_id,
    count(*) as both_count
  from basket as one
  inner join basket as other
    on one.grain = other.grain and one.basket_id = other.basket_id and one.product_id <> other.product_id
  group by one.grain, one.product_id, other.product_id
),

counted as (
  select
    pair.grain,
    pair.product_id,
    pair.with_product_id,
    whole.basket_count,
    one.product_count,
    other.product_count as with_product_count,
    pair.both_count,
    -- a pair and its mirror are one question
    count(*) over (partition by pair.grain) / 2 as pair_count
  from pair
  inner join whole on pair.grain = whole.grain
  inner join product as one on pair.grain = one.grain and pair.product_id = one.product_id
  inner join product as other on pair.grain = other.grain and pair.with_product_id = other.product_id
),

tail as (
  select
    counted.grain,
    counted.product_id,
    counted.with_product_id,
    sum(
      {{ hypergeometric_chance(
        'counted.basket_count', 'counted.product_count', 'counted.with_product_count', 'counted.both_count + step.n'
      ) }}
    ) as p_value
  from counted
  -- beyond so many baskets more than were seen nothing is left of the chance of a pair that met more often than expected
  inner join {{ number_series('20000') }} as step
    on
      counted.product_count - counted.both_count >= step.n
      and counted.with_product_count - counted.both_count >= step.n
  group by counted.grain, counted.product_id, counted.with_product_id
)

select
  counted.grain || '|' || counted.product_id || '|' || counted.with_product_id as affinity_id,
  counted.grain,
  counted.product_id,
  counted.with_product_id,
  counted.basket_count,
  counted.product_count,
  counted.with_product_count,
  counted.both_count,
  {{ ratio('counted.both_count', 'counted.basket_count') }} as support,
  {{ ratio('counted.both_count', 'counted.product_count') }} as confidence,
  {{ ratio('counted.both_count * counted.basket_count', 'counted.product_count * counted.with_product_count') }}
    as lift,
  cast(counted.pair_count as bigint) as pair_count,
  {{ corrected_chance('tail.p_value') }} as p_value,
  {{ corrected_chance('tail.p_value', 'counted.pair_count') }} as p_value_corrected,
  tail.p_value * counted.pair_count < 0.05
  and counted.both_count * counted.basket_count > counted.product_count * counted.with_product_count as is_significant
from counted
inner join tail
  on
    counted.grain = tail.grain
    and counted.product_id = tail.product_id
    and counted.with_product_id = tail.with_product_id
where counted.both_count >= {{ var('affinity_least_baskets') }}
