-- How far two attribution models differ over all channels (campaigns), and how far all of them do (model_a, model_b `all`).
-- Distance: total variation of their shares, half the sum of the absolute differences: the part of the credit that would
-- have to move to make one out of the other, 0-1 (D. Levin, Y. Peres, E. Wilmer, "Markov Chains and Mixing Times", 4.2).
-- Agreement of ranks: of two models Spearman's rho, of all Kendall's W, both with mid-ranks for ties; the mean of all rho
-- is (m W − 1) ÷ (m − 1) (M. Kendall, B. Babington Smith, "The problem of m rankings", Ann. Math. Stat. 10, 1939).
-- Distances and W are exact but for the rounding of shares to 8 decimals; rho takes a root in floating point.
with ranked as (
  select
    *,
    -- twice the mid-rank, a whole number
    2 * rank() over (of_model order by share_of_attributed desc)
    + count(*) over (partition by cut, period_kind, period_start, measure, model, share_of_attributed)
    - 1 as double_rank,
    count(*) over (partition by cut, period_kind, period_start, measure, model, share_of_attributed) as tied,
    count(*) over of_model as members
  from {{ ref('channel_model') }}
  where share_of_attributed is not null
  window of_model as (partition by cut, period_kind, period_start, measure, model)
),

pair as (
  select
    one.cut,
    one.period_kind,
    one.period_start,
    one.measure,
    one.model as model_a,
    other.model as model_b,
    count(*) as members,
    sum(abs(one.share_of_attributed - other.share_of_attributed)) as moved_twice,
    sum((one.double_rank - one.members - 1) * (other.double_rank - one.members - 1)) as rank_product,
    sum((one.double_rank - one.members - 1) * (one.double_rank - one.members - 1)) as rank_square_a,
    sum((other.double_rank - one.members - 1) * (other.double_rank - one.members - 1)) as rank_square_b
  from ranked as one
  inner join ranked as other
    on
      one.cut = other.cut
      and one.period_kind = other.period_kind
      and one.period_start is not distinct from other.period_start
      and one.measure = other.measure
      and one.member_id = other.member_id
      and one.model < other.model
  group by
    one.cut,
    one.period_kind,
    one.period_start,
    one.measure,
    one.model,
    other.model
),

summed as (
  select
    cut,
    period_kind,
    period_start,
    measure,
    member_id,
    count(*) as models,
    max(members) as members,
    sum(double_rank) as double_rank,
    sum(tied * tied - 1) as tie_cubes
  from ranked
  group by cut, period_kind, period_start, measure, member_id
),

concordance as (
  select
    cut,
    period_kind,
    period_start,
    measure,
    max(models) as models,
    max(members) as members,
    3 * sum((double_rank - models * (members + 1)) * (double_rank - models * (members + 1))) as numerator,
    max(models * models * (members * members * members - members)) - max(models) * sum(tie_cubes) as denominator
  from summed
  group by cut, period_kind, period_start, measure
),

distance as (
  select
    cut,
    period_kind,
    period_start,
    measure,
    count(*) as pairs,
    sum(moved_twice) as moved_twice
  from pair
  group by cut, period_kind, period_start, measure
),

told as (
  select
    cut,
    period_kind,
    period_start,
    measure,
    model_a,
    model_b,
    2 as models,
    members,
    {{ fine_ratio('moved_twice', '2') }} as distance,
    cast(round(
      cast(rank_product as double)
      / nullif(sqrt(cast(rank_square_a as double) * cast(rank_square_b as double)), 0), 6
    ) as decimal(18, 6)) as rank_correlation,
    cast(null as decimal(18, 8)) as rank_concordance
  from pair
  union all
  select
    concordance.cut,
    concordance.period_kind,
    concordance.period_start,
    concordance.measure,
    'all' as model_a,
    'all' as model_b,
    concordance.models,
    concordance.members,
    {{ fine_ratio('distance.moved_twice', '2 * distance.pairs') }} as distance,
    cast(null as decimal(18, 6)) as rank_correlation,
    {{ ratio(
      'concordance.numerator', 'case when concordance.models > 1 then concordance.denominator end'
    ) }} as rank_concordance
  from concordance
  left join distance
    on
      concordance.cut = distance.cut
      and concordance.period_kind = distance.period_kind
      and concordance.period_start is not distinct from distance.period_start
      and concordance.measure = distance.measure
)

select
  cut || '|' || period_kind || '|' || coalesce(cast(period_start as string), '') || '|' || measure || '|' || model_a
  || '|' || model_b as model_disagreement_id,
  cut,
  period_kind,
  period_start,
  measure,
  model_a,
  model_b,
  cast(models as bigint) as models,
  cast(members as bigint) as members,
  distance,
  rank_correlation,
  rank_concordance
from told
