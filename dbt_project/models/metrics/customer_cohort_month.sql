-- What the customers won in a month earned by each month after: acquisition month × channel and campaign × months
-- since. A customer belongs to channels and campaigns by the weights of its first order (as in cac), and so does each
-- amount it brings, exactly: weights have 9 decimals and amounts 2, so the products have 11 and nothing is rounded.
-- What an account was billed or paid before its first net-positive order stands in month 0. The cohort's cost is what
-- was spent to win customers in that month; a month of spending that won nobody has its rows too.
{% set measures = {'contribution': 'contribution', 'net_invoiced': 'invoiced', 'collected': 'collected'} -%}
with member as (
  select
    weights.account_id,
    {{ month_start('weights.converted_on') }} as cohort_start,
    coalesce(weights.channel_id, 'unattributed') as channel_id,
    case
      when weights.channel_id is null and weights.campaign_id is null then 'unattributed'
      else coalesce(weights.campaign_id, 'unknown')
    end as campaign_id,
    weights.weight
  from {{ ref('new_customer_weight') }} as weights
  inner join {{ ref('int_as_of') }} as as_of on weights.converted_on <= as_of.as_of_on
  where weights.is_default_model
),

posted as (
  select
    {%- for name, measure in measures.items() %}
    sum(case when postings.measure = '{{ measure }}' then postings.amount else 0 end) as {{ name }},
    {%- endfor %}
    postings.account_id,
    {{ month_start('postings.posted_on') }} as month
  from {{ ref('order_measure') }} as postings
  inner join {{ ref('int_as_of') }} as as_of on postings.posted_on <= as_of.as_of_on
  where postings.account_id is not null
  group by postings.account_id, {{ month_start('postings.posted_on') }}
),

earned as (
  select
    {%- for name in measures %}
    sum(posted.{{ name }} * member.weight) as {{ name }},
    {%- endfor %}
    member.cohort_start,
    member.channel_id,
    member.campaign_id,
    greatest(0, {{ months_between('member.cohort_start', 'posted.month') }}) as months_since
  from member
  inner join posted on member.account_id = posted.account_id
  group by
    member.cohort_start, member.channel_id, member.campaign_id,
    greatest(0, {{ months_between('member.cohort_start', 'posted.month') }})
),

won as (
  select
    cohort_start,
    channel_id,
    campaign_id,
    sum(weight) as customers
  from member
  group by cohort_start, channel_id, campaign_id
),

spent as (
  select
    {{ month_start('costs.allocated_on') }} as cohort_start,
    coalesce(costs.channel_id, 'unknown') as channel_id,
    coalesce(costs.campaign_id, 'unknown') as campaign_id,
    sum(costs.amount) as cohort_cost
  from {{ ref('cost_allocation') }} as costs
  inner join {{ ref('int_as_of') }} as as_of on costs.allocated_on <= as_of.as_of_on
  where costs.basis = 'direct' and costs.is_acquisition
  group by
    {{ month_start('costs.allocated_on') }}, coalesce(costs.channel_id, 'unknown'),
    coalesce(costs.campaign_id, 'unknown')
),

cohort as (
  select
    cohort_start,
    channel_id,
    campaign_id
  from won
  union
  select
    cohort_start,
    channel_id,
    campaign_id
  from spent
),

aged as (
  select
    cohort.cohort_start,
    cohort.channel_id,
    cohort.campaign_id,
    months.n as months_since,
    {{ month_after('cohort.cohort_start', 'months.n') }} as month,
    {{ month_end(month_after('cohort.cohort_start', 'months.n')) }} <= as_of.as_of_on as is_complete
  from cohort
  cross join {{ ref('int_as_of') }} as as_of
  inner join {{ number_series(1200) }} as months
    on months.n <= {{ months_between('cohort.cohort_start', 'as_of.as_of_on') }}
),

filled as (
  select
    {%- for name in measures %}
    coalesce(earned.{{ name }}, 0) as {{ name }},
    {%- endfor %}
    aged.*,
    coalesce(won.customers, 0) as customers,
    coalesce(spent.cohort_cost, 0) as cohort_cost
  from aged
  left join won
    on
      aged.cohort_start = won.cohort_start
      and aged.channel_id = won.channel_id
      and aged.campaign_id = won.campaign_id
  left join spent
    on
      aged.cohort_start = spent.cohort_start
      and aged.channel_id = spent.channel_id
      and aged.campaign_id = spent.campaign_id
  left join earned
    on
      aged.cohort_start = earned.cohort_start
      and aged.channel_id = earned.channel_id
      and aged.campaign_id = earned.campaign_id
      and aged.months_since = earned.months_since
)

select
  {%- for name in measures %}
  cast({{ name }} as decimal(28, 11)) as {{ name }},
  cast(
    sum({{ name }}) over (
      partition by cohort_start, channel_id, campaign_id
      order by months_since
    ) as decimal(28, 11)
  ) as cumulative_{{ name }},
  {%- endfor %}
  cohort_start,
  channel_id,
  campaign_id,
  months_since,
  month,
  is_complete,
  cast(customers as decimal(18, 9)) as customers,
  cast(cohort_cost as decimal(18, 2)) as cohort_cost
from filled
