-- What came through each distributor, beside the company's total of the same period: the numerators and denominators of
-- its share. Everything stands in the period it was posted in; a distributor has a row where it has a posting.
{% set kinds = ['month', 'quarter', 'half_year', 'year', 'all'] -%}
{%- set measures = {'net_invoiced': 'invoiced', 'contribution': 'contribution', 'collected': 'collected'} -%}
with posting as (
  select postings.*
  from {{ ref('order_measure') }} as postings
  inner join {{ ref('int_as_of') }} as as_of on postings.posted_on <= as_of.as_of_on
  where postings.measure in ('invoiced', 'contribution', 'collected')
),

company as (
  {%- for kind in kinds %}
  {{ 'union all' if not loop.first }}
  select
    {%- for name, measure in measures.items() %}
    sum(case when measure = '{{ measure }}' then amount else 0 end) as {{ name }},
    {%- endfor %}
    '{{ kind }}' as period_kind,
    {{ period_start_of('posted_on', kind) }} as period_start
  from posting
  {{ 'group by ' ~ period_start_of('posted_on', kind) if kind != 'all' }}
  {%- endfor %}
),

part as (
  {%- for cut in ['total', 'distributor'] %}{% set outer = loop %}{% for kind in kinds %}
  {{ 'union all' if not (outer.first and loop.first) }}
  select
    {%- for name, measure in measures.items() %}
    sum(case when measure = '{{ measure }}' then amount else 0 end) as {{ name }},
    {%- endfor %}
    '{{ cut }}' as cut,
    '{{ kind }}' as period_kind,
    {{ period_start_of('posted_on', kind) }} as period_start,
    {{ 'distributor_id' if cut == 'distributor' else 'cast(null as string)' }} as distributor_id,
    count(distinct order_id) as orders
  from posting
  where distributor_id is not null
  group by
    {{ "'" ~ kind ~ "'" if kind == 'all' else period_start_of('posted_on', kind) }}
    {{- ', distributor_id' if cut == 'distributor' }}
  {%- endfor %}{% endfor %}
)

select
  {%- for name in measures %}
  cast(part.{{ name }} as decimal(18, 2)) as {{ name }},
  cast(company.{{ name }} as decimal(18, 2)) as company_{{ name }},
  {%- endfor %}
  part.cut,
  part.period_kind,
  part.period_start,
  part.distributor_id,
  part.orders
from part
inner join company
  on
    part.period_kind = company.period_kind
    and part.period_start is not distinct from company.period_start
