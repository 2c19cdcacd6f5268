-- What each stage of the way to an order is worth: the fixed shares of the settings, and information shares,
-- ln p ÷ Σ ln p with p = (advanced + 1) ÷ (entered + 2): the harder a stage is to reach, the more it is worth. Counted
-- over the last twelve months that are mature.
with horizon as (
  select
    {{ month_after(add_days('as_of_on', '-' ~ (var('stage_mature_days') | int)), 0) }} as until_on,
    {{ month_after(add_days('as_of_on', '-' ~ (var('stage_mature_days') | int)), -12) }} as from_on
  from {{ ref('int_as_of') }}
),

counted as (
  select
    entry.milestone,
    count(distinct entry.subject_id) as entered,
    count(distinct case when entry.has_advanced then entry.subject_id end) as advanced
  from {{ ref('stage_entry') }} as entry
  cross join horizon
  where entry.entered_on >= horizon.from_on and entry.entered_on < horizon.until_on
  group by entry.milestone
),

measured as (
  select
    milestone.name as milestone,
    milestone.number as milestone_number,
    coalesce(counted.entered, 0) as entered,
    coalesce(counted.advanced, 0) as advanced,
    cast(case milestone.name
      {%- for name, share in var('stage_pools').items() %}
      when '{{ name }}' then '{{ share }}'
      {%- endfor %}
    end as decimal(10, 9)) as fixed_weight,
    -ln((coalesce(counted.advanced, 0) + 1e0) / (coalesce(counted.entered, 0) + 2e0)) as information
  from {{ journey_milestones() }} as milestone (name, number)
  left join counted on milestone.name = counted.milestone
)

select
  measured.milestone,
  cast(measured.milestone_number as integer) as milestone_number,
  horizon.from_on as counted_from,
  {{ add_days('horizon.until_on', -1) }} as counted_to,
  cast(measured.entered as bigint) as entered,
  cast(measured.advanced as bigint) as advanced,
  measured.fixed_weight,
  cast(round(measured.information / sum(measured.information) over (), 9) as decimal(10, 9)) as information_weight
from measured
cross join horizon
