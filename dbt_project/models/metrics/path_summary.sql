-- The paths that led to orders, most frequent first, and those that came to nothing: by level (channel group, channel,
-- campaign) and period, with what the orders on each path were worth. Orders stand in the period they were confirmed in,
-- null paths in that of their last touch; an order's money is all of it, whenever posted. Over the paths of a level it is
-- every order that counts. A rate is of accounts' journeys: a lead without an account has no path.
{% set kinds = ['month', 'quarter', 'half_year', 'year', 'all'] -%}
with counted as (
  {%- for kind in kinds %}
  {{ 'union all' if not loop.first }}
  select
    level,
    '{{ kind }}' as period_kind,
    {{ period_start_of('ended_on', kind) }} as period_start,
    path,
    max(steps) as steps,
    {{ path_sums() }}
  from {{ ref('path_journey') }}
  group by
    level,
    path
    {{- period_grouping('ended_on', kind) }}
  {%- endfor %}
),

placed as (
  select
    *,
    sum(conversions) over of_period as all_conversions,
    sum(contribution) over of_period as all_contribution,
    rank() over (
      partition by level, period_kind, period_start order by conversions desc, contribution desc, path asc
    ) as path_rank
  from counted
  window of_period as (partition by level, period_kind, period_start)
)

select
  level || '|' || period_kind || '|' || coalesce(cast(period_start as string), '') || '|' || path as path_summary_id,
  level,
  period_kind,
  period_start,
  cast(path_rank as bigint) as path_rank,
  path,
  steps,
  touches,
  {{ path_figures() }},
  {{ ratio('contribution', 'case when all_contribution > 0 then all_contribution end') }} as contribution_share,
  days_median,
  days_p90,
  conversions < {{ var('scorecard_least_orders') | int }} as is_small_sample
from placed
