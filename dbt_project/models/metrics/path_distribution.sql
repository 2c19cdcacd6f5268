-- How journeys are spread: over their length in touches (`length`), over the days from first touch to order (`days`), and
-- over the channel groups they began and ended with (`first_last`), by period as in path_summary. Within a cut and period
-- each journey is in one band; of `days`, each order with a touch.
{% set kinds = ['month', 'quarter', 'half_year', 'year', 'all'] -%}
{%- set lengths = [
  ('0', 0, 0), ('1', 1, 1), ('2', 2, 2), ('3', 3, 3), ('4', 4, 4), ('5', 5, 5), ('6-10', 6, 10), ('11-20', 11, 20),
  ('21+', 21, none),
] -%}
{%- set days = [
  ('0', 0, 0), ('1-7', 1, 7), ('8-30', 8, 30), ('31-90', 31, 90), ('91-180', 91, 180), ('181-365', 181, 365),
  ('366+', 366, none),
] -%}
with banded as (
  select
    *,
    'length' as cut,
    {{ band_of('touch_count', lengths) }} as band,
    {{ band_of('touch_count', lengths, 'place') }} as band_number
  from {{ ref('path_journey') }}
  where level = 'channel_group'
  union all
  select
    *,
    'days' as cut,
    {{ band_of('days_to_convert', days) }} as band,
    {{ band_of('days_to_convert', days, 'place') }} as band_number
  from {{ ref('path_journey') }}
  where level = 'channel_group' and days_to_convert is not null
  union all
  select
    *,
    'first_last' as cut,
    first_member || ' > ' || last_member as band,
    1 as band_number
  from {{ ref('path_journey') }}
  where level = 'channel_group'
),

counted as (
  {%- for kind in kinds %}
  {{ 'union all' if not loop.first }}
  select
    cut,
    '{{ kind }}' as period_kind,
    {{ period_start_of('ended_on', kind) }} as period_start,
    band,
    band_number,
    {{ path_sums() }}
  from banded
  group by
    cut,
    band,
    band_number
    {{- period_grouping('ended_on', kind) }}
  {%- endfor %}
),

placed as (
  select
    *,
    sum(conversions) over (partition by cut, period_kind, period_start) as all_conversions
  from counted
)

select
  cut || '|' || period_kind || '|' || coalesce(cast(period_start as string), '') || '|' || band as path_distribution_id,
  cut,
  period_kind,
  period_start,
  cast(band_number as integer) as band_number,
  band,
  {{ path_figures() }},
  days_median,
  days_p90,
  conversions < {{ var('scorecard_least_orders') | int }} as is_small_sample
from placed
