-- One row per journey and level (channel group, channel, campaign) for the path explorer: its path with repeats in a row
-- told once, when it ended, and what its order was worth. An order without a touch has the path `no_touch`. A null path
-- ended with its last touch and was worth nothing.
{% set measures = ['booked', 'invoiced', 'collected', 'contribution'] -%}
with touch as (
  select
    path.journey_id,
    path.touch_position,
    path.channel_member as channel,
    path.campaign_member as campaign,
    coalesce(channel.channel_group, 'unknown') as channel_group
  from {{ ref('path_touch') }} as path
  left join {{ ref('dim_channel') }} as channel on path.channel_member = channel.channel_id
),

step as (
  {%- for level in ['channel_group', 'channel', 'campaign'] %}
  {{ 'union all' if not loop.first }}
  select
    '{{ level }}' as level,
    journey_id,
    touch_position,
    {{ level }} as member,
    lag({{ level }}) over (partition by journey_id order by touch_position) as member_before
  from touch
  {%- endfor %}
),

path as (
  select
    level,
    journey_id,
    count(*) as steps,
    {{ joined_in_order('member', 'touch_position', ' > ') }} as path,
    min(case when touch_position = 1 then member end) as first_member,
    max(case when touch_position = last_position then member end) as last_member
  from (
    select
      level,
      journey_id,
      touch_position,
      member,
      max(touch_position) over (partition by level, journey_id) as last_position
    from step
    where member_before is null or member_before <> member
  ) as told
  group by level, journey_id
),

money as (
  select
    {%- for measure in measures %}
    sum(case when posting.measure = '{{ measure }}' then posting.amount else 0 end) as {{ measure }},
    {%- endfor %}
    posting.order_id
  from {{ ref('order_measure') }} as posting
  inner join {{ ref('int_as_of') }} as as_of on posting.posted_on <= as_of.as_of_on
  group by posting.order_id
),

level as (
  select listed.name
  from (values ('channel_group'), ('channel'), ('campaign')) as listed (name)
)

select
  {%- for measure in measures %}
  cast(coalesce(money.{{ measure }}, 0) as decimal(18, 2)) as {{ measure }},
  {%- endfor %}
  level.name as level,
  journey.journey_id,
  journey.order_id,
  journey.is_converted,
  coalesce(path.path, 'no_touch') as path,
  cast(coalesce(path.steps, 0) as bigint) as steps,
  journey.touch_count,
  coalesce(path.first_member, 'no_touch') as first_member,
  coalesce(path.last_member, 'no_touch') as last_member,
  coalesce(journey.converted_on, journey.last_touch_on) as ended_on,
  journey.days_to_convert,
  coalesce(orders.is_first_order, false) as is_first_order
from {{ ref('journey_path') }} as journey
cross join level
left join path on journey.journey_id = path.journey_id and level.name = path.level
left join money on journey.order_id = money.order_id
left join {{ ref('order_facts') }} as orders on journey.order_id = orders.order_id
inner join {{ ref('int_as_of') }} as as_of
  on coalesce(journey.converted_on, journey.last_touch_on) <= as_of.as_of_on
