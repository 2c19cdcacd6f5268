-- From list price to cash, one row per order line: what was asked, ordered, invoiced, earned and collected of it, whenever
-- that happened, and every step between. A document that names no line stands with its order, one that names no order in
-- the month it happened. Functional currency, net of VAT; what happened after the as-of day is not in it.
-- Each step is exact (test price_waterfall_adds_up). An invoice in the order's currency is compared at the order's rate, and
-- a receipt at its invoice's, so that what the rates did is a step of its own.
{%- set costs = ['freight', 'commission', 'rebate', 'after_sales', 'bad_debt'] %}
{%- set facts = [
  'list_value', 'unlisted', 'net_ordered', 'cancelled', 'invoiced_as_ordered', 'gross_invoiced', 'credited', 'cogs',
  'gross_profit',
] + costs + ['collected', 'collected_as_invoiced'] %}
with ordered as (
  select
    order_id,
    order_line_id,
    ordered_on as happened_on,
    currency,
    rate,
    coalesce(list_booked, net_booked) as list_value,
    case when list_booked is null then net_booked else 0 end as unlisted,
    net_booked as net_ordered,
    case when exclusion_reason = 'cancelled' then net_booked else 0 end as cancelled
  from {{ ref('order_line_facts') }}
  where not is_excluded or exclusion_reason = 'cancelled'
),

collected as (
  select
    payments.order_id,
    payments.order_line_id,
    payments.invoice_line_id,
    -- without an order it belongs to the month of its invoice
    min(invoice_lines.invoiced_on) as happened_on,
    sum(payments.collected) as collected,
    {{ functional_amount('sum(payments.collected_amount)', 'min(invoice_lines.rate)') }} as collected_as_invoiced
  from {{ ref('payment_line_facts') }} as payments
  inner join {{ ref('invoice_line_facts') }} as invoice_lines
    on payments.invoice_line_id = invoice_lines.invoice_line_id
  inner join {{ ref('int_as_of') }} as as_of on payments.paid_on <= as_of.as_of_on
  where not payments.is_excluded
  group by payments.order_id, payments.order_line_id, payments.invoice_line_id
),

-- As order_measure has it: which of the costs count, and that an invoice line of unknown cost earns nothing known.
measured as (
  select
    measures.order_id,
    measures.order_line_id,
    measures.posted_on as happened_on,
    measures.document_kind,
    measures.measure,
    coalesce(invoice_lines.kind, order_costs.kind) as kind,
    invoice_lines.net_amount,
    invoice_lines.currency,
    measures.amount
  from {{ ref('order_measure') }} as measures
  inner join {{ ref('int_as_of') }} as as_of on measures.posted_on <= as_of.as_of_on
  left join {{ ref('invoice_line_facts') }} as invoice_lines
    on measures.document_kind = 'invoice_line' and measures.document_id = invoice_lines.invoice_line_id
  left join {{ ref('order_cost_facts') }} as order_costs
    on measures.document_kind = 'order_cost' and measures.document_id = order_costs.cost_line_id
),

fact as (
  {%- for fact in ['list_value', 'unlisted', 'net_ordered', 'cancelled'] %}
  select
    order_id,
    order_line_id,
    happened_on,
    '{{ fact }}' as fact,
    {{ fact }} as amount
  from ordered
  union all
  {%- endfor %}
  select
    measured.order_id,
    measured.order_line_id,
    min(measured.happened_on) as happened_on,
    'invoiced_as_ordered' as fact,
    case
      when min(measured.currency) = max(measured.currency) and min(measured.currency) = min(ordered.currency)
        then {{ functional_amount('sum(measured.net_amount)', 'min(ordered.rate)') }}
      else sum(measured.amount)
    end as amount
  from measured
  left join ordered on measured.order_line_id = ordered.order_line_id
  where measured.measure = 'invoiced' and measured.kind = 'invoice'
  group by
    measured.order_id,
    measured.order_line_id,
    case when measured.order_id is null then {{ month_start('measured.happened_on') }} end
  union all
  select
    order_id,
    order_line_id,
    happened_on,
    case
      when measure = 'invoiced' and kind = 'invoice' then 'gross_invoiced'
      when measure = 'invoiced' then 'credited'
      when document_kind = 'order_cost' then kind
      else measure
    end as fact,
    case when measure = 'invoiced' and kind <> 'invoice' or document_kind = 'order_cost' then -amount else amount end
      as amount
  from measured
  where
    measure in ('invoiced', 'cogs', 'gross_profit')
    or (measure = 'contribution' and document_kind = 'order_cost')
  {%- for fact in ['collected', 'collected_as_invoiced'] %}
  union all
  select
    order_id,
    order_line_id,
    happened_on,
    '{{ fact }}' as fact,
    {{ fact }} as amount
  from collected
  {%- endfor %}
),

summed as (
  select
    {%- for fact in facts %}
    sum(case when fact.fact = '{{ fact }}' then fact.amount else 0 end) as {{ fact }},
    {%- endfor %}
    fact.order_id,
    fact.order_line_id,
    {{ month_start('coalesce(orders.ordered_on, fact.happened_on)') }} as month
  from fact
  left join {{ ref('order_facts') }} as orders on fact.order_id = orders.order_id
  group by
    fact.order_id,
    fact.order_line_id,
    {{ month_start('coalesce(orders.ordered_on, fact.happened_on)') }}
),

chained as (
  select
    order_id,
    order_line_id,
    month,
    list_value,
    list_value - net_ordered as discount,
    unlisted,
    net_ordered,
    cancelled,
    net_ordered - cancelled as net_booked,
    net_ordered - cancelled - invoiced_as_ordered as not_invoiced,
    gross_invoiced - invoiced_as_ordered as invoice_exchange_difference,
    gross_invoiced,
    credited,
    gross_invoiced - credited as net_invoiced,
    cogs,
    gross_invoiced - credited - cogs - gross_profit as uncosted,
    gross_profit,
    {{ costs | join(',\n    ') }},
    gross_profit - {{ costs | join(' - ') }} as contribution,
    collected,
    collected - collected_as_invoiced as collection_exchange_difference,
    -- bad debt has the VAT of the invoice in it; no more is written off than is open
    greatest(least(bad_debt, gross_invoiced - credited - collected_as_invoiced), 0) as written_off,
    collected_as_invoiced
  from summed
),

stepped as (
  select
    chained.*,
    chained.net_invoiced - chained.collected_as_invoiced - chained.written_off as open_amount
  from chained
)

select
  {%- for amount in waterfall_amounts() %}
  cast(stepped.{{ amount }} as decimal(18, 2)) as {{ amount }},
  {%- endfor %}
  coalesce(stepped.order_line_id, coalesce(stepped.order_id, cast(stepped.month as string)) || '|') as waterfall_id,
  stepped.order_id,
  stepped.order_line_id,
  stepped.month,
  orders.account_id,
  coalesce(orders.origin_channel_id, 'unknown') as channel_id,
  coalesce(orders.origin_campaign_id, 'unknown') as campaign_id,
  orders.salesperson_id,
  orders.distributor_id,
  lines.product_id,
  coalesce(products.family, 'unknown') as product_family
from stepped
left join {{ ref('order_facts') }} as orders on stepped.order_id = orders.order_id
left join {{ ref('order_line_facts') }} as lines on stepped.order_line_id = lines.order_line_id
left join {{ ref('dim_product') }} as products on lines.product_id = products.product_id
