-- What each account owes at the end of each month, by age, VAT included, in the functional currency; the month's credit
-- sales and bad debt; and apart from it the money it paid that settles no invoice yet. A month in which an account has none of
-- these has no row.
with open_document as (
  select
    account_id,
    month,
    count(*) as open_document_count,
    {{ full_sum('receivable') }} as receivable,
    {{ full_sum('written_off') }} as written_off,
    {%- for place in range(5) %}
    {{ full_sum('receivable - written_off', ageing_place('days_overdue') ~ ' = ' ~ place) }} as age_{{ place }},
    {%- endfor %}
    {{ full_sum('receivable - written_off') }} as open_amount
  from {{ ref('int_receivable_open') }}
  group by account_id, month
),

invoiced as (
  select
    invoices.account_id,
    months.month,
    {{ full_sum(functional_amount('invoices.gross_amount', 'invoices.rate')) }} as credit_sales
  from {{ ref('int_invoice') }} as invoices
  inner join {{ ref('int_closing_month') }} as months
    on {{ month_start('invoices.invoiced_on') }} = months.month and invoices.invoiced_on <= months.closing_on
  left join {{ ref('int_order') }} as orders on invoices.order_id = orders.order_id
  where coalesce(orders.exclusion_reason, '') <> 'test'
  group by invoices.account_id, months.month
),

lost as (
  select
    orders.account_id,
    months.month,
    {{ full_sum('costs.amount_functional') }} as bad_debt
  from {{ ref('int_order_cost') }} as costs
  inner join {{ ref('int_closing_month') }} as months
    on {{ month_start('costs.incurred_on') }} = months.month and costs.incurred_on <= months.closing_on
  left join {{ ref('int_order') }} as orders on costs.order_id = orders.order_id
  where costs.kind = 'bad_debt' and coalesce(orders.exclusion_reason, '') <> 'test'
  group by orders.account_id, months.month
),

advanced as (
  select
    advances.account_id,
    months.month,
    {{ full_sum('advances.left_functional') }} as advance_amount
  from {{ ref('int_advance') }} as advances
  inner join {{ ref('int_closing_month') }} as months
    on
      advances.happened_on <= months.closing_on
      and (advances.next_on is null or advances.next_on > months.closing_on)
  where coalesce(advances.left_functional <> 0, true)
  group by advances.account_id, months.month
),

part as (
  {%- for relation in ['open_document', 'invoiced', 'lost', 'advanced'] %}
  select
    account_id,
    month
  from {{ relation }}
  {{ 'union' if not loop.last }}
  {%- endfor %}
)

select
  coalesce(part.account_id, 'unknown') as account_id,
  coalesce(accounts.segment, 'unknown') as customer_segment,
  coalesce(accounts.region, 'unknown') as customer_region,
  months.month,
  months.closing_on,
  cast(coalesce(open_document.open_document_count, 0) as bigint) as open_document_count,
  {%- for column in ['receivable', 'written_off', 'open_amount'] %}
  cast(case when open_document.month is null then 0 else open_document.{{ column }} end as decimal(18, 2))
    as {{ column }},
  {%- endfor %}
  {%- for column in ['not_due', 'overdue_1', 'overdue_2', 'overdue_3', 'overdue_4'] %}
  cast(case when open_document.month is null then 0 else open_document.age_{{ loop.index0 }} end as decimal(18, 2))
    as {{ column }},
  {%- endfor %}
  cast(
    case when open_document.month is null then 0 else open_document.open_amount - open_document.age_0 end
    as decimal(18, 2)
  ) as overdue_amount,
  cast(case when advanced.month is null then 0 else advanced.advance_amount end as decimal(18, 2)) as advance_amount,
  cast(case when invoiced.month is null then 0 else invoiced.credit_sales end as decimal(18, 2)) as credit_sales,
  cast(case when lost.month is null then 0 else lost.bad_debt end as decimal(18, 2)) as bad_debt,
  {{ lineage('accounts') }}
from part
inner join {{ ref('int_closing_month') }} as months on part.month = months.month
{%- for relation in ['open_document', 'invoiced', 'lost', 'advanced'] %}
left join {{ relation }}
  on part.month = {{ relation }}.month and part.account_id is not distinct from {{ relation }}.account_id
{%- endfor %}
left join {{ ref('customer_facts') }} as accounts on part.account_id = accounts.account_id
