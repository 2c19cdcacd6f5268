-- The milestones of each order's way through the funnel and the touch each was reached with: the lead, its
-- qualification, the opportunity, its first quote, the order itself. A milestone is reached at the latest when a later
-- one is, so a record that came late or out of order is moved to that moment and a qualification nobody recorded is
-- inferred; a document that does not exist is missing, never invented. What is entered again counts the first time.
with orders as (
  select
    conversion.order_id,
    conversion.account_id,
    conversion.converted_at,
    conversion.converted_on,
    facts.lead_id,
    facts.opportunity_id,
    facts.quote_id
  from {{ ref('conversion') }} as conversion
  inner join {{ ref('order_facts') }} as facts on conversion.order_id = facts.order_id
  where conversion.account_id is not null and conversion.converted_at is not null
),

-- The first quote of the opportunity; of an order without one, the quote it names.
quoted as (
  select
    orders.order_id,
    quotes.quote_id,
    quotes.quoted_at,
    quotes.quoted_on,
    row_number() over (partition by orders.order_id order by quotes.quoted_at, quotes.quote_id) as sequence
  from orders
  inner join {{ ref('quote_facts') }} as quotes
    on orders.opportunity_id = quotes.opportunity_id or orders.quote_id = quotes.quote_id
  where quotes.quoted_at is not null
),

listed as (
  select
    orders.order_id,
    orders.account_id,
    orders.converted_at,
    orders.converted_on,
    milestone.name as milestone,
    milestone.number as milestone_number,
    case milestone.name
      when 'lead' then leads.lead_id
      when 'qualification' then leads.lead_id
      when 'opportunity' then opportunities.opportunity_id
      when 'quote' then quoted.quote_id
      else orders.order_id
    end as document_id,
    case milestone.name
      when 'lead' then leads.created_at
      when 'qualification' then {{ earlier_of('leads.mql_at', 'leads.sql_at') }}
      when 'opportunity' then opportunities.created_at
      when 'quote' then quoted.quoted_at
      else orders.converted_at
    end as recorded_at,
    case milestone.name
      when 'lead' then leads.created_on
      when 'qualification' then {{ earlier_of('leads.mql_on', 'leads.sql_on') }}
      when 'opportunity' then opportunities.created_on
      when 'quote' then quoted.quoted_on
      else orders.converted_on
    end as recorded_on
  from orders
  cross join {{ journey_milestones() }} as milestone (name, number)
  left join {{ ref('int_lead') }} as leads on orders.lead_id = leads.lead_id
  left join {{ ref('int_opportunity') }} as opportunities on orders.opportunity_id = opportunities.opportunity_id
  left join quoted on orders.order_id = quoted.order_id and quoted.sequence = 1
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
  cast(entered.milestone_number as integer) as milestone_number,
  entered.document_id,
  entered.recorded_at,
  entered.entered_at,
  entered.entered_on,
  entered.document_id is null as is_missing,
  entered.document_id is not null and (entered.recorded_at is null or entered.recorded_at > entered.entered_at)
    as is_inferred,
  touch.touch_id,
  reached.touch_position
from entered
left join reached on entered.order_id = reached.order_id and entered.milestone = reached.milestone
left join {{ ref('journey_touch') }} as touch
  on reached.order_id = touch.order_id and reached.touch_position = touch.touch_position
