-- One row: the date at which the company is looked at. Overdue, open and immature are judged against it.
{% set configured = var('as_of') -%}
{% if configured -%}
select
  cast('{{ configured }}' as date) as as_of_on,
  true as is_configured
{%- else -%}
with business_date as (
  select {{ to_business_date('max(ordered_at)') }} as latest_on from {{ ref('stg_sales_order') }}
  union all
  select {{ to_business_date('max(confirmed_at)') }} as latest_on from {{ ref('stg_sales_order') }}
  union all
  select {{ to_business_date('max(created_at)') }} as latest_on from {{ ref('stg_lead') }}
  union all
  select {{ to_business_date('max(touched_at)') }} as latest_on from {{ ref('stg_touchpoint') }}
  union all
  select max(invoiced_on) as latest_on from {{ ref('stg_invoice') }}
  union all
  select max(paid_on) as latest_on from {{ ref('stg_payment') }}
  union all
  select max(spent_on) as latest_on from {{ ref('stg_marketing_spend') }}
  union all
  select {{ to_business_date('max(created_at)') }} as latest_on from {{ ref('stg_opportunity') }}
  union all
  select {{ to_business_date('max(closed_at)') }} as latest_on from {{ ref('stg_opportunity') }}
  union all
  select {{ to_business_date('max(shipped_at)') }} as latest_on from {{ ref('stg_shipment') }}
  union all
  select {{ to_business_date('max(opened_at)') }} as latest_on from {{ ref('stg_service_ticket') }}
  union all
  select {{ to_business_date('max(started_at)') }} as latest_on from {{ ref('stg_production_order') }}
  union all
  select {{ to_business_date('max(finished_at)') }} as latest_on from {{ ref('stg_production_order') }}
  union all
  select {{ to_business_date('max(inspected_at)') }} as latest_on from {{ ref('stg_quality_inspection') }}
  union all
  select {{ to_business_date('max(returned_at)') }} as latest_on from {{ ref('stg_sales_return') }}
  union all
  select max(taken_on) as latest_on from {{ ref('stg_inventory_snapshot') }}
  union all
  select max(incurred_on) as latest_on from {{ ref('stg_order_cost') }}
  union all
  select {{ to_business_date('max(occurred_at)') }} as latest_on from {{ ref('stg_interaction') }}
  union all
  select {{ to_business_date('max(quoted_at)') }} as latest_on from {{ ref('stg_quote') }}
  union all
  select {{ to_business_date('max(entered_at)') }} as latest_on from {{ ref('stg_stage_event') }}
  union all
  select max(worked_on) as latest_on from {{ ref('stg_work_hours') }}
)

select
  max(latest_on) as as_of_on,
  false as is_configured
from business_date
{%- endif %}
