-- One row per stage event, in the history of its surviving lead or its opportunity.
-- A stay in a stage begins with an entry and ends with the next entry of another stage. An event is no entry but a repeat
-- (is_entry = false) when one of two leads that were merged tells again, the first time it says so itself, what the other
-- had told before, or when it names the stage that the history is in already. A real return to an earlier stage is an
-- entry that is not the first.
{% set history = 'entered_at, source_file, source_row, stage_event_id' -%}
with placed as (
  select
    events.*,
    case
      when events.subject_kind = 'lead' then coalesce(people.surviving_lead_id, events.subject_id)
      else events.subject_id
    end as surviving_id
  from {{ ref('stg_stage_event') }} as events
  left join {{ ref('int_lead_person') }} as people
    on events.subject_kind = 'lead' and events.subject_id = people.lead_id
),

numbered as (
  select
    *,
    row_number() over (partition by subject_kind, surviving_id order by {{ history }}) as sequence,
    row_number() over (partition by subject_kind, surviving_id, stage order by {{ history }}) as stage_number,
    row_number() over (partition by subject_kind, subject_id, stage order by {{ history }}) as own_stage_number
  from placed
),

told as (
  select
    *,
    own_stage_number = 1 and stage_number > 1 as is_retold
  from numbered
),

followed as (
  select
    *,
    lag(stage) over (partition by subject_kind, surviving_id, is_retold order by sequence) as stage_before
  from told
),

judged as (
  select
    *,
    not is_retold and (stage_before is null or stage_before <> stage) as is_entry,
    {{ to_business_date('entered_at') }} as entered_on
  from followed
),

stayed as (
  select
    *,
    lead(entered_at) over (partition by subject_kind, surviving_id, is_entry order by sequence) as next_entered_at,
    lead(stage) over (partition by subject_kind, surviving_id, is_entry order by sequence) as stage_after
  from judged
)

select
  stayed.stage_event_id,
  stayed.subject_kind,
  stayed.surviving_id as subject_id,
  coalesce(leads.account_id, opportunities.account_id) as account_id,
  stayed.stage,
  stayed.entered_at,
  stayed.entered_on,
  case when stayed.is_entry then stayed.next_entered_at end as left_at,
  case when stayed.is_entry then stayed.stage_after end as next_stage,
  case
    when stayed.is_entry
      then {{ days_between('stayed.entered_on', to_business_date('stayed.next_entered_at')) }}
  end as days_in_stage,
  stayed.sequence,
  stayed.is_entry,
  stayed.stage_number = 1 as is_first_entry,
  coalesce(leads.is_valid, opportunities.opportunity_id is not null) as is_valid,
  case
    when leads.lead_id is null and opportunities.opportunity_id is null then 'unknown_subject'
    else leads.exclusion_reason
  end as exclusion_reason,
  {{ lineage('stayed') }}
from stayed
left join {{ ref('int_lead') }} as leads on stayed.subject_kind = 'lead' and stayed.surviving_id = leads.lead_id
left join {{ ref('int_opportunity') }} as opportunities
  on stayed.subject_kind = 'opportunity' and stayed.surviving_id = opportunities.opportunity_id
