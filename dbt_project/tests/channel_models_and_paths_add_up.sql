-- What: over the members each model of channel_model has all that was booked, invoiced, collected and earned up to the as-of
-- date, in every cut and kind of period; over the paths of a level path_summary has every order, path by path.
-- Why: what one model or path lacked would look like another's success.
-- A returned row is where it does not hold, with what is there and what is due.
with due as (
  select
    posting.measure,
    sum(posting.amount) as due
  from {{ ref('order_measure') }} as posting
  inner join {{ ref('int_as_of') }} as as_of on posting.posted_on <= as_of.as_of_on
  where posting.measure in ('booked', 'invoiced', 'collected', 'contribution')
  group by posting.measure
  union all
  select
    'orders' as measure,
    count(*) as due
  from {{ ref('conversion') }} as conversion
  inner join {{ ref('int_as_of') }} as as_of on conversion.converted_on <= as_of.as_of_on
),

found as (
  select
    'channel_model' as source_table,
    cut || ' ' || period_kind || ' ' || model as place,
    measure,
    sum(credit) as found
  from {{ ref('channel_model') }}
  where measure <> 'new_customers'
  group by cut, period_kind, model, measure
  union all
  select
    'path_summary' as source_table,
    level || ' ' || period_kind as place,
    'orders' as measure,
    sum(conversions) as found
  from {{ ref('path_summary') }}
  group by level, period_kind
)

select
  found.source_table,
  found.place,
  found.measure,
  found.found,
  due.due
from found
left join due on found.measure = due.measure
where found.found <> coalesce(due.due, 0)
