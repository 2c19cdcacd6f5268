-- One row per opportunity won or lost by the as-of date, with what happened to it until it was closed: interactions by
-- kind, how soon somebody answered, how soon it was quoted, at which discount.
with deal as (
  select deals.*
  from {{ ref('opportunity_facts') }} as deals
  cross join {{ ref('int_as_of') }} as as_of
  where (deals.is_won or deals.is_lost) and deals.closed_on <= as_of.as_of_on
),

touched as (
  select
    deal.opportunity_id,
    {%- for kind, _, _ in interaction_kinds() %}
    sum(case when interactions.kind = '{{ kind }}' then 1 else 0 end) as {{ kind }}_count,
    {%- endfor %}
    count(*) as interaction_count
  from deal
  inner join {{ ref('interaction_facts') }} as interactions
    on deal.opportunity_id = interactions.opportunity_id and deal.closed_on >= interactions.occurred_on
  group by deal.opportunity_id
),

-- the first time that anybody spoke with the lead after it came; without a lead, with the opportunity after it was opened
answer as (
  select
    deal.opportunity_id,
    interactions.occurred_on
  from deal
  inner join {{ ref('interaction_facts') }} as interactions
    on deal.lead_id = interactions.lead_id
      and interactions.occurred_on between deal.lead_created_on and deal.closed_on
  union all
  select
    deal.opportunity_id,
    interactions.occurred_on
  from deal
  inner join {{ ref('interaction_facts') }} as interactions
    on deal.opportunity_id = interactions.opportunity_id
      and interactions.occurred_on between deal.created_on and deal.closed_on
  where deal.lead_id is null
),

answered as (
  select
    opportunity_id,
    min(occurred_on) as answered_on
  from answer
  group by opportunity_id
),

quote as (
  select
    deal.opportunity_id,
    quotes.quoted_on,
    quotes.discount,
    row_number() over (
      partition by deal.opportunity_id
      order by quotes.quoted_at desc, coalesce(quotes.version, -1) desc, quotes.quote_id desc
    ) as recency
  from deal
  inner join {{ ref('quote_facts') }} as quotes
    on deal.opportunity_id = quotes.opportunity_id and deal.closed_on >= quotes.quoted_on
),

quoted as (
  select
    opportunity_id,
    count(*) as quote_count,
    min(quoted_on) as first_quoted_on,
    max(case when recency = 1 then discount end) as discount
  from quote
  group by opportunity_id
)

select
  deal.opportunity_id,
  deal.account_id,
  deal.salesperson_id,
  deal.sales_team,
  deal.created_on,
  deal.closed_on,
  deal.is_won,
  deal.amount_functional,
  deal.days_to_close,
  cast(coalesce(touched.interaction_count, 0) as bigint) as interaction_count,
  {%- for kind, _, _ in interaction_kinds() %}
  cast(coalesce(touched.{{ kind }}_count, 0) as bigint) as {{ kind }}_count,
  {%- endfor %}
  {{ days_between('coalesce(deal.lead_created_on, deal.created_on)', 'answered.answered_on') }} as days_to_response,
  quoted.opportunity_id is not null as is_quoted,
  cast(coalesce(quoted.quote_count, 0) as bigint) as quote_count,
  {{ days_between('deal.created_on', 'quoted.first_quoted_on') }} as days_to_first_quote,
  cast(quoted.discount as decimal(18, 8)) as discount,
  {{ lineage('deal') }}
from deal
left join touched on deal.opportunity_id = touched.opportunity_id
left join answered on deal.opportunity_id = answered.opportunity_id
left join quoted on deal.opportunity_id = quoted.opportunity_id
