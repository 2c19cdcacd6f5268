{{ config(**built_by_group("ref('journey_input')", ['account_id'])) }}
-- The milestones of each order's way through the funnel and the touch each was reached with. A milestone is reached at
-- the latest when a later one is, so a record that came late or out of order is moved to that moment and a qualification
-- nobody recorded is inferred; a document that does not exist is missing, never invented. What is entered again counts
-- the first time.
with changed as (
  {{ changed_groups(ref('journey_input'), ['account_id']) }}
),

listed as (
  select
    milestone.*,
    changed.input_hash
  from {{ ref('order_milestone') }} as milestone
  inner join changed on milestone.account_id = changed.account_id
),

entered as (
  select
    *,
    case
      when document_id is not null
        then min(recorded_at) over (
            partition by order_id order by milestone_number desc rows between unbounded preceding and current row
          )
    end as entered_at,
    case
      when document_id is not null
        then min(recorded_on) over (
            partition by order_id order by milestone_number desc rows between unbounded preceding and current row
          )
    end as entered_on
  from listed
),

-- The latest touch of the journey that had happened by then.
reached as (
  select
    entered.order_id,
    entered.milestone,
    max(touch.touch_position) as touch_position
  from entered
  inner join {{ ref('journey_touch') }} as touch
    on
      entered.order_id = touch.order_id
      and touch.is_in_journey
      and {{ happened_by('touch', 'entered.entered_at', 'entered.entered_on') }}
  group by entered.order_id, entered.milestone
)

select
  entered.order_id,
  entered.account_id,
  entered.milestone,
  entered.milestone_number,
  entered.document_id,
  entered.recorded_at,
  entered.entered_at,
  entered.entered_on,
  entered.document_id is null as is_missing,
  entered.document_id is not null and (entered.recorded_at is null or entered.recorded_at > entered.entered_at)
    as is_inferred,
  touch.touch_id,
  reached.touch_position,
  entered.input_hash
from entered
left join reached on entered.order_id = reached.order_id and entered.milestone = reached.milestone
left join {{ ref('journey_touch') }} as touch
  on reached.order_id = touch.order_id and reached.touch_position = touch.touch_position
