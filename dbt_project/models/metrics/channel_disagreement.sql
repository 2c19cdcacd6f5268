-- How far the attribution models differ over each channel and campaign: the least and the most that one gives it, the span
-- between them, and how they scatter (population standard deviation ÷ mean of the shares). The root is taken in floating
-- point and rounded.
with share as (
  select
    *,
    row_number() over (of_member order by share_of_attributed, model) as from_least,
    row_number() over (of_member order by share_of_attributed desc, model asc) as from_most
  from {{ ref('channel_model') }}
  where share_of_attributed is not null
  window of_member as (partition by cut, period_kind, period_start, measure, member_id)
)

select
  share.cut || '|' || share.period_kind || '|' || coalesce(cast(share.period_start as string), '') || '|'
  || share.member_id || '|' || share.measure as channel_disagreement_id,
  share.cut,
  share.period_kind,
  share.period_start,
  share.member_id,
  max(share.name) as name,
  share.measure,
  cast(count(*) as bigint) as models,
  min(share.share_of_attributed) as share_least,
  max(case when share.from_least = 1 then share.model end) as model_least,
  max(share.share_of_attributed) as share_most,
  max(case when share.from_most = 1 then share.model end) as model_most,
  cast(max(share.share_of_attributed) - min(share.share_of_attributed) as decimal(18, 8)) as share_span,
  {{ fine_ratio('sum(share.share_of_attributed)', 'count(*)') }} as share_mean,
  cast(round(
    stddev_pop(cast(share.share_of_attributed as double)) / nullif(avg(cast(share.share_of_attributed as double)), 0), 6
  ) as decimal(18, 6)) as share_variation,
  min(share.member_rank) as rank_best,
  max(share.member_rank) as rank_worst,
  max(share.units) as units,
  max(share.units) < {{ var('scorecard_least_orders') | int }} as is_small_sample
from share
group by
  share.cut,
  share.period_kind,
  share.period_start,
  share.member_id,
  share.measure
