-- What: each step of the price waterfall is what is left of the one before, line by line and in the monthly sums, and its
-- ends are the company's: net booked, net invoiced, contribution and collected of all postings up to the as-of day.
-- Why: a waterfall with a leak explains nothing.
-- A returned row is a table, a step that does not hold, and by how much.
with line as (
  {%- for table in ['price_waterfall', 'price_waterfall_month'] %}
  {%- for step, amount in {
    'net_ordered': 'list_value - discount - net_ordered',
    'net_booked': 'net_ordered - cancelled - net_booked',
    'gross_invoiced': 'net_booked - not_invoiced + invoice_exchange_difference - gross_invoiced',
    'net_invoiced': 'gross_invoiced - credited - net_invoiced',
    'gross_profit': 'net_invoiced - cogs - uncosted - gross_profit',
    'contribution': 'gross_profit - freight - commission - rebate - after_sales - bad_debt - contribution',
    'open_amount': 'net_invoiced - collected + collection_exchange_difference - written_off - open_amount',
  }.items() %}
  select
    '{{ table }}' as source_table,
    '{{ step }}' as step,
    {{ amount }} as leak
  from {{ ref(table) }}
  union all
  {%- endfor %}
  {%- endfor %}
  {%- for measure, amount in {
    'booked': 'net_booked', 'invoiced': 'net_invoiced', 'contribution': 'contribution', 'collected': 'collected',
  }.items() %}
  {%- for table in ['price_waterfall', 'price_waterfall_month'] %}
  select
    '{{ table }}' as source_table,
    'all {{ measure }}' as step,
    coalesce(sum(amount), 0) as leak
  from (
    select -amount as amount
    from {{ ref('order_measure') }}
    inner join {{ ref('int_as_of') }} as as_of on posted_on <= as_of.as_of_on
    where measure = '{{ measure }}'
    union all
    select {{ amount }} as amount
    from {{ ref(table) }}
  ) as both_sides
  {{ 'union all' if not loop.last }}
  {%- endfor %}
  {{ 'union all' if not loop.last }}
  {%- endfor %}
)

select
  source_table,
  step,
  leak
from line
where leak <> 0
