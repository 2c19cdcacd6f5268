-- One row per valid lead or opportunity and stage it entered, up to the as-of date: when, how long it stayed, whether it
-- moved on, whether it was lost there.
with subject as (
  select
    'lead' as subject_kind,
    leads.lead_id as subject_id,
    leads.account_id,
    leads.salesperson_id,
    leads.origin_channel_id,
    leads.origin_campaign_id,
    coalesce(leads.first_opportunity_on <= as_of.as_of_on, false) as is_won,
    coalesce(leads.status = 'lost', false) and not coalesce(leads.first_opportunity_on <= as_of.as_of_on, false)
      as is_lost,
    case when leads.first_opportunity_on <= as_of.as_of_on then leads.first_opportunity_on end as closed_on
  from {{ ref('lead_facts') }} as leads
  cross join {{ ref('int_as_of') }} as as_of
  where leads.is_valid
  union all
  select
    'opportunity' as subject_kind,
    opportunities.opportunity_id as subject_id,
    opportunities.account_id,
    opportunities.salesperson_id,
    opportunities.origin_channel_id,
    opportunities.origin_campaign_id,
    opportunities.is_won and coalesce(opportunities.closed_on <= as_of.as_of_on, true) as is_won,
    opportunities.is_lost and coalesce(opportunities.closed_on <= as_of.as_of_on, true) as is_lost,
    case when opportunities.closed_on <= as_of.as_of_on then opportunities.closed_on end as closed_on
  from {{ ref('opportunity_facts') }} as opportunities
  cross join {{ ref('int_as_of') }} as as_of
),

-- what a subject entered, and how far in the funnel it had come by then
entry as (
  select
    events.stage_event_id,
    events.subject_kind,
    events.subject_id,
    events.sequence,
    events.entered_on,
    stages.funnel_stage_id,
    stages.stage,
    stages.position,
    stages.is_configured,
    stages.is_closing,
    stages.means,
    case when {{ to_business_date('events.left_at') }} <= as_of.as_of_on then events.days_in_stage end as days_in_stage,
    coalesce(
      stages.position,
      max(case when not stages.is_closing then stages.position end) over (
        partition by events.subject_kind, events.subject_id
        order by events.sequence
        rows between unbounded preceding and 1 preceding
      ),
      0
    ) as place,
    max(case when not stages.is_closing then events.sequence end) over (
      partition by events.subject_kind, events.subject_id
    ) as last_open_sequence
  from {{ ref('stage_event_facts') }} as events
  inner join {{ ref('dim_funnel_stage') }} as stages
    on events.subject_kind = stages.subject_kind and lower(events.stage) = stages.stage
  inner join {{ ref('int_as_of') }} as as_of on events.entered_on <= as_of.as_of_on
  where events.is_entry and events.is_valid
),

-- the stay that nothing in the history ends is ended by the closing of its subject
stayed as (
  select
    entry.*,
    case
      when entry.is_closing then null
      when entry.days_in_stage is not null then entry.days_in_stage
      when entry.sequence = entry.last_open_sequence and (subject.is_won or subject.is_lost)
        and subject.closed_on >= entry.entered_on
        then {{ days_between('entry.entered_on', 'subject.closed_on') }}
    end as days_stayed,
    row_number() over (
      partition by entry.subject_kind, entry.subject_id, entry.funnel_stage_id order by entry.sequence
    ) as visit
  from entry
  inner join subject on entry.subject_kind = subject.subject_kind and entry.subject_id = subject.subject_id
),

summed as (
  select
    subject_kind,
    subject_id,
    funnel_stage_id,
    count(*) as visit_count,
    max(case when sequence = last_open_sequence then 1 else 0 end) = 1 as is_last,
    case when count(days_stayed) = count(*) then sum(days_stayed) end as days_in_stage
  from stayed
  group by subject_kind, subject_id, funnel_stage_id
),

-- the first stage further on that it entered afterwards, however many it skipped
onward as (
  select
    first_visit.stage_event_id,
    later.funnel_stage_id as next_stage_id,
    row_number() over (partition by first_visit.stage_event_id order by later.sequence) as preference
  from stayed as first_visit
  inner join entry as later
    on first_visit.subject_kind = later.subject_kind
      and first_visit.subject_id = later.subject_id
      and first_visit.sequence < later.sequence
      and first_visit.place < later.position
  where first_visit.visit = 1 and not first_visit.is_closing and coalesce(later.means, '') <> 'lost'
)

select
  stayed.stage_event_id,
  stayed.subject_kind,
  stayed.subject_id,
  stayed.funnel_stage_id,
  stayed.stage,
  stayed.position,
  stayed.is_configured,
  stayed.is_closing,
  subject.account_id,
  subject.salesperson_id,
  people.team as sales_team,
  subject.origin_channel_id,
  subject.origin_campaign_id,
  stayed.entered_on,
  summed.visit_count,
  cast(summed.days_in_stage as bigint) as days_in_stage,
  onward.next_stage_id,
  not stayed.is_closing and (onward.next_stage_id is not null or subject.is_won) as has_advanced,
  summed.is_last and subject.is_lost as is_lost_here,
  summed.is_last and not subject.is_won and not subject.is_lost as is_still_here,
  {{ lineage('events') }}
from stayed
inner join subject on stayed.subject_kind = subject.subject_kind and stayed.subject_id = subject.subject_id
inner join summed
  on stayed.subject_kind = summed.subject_kind
    and stayed.subject_id = summed.subject_id
    and stayed.funnel_stage_id = summed.funnel_stage_id
inner join {{ ref('stage_event_facts') }} as events on stayed.stage_event_id = events.stage_event_id
left join onward on stayed.stage_event_id = onward.stage_event_id and onward.preference = 1
left join {{ ref('dim_salesperson') }} as people on subject.salesperson_id = people.salesperson_id
where stayed.visit = 1
