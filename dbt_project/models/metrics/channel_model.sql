-- What each attribution model gives each channel and each campaign, side by side: credit, share, rank and return of every
-- measure, and of orders and new customers themselves. A sum reads one `cut`, one `period_kind`, one `model` and one
-- `measure`; over the members it is all that was booked (invoiced, …) up to the as-of date. A member has a row in every
-- model, also where it earned nothing, and where it only cost. Quarters and longer: a month has too few orders to compare.
{% set cuts = {'channel': 'channel_member', 'campaign': 'campaign_member'} -%}
{%- set kinds = ['quarter', 'half_year', 'year', 'all'] -%}
with model as (
  select listed.name
  from {{ attribution_models() }} as listed (name)
),

touched as (
  select distinct
    order_id,
    model
  from {{ ref('attribution_weight') }}
),

credited as (
  select
    credit.model,
    credit.measure,
    {{ credited_member('credit', 'channel') }} as channel_member,
    {{ credited_member('credit', 'campaign') }} as campaign_member,
    credit.posted_on as happened_on,
    credit.order_id as unit_id,
    credit.amount
  from {{ ref('attribution_credit') }} as credit
  where credit.measure in ('booked', 'invoiced', 'collected', 'contribution')
  union all
  select
    weight.model,
    'orders' as measure,
    {{ channel_member('weight') }} as channel_member,
    {{ campaign_member('weight') }} as campaign_member,
    conversion.converted_on as happened_on,
    weight.order_id as unit_id,
    weight.weight as amount
  from {{ ref('attribution_weight') }} as weight
  inner join {{ ref('conversion') }} as conversion on weight.order_id = conversion.order_id
  where weight.weight <> 0
  union all
  select
    model.name as model,
    'orders' as measure,
    'unattributed' as channel_member,
    'unattributed' as campaign_member,
    conversion.converted_on as happened_on,
    conversion.order_id as unit_id,
    1 as amount
  from {{ ref('conversion') }} as conversion
  cross join model
  left join touched on conversion.order_id = touched.order_id and model.name = touched.model
  where touched.order_id is null
  union all
  select
    won.model,
    'new_customers' as measure,
    case when touched.order_id is null then 'unattributed' else {{ channel_member('won') }} end as channel_member,
    case when touched.order_id is null then 'unattributed' else {{ campaign_member('won') }} end as campaign_member,
    won.converted_on as happened_on,
    won.account_id as unit_id,
    won.weight as amount
  from {{ ref('new_customer_weight') }} as won
  left join touched on won.order_id = touched.order_id and won.model = touched.model
),

counted as (
  {%- for cut, member in cuts.items() %}{% set outer = loop %}{% for kind in kinds %}
  {{ 'union all' if not (outer.first and loop.first) }}
  select
    '{{ cut }}' as cut,
    '{{ kind }}' as period_kind,
    {{ period_start_of('credited.happened_on', kind) }} as period_start,
    credited.{{ member }} as member_id,
    credited.model,
    credited.measure,
    sum(credited.amount) as credit,
    count(distinct credited.unit_id) as units
  from credited
  inner join {{ ref('int_as_of') }} as as_of on credited.happened_on <= as_of.as_of_on
  group by
    credited.{{ member }},
    credited.model,
    credited.measure
    {{- period_grouping('credited.happened_on', kind) }}
  {%- endfor %}{% endfor %}
),

billed as (
  select
    {{ channel_member('cost') }} as channel_member,
    {{ campaign_member('cost') }} as campaign_member,
    cost.allocated_on,
    cost.amount
  from {{ ref('cost_allocation') }} as cost
  where cost.basis = 'direct'
),

spent as (
  {%- for cut, member in cuts.items() %}{% set outer = loop %}{% for kind in kinds %}
  {{ 'union all' if not (outer.first and loop.first) }}
  select
    '{{ cut }}' as cut,
    '{{ kind }}' as period_kind,
    {{ period_start_of('billed.allocated_on', kind) }} as period_start,
    billed.{{ member }} as member_id,
    sum(billed.amount) as cost
  from billed
  inner join {{ ref('int_as_of') }} as as_of on billed.allocated_on <= as_of.as_of_on
  group by
    billed.{{ member }}
    {{- period_grouping('billed.allocated_on', kind) }}
  {%- endfor %}{% endfor %}
),

member as (
  select
    cut,
    period_kind,
    period_start,
    member_id
  from counted
  union distinct
  select
    cut,
    period_kind,
    period_start,
    member_id
  from spent
),

cell as (
  select
    member.cut,
    member.period_kind,
    member.period_start,
    member.member_id,
    model.name as model,
    measure.name as measure,
    coalesce(counted.credit, 0) as credit,
    coalesce(counted.units, 0) as units,
    coalesce(spent.cost, 0) as cost,
    case when member.member_id <> 'unattributed' then coalesce(counted.credit, 0) end as earned
  from member
  cross join model
  cross join
    (values ('booked'), ('invoiced'), ('collected'), ('contribution'), ('orders'), ('new_customers')) as measure (name)
  left join counted
    on
      member.cut = counted.cut
      and member.period_kind = counted.period_kind
      and member.period_start is not distinct from counted.period_start
      and member.member_id = counted.member_id
      and model.name = counted.model
      and measure.name = counted.measure
  left join spent
    on
      member.cut = spent.cut
      and member.period_kind = spent.period_kind
      and member.period_start is not distinct from spent.period_start
      and member.member_id = spent.member_id
),

placed as (
  select
    *,
    sum(credit) over of_model as whole,
    sum(earned) over of_model as earned_whole,
    rank() over (
      partition by cut, period_kind, period_start, measure, model, earned is null order by credit desc
    ) as member_rank
  from cell
  window of_model as (partition by cut, period_kind, period_start, measure, model)
),

-- Shares of conversions by the data-driven models with their intervals; they are measured over all time.
effect as (
  select
    level,
    member_id,
    case when model = 'shapley' then model else 'markov' end as model,
    share,
    share_low,
    share_high,
    is_reliable,
    coalesce(lead(share_high) over by_share >= share_low, false)
    or coalesce(lag(share_low) over by_share <= share_high, false) as is_overlapping
  from {{ source('data_driven', 'channel_effect') }}
  window by_share as (partition by level, model order by share desc, member_id asc)
),

told as (
  select
    placed.*,
    effect.share as effect_share,
    effect.share_low as effect_share_low,
    effect.share_high as effect_share_high,
    effect.is_overlapping as is_effect_overlapping,
    placed.units < {{ var('scorecard_least_orders') | int }} as is_small_sample,
    case
      when not effect.is_reliable then 'model_unreliable'
      when placed.units < {{ var('scorecard_least_orders') | int }} then 'few_orders'
      when effect.is_overlapping then 'interval_overlaps'
    end as warning
  from placed
  left join effect
    on
      placed.cut = effect.level
      and placed.period_kind = 'all'
      and placed.member_id = effect.member_id
      and placed.model = effect.model
)

select
  told.cut || '|' || told.period_kind || '|' || coalesce(cast(told.period_start as string), '') || '|' || told.member_id
  || '|' || told.model || '|' || told.measure as channel_model_id,
  told.cut,
  told.period_kind,
  told.period_start,
  told.member_id,
  coalesce(campaign.name, channel.name) as name,
  told.model,
  told.measure,
  cast(told.credit as decimal(28, 9)) as credit,
  {{ fine_ratio('told.credit', 'case when told.whole > 0 then told.whole end') }} as share,
  {{ fine_ratio('told.earned', 'case when told.earned_whole > 0 then told.earned_whole end') }} as share_of_attributed,
  cast(case when told.earned is not null then told.member_rank end as bigint) as member_rank,
  cast(told.cost as decimal(18, 2)) as cost,
  {{ long_ratio("case when told.measure = 'contribution' then told.credit - told.cost end", 'told.cost') }} as roi,
  {{ long_ratio("case when told.measure not in ('orders', 'new_customers') then told.credit end", 'told.cost') }}
    as credit_per_cost,
  -- what a billionth of an order costs says nothing
  {{ fine_ratio(
    'told.cost',
    "case when told.measure in ('orders', 'new_customers') and told.credit >= 0.01 then told.credit end", 28
  ) }} as cost_per_credit,
  cast(told.units as bigint) as units,
  told.effect_share,
  told.effect_share_low,
  told.effect_share_high,
  told.is_effect_overlapping,
  told.is_small_sample,
  told.warning,
  {{ warning_text('told.warning', 'en') }} as warning_en,
  {{ warning_text('told.warning', 'zh') }} as warning_zh
from told
left join {{ ref('dim_channel') }} as channel
  on told.member_id = channel.channel_id or told.member_id = 'channel:' || channel.channel_id
left join {{ ref('dim_campaign') }} as campaign on told.cut = 'campaign' and told.member_id = campaign.campaign_id
