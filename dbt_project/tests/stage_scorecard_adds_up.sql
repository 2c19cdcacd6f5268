-- What: over the stages, every cut and kind of period of the stage scorecard has the whole cost ledger of its view and all
-- credit of its model, up to the as-of date.
-- Why: a stage that were dropped would make the others look better than they are.
-- A returned row is a cut, kind of period and model whose cost or credit differs, with both.
with scorecard as (
  select
    cut,
    period_kind,
    model,
    sum(cost) as cost,
    sum(credited_booked) as booked,
    sum(credited_invoiced) as invoiced,
    sum(credited_collected) as collected,
    sum(credited_contribution) as contribution
  from {{ ref('stage_scorecard') }}
  group by cut, period_kind, model
),

spent as (
  select coalesce(sum(ledger.amount), 0) as cost
  from {{ ref('cost_ledger') }} as ledger
  inner join {{ ref('int_as_of') }} as as_of on ledger.allocated_on <= as_of.as_of_on
  where ledger.view = {{ quoted_text(var('costs_view')) }}
),

credited as (
  select
    credit.model,
    sum(case when credit.measure = 'booked' then credit.amount else 0 end) as booked,
    sum(case when credit.measure = 'invoiced' then credit.amount else 0 end) as invoiced,
    sum(case when credit.measure = 'collected' then credit.amount else 0 end) as collected,
    sum(case when credit.measure = 'contribution' then credit.amount else 0 end) as contribution
  from {{ ref('attribution_credit') }} as credit
  inner join {{ ref('int_as_of') }} as as_of on credit.posted_on <= as_of.as_of_on
  group by credit.model
)

select
  scorecard.*,
  spent.cost as cost_due,
  credited.booked as booked_due,
  credited.invoiced as invoiced_due,
  credited.collected as collected_due,
  credited.contribution as contribution_due
from scorecard
cross join spent
left join credited on scorecard.model = credited.model
where
  scorecard.cost <> spent.cost
  or scorecard.booked <> coalesce(credited.booked, 0)
  or scorecard.invoiced <> coalesce(credited.invoiced, 0)
  or scorecard.collected <> coalesce(credited.collected, 0)
  or scorecard.contribution <> coalesce(credited.contribution, 0)
