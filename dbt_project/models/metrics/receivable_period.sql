-- Receivables as they stand at the end of each period, with the credit sales of the period and its days: what does not add
-- up from months. One row per cut, member and period in which there is anything. A running period ends on the day up to
-- which everything is reported; the first one begins with the first month that documents know.
-- Count back: going back from the closing day, the days whose credit sales make up what is open, and of the month in which
-- they reach it the share that is needed. Both sides of that quotient are kept; empty when all known sales do not reach it.
{%- set ages = ['not_due', 'overdue_1', 'overdue_2', 'overdue_3', 'overdue_4'] %}
{%- set dimensions = ['account_id', 'customer_segment', 'customer_region', 'ageing_bucket'] %}
{%- set cuts = {
  'total': [], 'account': ['account_id'], 'customer_segment': ['customer_segment'],
  'customer_region': ['customer_region'], 'ageing_bucket': ['ageing_bucket'],
  'account+ageing_bucket': ['account_id', 'ageing_bucket'],
} %}
with aged as (
  {%- for age in ages %}
  select
    account_id,
    '{{ ageing_buckets()[loop.index0] }}' as ageing_bucket,
    month,
    {{ age }} as open_amount,
    {{ '0' if age == 'not_due' else age }} as overdue_amount
  from {{ ref('receivable_month') }}
  where {{ age }} <> 0
  {{ 'union all' if not loop.last }}
  {%- endfor %}
),

active as (
  {%- for cut, columns in cuts.items() %}
  {%- set is_aged = 'ageing_bucket' in columns %}
  select
    '{{ cut }}' as cut,
    {{ columns | join(" || '|' || ") or "'all'" }} as member,
    {%- for dimension in dimensions %}
    {{ 'min(' ~ dimension ~ ')' if dimension in columns else 'cast(null as string)' }} as {{ dimension }},
    {%- endfor %}
    month,
    sum(case when open_amount <> 0 then 1 else 0 end) as open_account_count,
    {{ '0' if is_aged else 'sum(case when advance_amount <> 0 then 1 else 0 end)' }} as advance_account_count,
    {{ full_sum('open_amount') }} as open_amount,
    {{ full_sum('overdue_amount') }} as overdue_amount,
    {{ 'cast(null as decimal(18, 2))' if is_aged else full_sum('advance_amount') }} as advance_amount,
    {{ 'cast(null as decimal(18, 2))' if is_aged else full_sum('credit_sales') }} as credit_sales
  from {{ 'aged' if is_aged else ref('receivable_month') }}
  group by {{ (columns + ['month']) | join(', ') }}
  {{ 'union all' if not loop.last }}
  {%- endfor %}
),

member as (
  select
    cut,
    member,
    cut like '%ageing%' as is_aged,
    {%- for dimension in dimensions %}
    min({{ dimension }}) as {{ dimension }},
    {%- endfor %}
    min(month) as first_month
  from active
  group by cut, member
),

-- Quiet months too: sales go back through them.
monthly as (
  select
    member.cut,
    member.member,
    months.month,
    months.closing_on,
    coalesce(active.open_account_count, 0) as open_account_count,
    coalesce(active.advance_account_count, 0) as advance_account_count,
    case when active.month is null then 0 else active.open_amount end as open_amount,
    case when active.month is null then 0 else active.overdue_amount end as overdue_amount,
    -- advances and sales have no age
    case when active.month is null and not member.is_aged then 0 else active.advance_amount end as advance_amount,
    case when active.month is null and not member.is_aged then 0 else active.credit_sales end as credit_sales,
    sum(coalesce(active.credit_sales, 0)) over (
      partition by member.cut, member.member order by months.month rows unbounded preceding
    ) as sales_to_date
  from member
  inner join {{ ref('int_closing_month') }} as months on member.first_month <= months.month
  left join active
    on member.cut = active.cut and member.member = active.member and months.month = active.month
),

reached as (
  select
    closing.cut,
    closing.member,
    closing.month,
    max(earlier.month) as reached_month
  from monthly as closing
  inner join monthly as earlier
    on
      closing.cut = earlier.cut
      and closing.member = earlier.member
      and closing.month >= earlier.month
      and earlier.sales_to_date - earlier.credit_sales <= closing.sales_to_date - closing.open_amount
  where closing.open_amount > 0
  group by closing.cut, closing.member, closing.month
),

counted_back as (
  select
    reached.cut,
    reached.member,
    reached.month,
    case
      when reached.reached_month < reached.month
        then {{ days_between(month_after('reached.reached_month', 1), 'closing.closing_on') }} + 1
      else 0
    end * first_month.credit_sales
    + (closing.open_amount - closing.sales_to_date + first_month.sales_to_date)
    * ({{ days_between('first_month.month', 'first_month.closing_on') }} + 1) as countback_amount,
    first_month.credit_sales as countback_sales
  from reached
  inner join monthly as closing
    on reached.cut = closing.cut and reached.member = closing.member and reached.month = closing.month
  inner join monthly as first_month
    on
      reached.cut = first_month.cut
      and reached.member = first_month.member
      and reached.reached_month = first_month.month
),

period as (
  {%- for kind, start in {
    'month': 'month', 'quarter': fiscal_period_start('month', 3), 'half_year': fiscal_period_start('month', 6),
    'year': fiscal_period_start('month', 12), 'all': 'cast(null as date)',
  }.items() %}
  select
    cut,
    member,
    '{{ kind }}' as period_kind,
    {{ start }} as period_start,
    max(month) as month,
    {{ full_sum('credit_sales') }} as credit_sales
  from monthly
  group by cut, member, {{ start }}
  {{ 'union all' if not loop.last }}
  {%- endfor %}
),

known as (
  select min(month) as first_month
  from {{ ref('int_closing_month') }}
),

dated as (
  select
    period.*,
    monthly.closing_on,
    {{ days_between(
      'greatest(coalesce(period.period_start, known.first_month), known.first_month)', 'monthly.closing_on'
    ) }} + 1 as day_count,
    monthly.open_account_count,
    monthly.advance_account_count,
    monthly.open_amount,
    monthly.overdue_amount,
    monthly.advance_amount
  from period
  inner join monthly
    on period.cut = monthly.cut and period.member = monthly.member and period.month = monthly.month
  cross join known
)

select
  dated.cut,
  dated.period_kind,
  dated.period_start,
  {%- for dimension in dimensions %}
  member.{{ dimension }},
  {%- endfor %}
  dated.closing_on,
  cast(dated.day_count as bigint) as day_count,
  cast(dated.open_account_count as bigint) as open_account_count,
  cast(dated.advance_account_count as bigint) as advance_account_count,
  cast(dated.open_amount as decimal(18, 2)) as open_amount,
  cast(dated.overdue_amount as decimal(18, 2)) as overdue_amount,
  cast(dated.advance_amount as decimal(18, 2)) as advance_amount,
  cast(dated.credit_sales as decimal(18, 2)) as credit_sales,
  cast(case when not member.is_aged then dated.open_amount * dated.day_count end as decimal(28, 2)) as open_day_amount,
  -- no days can be told of a period that credits more than it sells
  cast(case when dated.credit_sales < 0 then 0 else dated.credit_sales end as decimal(18, 2)) as dso_sales,
  cast(counted_back.countback_amount as decimal(28, 2)) as countback_amount,
  cast(counted_back.countback_sales as decimal(18, 2)) as countback_sales
from dated
inner join member on dated.cut = member.cut and dated.member = member.member
left join counted_back
  on dated.cut = counted_back.cut and dated.member = counted_back.member and dated.month = counted_back.month
where dated.open_amount <> 0 or dated.advance_amount <> 0 or dated.credit_sales <> 0
