-- Rolled yield: the chance that a unit passes every step of production the first time, which is the product of the first-pass
-- yields of the steps. A product of quotients does not add up, hence a period table: one row per cut, member and period with an
-- inspection. A cut of several products multiplies the steps of all of them, each over every unit that entered it.
{%- set cuts = {'total': [], 'product_family': ['product_family'], 'product': ['product_id']} %}
with inspected as (
  select
    inspections.inspected_on,
    inspections.product_id,
    products.family as product_family,
    coalesce(inspections.kind, '') || '|' || coalesce(inspections.step, '') as step,
    inspections.quantity_inspected,
    inspections.quantity_first_pass
  from {{ ref('inspection_facts') }} as inspections
  cross join {{ ref('int_as_of') }} as as_of
  left join {{ ref('dim_product') }} as products on inspections.product_id = products.product_id
  where
    coalesce(inspections.kind, 'final') <> 'incoming'
    and inspections.quantity_inspected is not null
    and inspections.quantity_first_pass is not null
    and inspections.inspected_on <= as_of.as_of_on
),

stepped as (
  {%- for cut, columns in cuts.items() %}
  {%- for kind in ['month', 'quarter', 'half_year', 'year', 'all'] %}
  select
    '{{ cut }}' as cut,
    '{{ kind }}' as period_kind,
    {{ period_start_of('inspected_on', kind) }} as period_start,
    {{ "coalesce(product_family, 'unknown')" if cut == 'product_family' else 'cast(null as string)' }}
      as product_family,
    {{ "coalesce(product_id, 'unknown')" if cut == 'product' else 'cast(null as string)' }} as product_id,
    step,
    count(*) as inspection_count,
    cast(sum(quantity_first_pass) as double) / cast(nullif(sum(quantity_inspected), 0) as double) as step_yield
  from inspected
  group by
    {{ period_start_of('inspected_on', kind) }},
    {{ (columns + ['step']) | join(', ') }}
  {{ 'union all' if not (loop.last and cut == 'product') }}
  {%- endfor %}
  {%- endfor %}
)

select
  cut,
  period_kind,
  period_start,
  product_family,
  product_id,
  cast(count(step_yield) as bigint) as step_count,
  cast(sum(inspection_count) as bigint) as inspection_count,
  -- a product as a sum of logarithms; a step that nothing passes makes it 0
  cast(
    round(case when min(step_yield) = 0 then 0 else exp(sum(ln(nullif(step_yield, 0)))) end, 8) as decimal(18, 8)
  ) as rolled_yield
from stepped
group by cut, period_kind, period_start, product_family, product_id
having count(step_yield) > 0
