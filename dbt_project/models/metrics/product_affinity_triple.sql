-- Sets of three: who buys two products together, does he buy a third more often than others? One row per grain (an order,
-- or everything a customer ever ordered), pair and third product that met often enough. Significance is Fisher's exact
-- test, one-sided, of the pair against the third: how likely so many or more baskets with all three were if the pair and
-- the third had nothing to do with each other. A question is asked of every pair and third product that each are in
-- enough baskets, whether they met or not - which no outcome decides - and corrected for their number (Bonferroni).
{%- set least = var('affinity_least_baskets') %}
with {{ baskets() }},

product as (
  select
    grain,
    product_id,
    count(*) as product_count
  from basket
  group by grain, product_id
  having count(*) >= {{ least }}
),

known as (
  select
    basket.grain,
    basket.basket_id,
    basket.product_id
  from basket
  inner join product on basket.grain = product.grain and basket.product_id = product.product_id
),

pair as (
  select
    one.grain,
    one.product_id,
    other.product_id as and_product_id,
    count(*) as pair_count
  from known as one
  inner join known as other
    on one.grain = other.grain and one.basket_id = other.basket_id and one.product_id < other.product_id
  group by one.grain, one.product_id, other.product_id
  having count(*) >= {{ least }}
),

-- every pair beside each product that is not one of its two
asked as (
  select
    pair.grain,
    count(*) as question_count
  from pair
  inner join product
    on
      pair.grain = product.grain
      and pair.product_id <> product.product_id
      and pair.and_product_id <> product.product_id
  group by pair.grain
),

together as (
  select
    pair.grain,
    pair.product_id,
    pair.and_product_id,
    third.product_id as with_product_id,
    count(*) as all_count
  from pair
  inner join known as one on pair.grain = one.grain and pair.product_id = one.product_id
  inner join known as other
    on one.grain = other.grain and one.basket_id = other.basket_id and pair.and_product_id = other.product_id
  inner join known as third
    on
      one.grain = third.grain
      and one.basket_id = third.basket_id
      and pair.product_id <> third.product_id
      and pair.and_product_id <> third.product_id
  group by pair.grain, pair.product_id, pair.and_product_id, third.product_id
  having count(*) >= {{ least }}
),

counted as (
  select
    together.grain,
    together.product_id,
    together.and_product_id,
    together.with_product_id,
    whole.basket_count,
    pair.pair_count,
    product.product_count as with_product_count,
    together.all_count,
    asked.question_count
  from together
  inner join whole on together.grain = whole.grain
  inner join asked on together.grain = asked.grain
  inner join product on together.grain = product.grain and together.with_product_id = product.product_id
  inner join pair
    on
      together.grain = pair.grain
      and together.product_id = pair.product_id
      and together.and_product_id = pair.and_product_id
),

tail as (
  select
    counted.grain,
    counted.product_id,
    counted.and_product_id,
    counted.with_product_id,
    sum(
      {{ hypergeometric_chance(
        'counted.basket_count', 'counted.pair_count', 'counted.with_product_count', 'counted.all_count + step.n'
      ) }}
    ) as p_value
  from counted
  inner join {{ number_series('20000') }} as step
    on
      counted.pair_count - counted.all_count >= step.n
      and counted.with_product_count - counted.all_count >= step.n
  group by counted.grain, counted.product_id, counted.and_product_id, counted.with_product_id
)

select
  counted.grain || '|' || counted.product_id || '|' || counted.and_product_id || '|' || counted.with_product_id
    as affinity_id,
  counted.grain,
  counted.product_id,
  counted.and_product_id,
  counted.with_product_id,
  counted.basket_count,
  counted.pair_count,
  counted.with_product_count,
  counted.all_count,
  {{ ratio('counted.all_count', 'counted.basket_count') }} as support,
  {{ ratio('counted.all_count', 'counted.pair_count') }} as confidence,
  {{ ratio('counted.all_count * counted.basket_count', 'counted.pair_count * counted.with_product_count') }} as lift,
  cast(counted.question_count as bigint) as question_count,
  {{ corrected_chance('tail.p_value') }} as p_value,
  {{ corrected_chance('tail.p_value', 'counted.question_count') }} as p_value_corrected,
  tail.p_value * counted.question_count < 0.05
  and counted.all_count * counted.basket_count > counted.pair_count * counted.with_product_count as is_significant
from counted
inner join tail
  on
    counted.grain = tail.grain
    and counted.product_id = tail.product_id
    and counted.and_product_id = tail.and_product_id
    and counted.with_product_id = tail.with_product_id
