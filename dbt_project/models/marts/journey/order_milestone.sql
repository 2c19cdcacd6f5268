{{ config(materialized="view") }}
-- The milestones of each order's way through the funnel as the documents have them: the lead, its qualification, the
-- opportunity, its first quote, the order itself.
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
offered as (
  {%- for document in ['opportunity_id', 'quote_id'] %}
  {{ 'union all' if not loop.first }}
  select
    orders.order_id,
    quotes.quote_id,
    quotes.quoted_at,
    quotes.quoted_on
  from orders
  inner join {{ ref('quote_facts') }} as quotes on orders.{{ document }} = quotes.{{ document }}
  {%- endfor %}
),

quoted as (
  select
    *,
    row_number() over (partition by order_id order by quoted_at, quote_id) as sequence
  from offered
  where quoted_at is not null
)

select
  orders.order_id,
  orders.account_id,
  orders.converted_at,
  orders.converted_on,
  milestone.name as milestone,
  cast(milestone.number as integer) as milestone_number,
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
