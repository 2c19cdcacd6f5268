-- How long it takes until the customers won in a period have earned back what it cost to win them, by months since each
-- was won. Cohorts of a period count together: one that is younger than a month of the curve counts with what it has
-- earned so far. Only where something was spent: what cost nothing pays nothing back. Contribution on collected cash is
-- the cumulative contribution × the collected share of what was invoiced.
{% set cuts = {'total': none, 'channel': 'channel_id', 'campaign': 'campaign_id'} -%}
{%- set kinds = ['month', 'quarter', 'half_year', 'year', 'all'] -%}
{%- set sums = ['contribution', 'net_invoiced', 'collected'] -%}
with flow as (
  {%- for cut, column in cuts.items() %}{% set outer = loop %}{% for kind in kinds %}
  {{ 'union all' if not (outer.first and loop.first) }}
  select
    {%- for each in cuts.values() if each %}
    {{ each if each == column else 'cast(null as string)' }} as {{ each }},
    {%- endfor %}
    {%- for name in sums %}
    sum({{ name }}) as {{ name }},
    {%- endfor %}
    '{{ cut }}' as cut,
    '{{ kind }}' as period_kind,
    {{ period_start_of('cohort_start', kind) }} as period_start,
    months_since,
    sum(case when months_since = 0 then customers else 0 end) as customers,
    sum(case when months_since = 0 then cohort_cost else 0 end) as cohort_cost
  from {{ ref('customer_cohort_month') }}
  group by
    months_since
    {{- ', ' ~ period_start_of('cohort_start', kind) if kind != 'all' }}
    {{- ', ' ~ column if column }}
  {%- endfor %}{% endfor %}
),

curve as (
  select
    {%- for name in ['customers', 'cohort_cost'] + sums %}
    sum({{ name }}) over (
      partition by cut, period_kind, period_start, channel_id, campaign_id
      order by months_since
    ) as {{ name }},
    {%- endfor %}
    cut,
    period_kind,
    period_start,
    channel_id,
    campaign_id,
    months_since
  from flow
),

valued as (
  select
    *,
    {{ proportion('contribution', 'collected', 'net_invoiced') }} as contribution_collected,
    row_number() over (
      partition by cut, period_kind, period_start, channel_id, campaign_id
      order by months_since desc
    ) as from_last
  from curve
),

reached as (
  select
    cut,
    period_kind,
    period_start,
    channel_id,
    campaign_id,
    max(case when from_last = 1 then customers end) as customers,
    max(cohort_cost) as cohort_cost,
    max(case when from_last = 1 then contribution end) as contribution,
    max(case when from_last = 1 then contribution_collected end) as contribution_collected,
    min(case when contribution >= cohort_cost then months_since end) as payback_months,
    min(case when contribution_collected >= cohort_cost then months_since end) as payback_months_collected
  from valued
  group by cut, period_kind, period_start, channel_id, campaign_id
)

select
  cut,
  period_kind,
  period_start,
  channel_id,
  campaign_id,
  cast(customers as decimal(18, 9)) as customers,
  cast(cohort_cost as decimal(18, 2)) as cohort_cost,
  cast(contribution as decimal(28, 11)) as contribution,
  cast(contribution_collected as decimal(18, 2)) as contribution_collected,
  payback_months,
  payback_months_collected,
  cast(case when payback_months is null then cohort_cost - contribution else 0 end as decimal(28, 11)) as shortfall,
  cast(
    case when payback_months_collected is null then cohort_cost - coalesce(contribution_collected, 0) else 0 end
    as decimal(18, 2)
  ) as shortfall_collected
from reached
where cohort_cost > 0
