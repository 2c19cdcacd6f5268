{#- The ways in which the cost of a show is placed in time: a derived table with one column `view`. -#}
{% macro cost_views() -%}
(select 'event' as view union all select 'benefit' as view)
{%- endmacro %}

{#- Whether a cost is of an exhibition: these kinds belong to one (see marketing_spend.yml of the contract). -#}
{% macro is_exhibition(spend) -%}
coalesce({{ spend }}.campaign_id is not null and {{ spend }}.cost_type in ('booth', 'build', 'travel', 'freight'), false)
{%- endmacro %}

{#- What overhead of a type is shared by. -#}
{% macro overhead_driver(cost_type) -%}
  {%- set special = var('overhead_driver_by_cost_type') -%}
  {%- if special -%}
case {{ cost_type }}
    {%- for kind, driver in special.items() %}
    when {{ quoted_text(kind) }} then {{ quoted_text(driver) }}
    {%- endfor %}
    else {{ quoted_text(var('overhead_driver')) }}
  end
  {%- else -%}
{{ quoted_text(var('overhead_driver')) }}
  {%- endif -%}
{%- endmacro %}

{#- The part of an amount that a bearer takes when bearers stand in a row: what is due up to it less what was due before it,
    so that the parts add up to the amount, to the cent. -#}
{% macro cumulative_part(amount, before, weight, whole) -%}
cast(
  {{ proportion(amount, before ~ ' + ' ~ weight, whole) }} - {{ proportion(amount, before, whole) }} as decimal(18, 2)
)
{%- endmacro %}

{#-
  Moments with the funnel stage that their account was in: the last stage that a lead or an opportunity of the account had
  entered before the moment. `before_funnel` when it had entered none; NULL when nobody knows whose moment it was, or when
  no source tells stages at all. What happens at the very moment of an entry happened before it: a touch that made a lead
  is no touch of that lead.

  `moments` is a relation or CTE with moment_id, account_id, happened_at.
-#}
{% macro stage_at(moments) -%}
select
  placed.moment_id,
  case
    when placed.account_id is null or known.stage_events = 0 then cast(null as string)
    else coalesce(entries.stage, 'before_funnel')
  end as stage
from (
  select
    moment_id,
    account_id,
    sum(is_entry) over (
      partition by account_id order by happened_at, is_entry rows unbounded preceding
    ) as entries_before
  from (
    select
      moment_id,
      account_id,
      happened_at,
      0 as is_entry
    from {{ moments }}
    union all
    select
      cast(null as string) as moment_id,
      account_id,
      entered_at as happened_at,
      1 as is_entry
    from {{ ref('stage_event_facts') }}
    where is_entry and is_valid and account_id is not null
  ) as history
) as placed
left join (
  select
    account_id,
    subject_kind || ':' || lower(stage) as stage,
    row_number() over (partition by account_id order by entered_at, subject_kind, stage_event_id) as entry_number
  from {{ ref('stage_event_facts') }}
  where is_entry and is_valid and account_id is not null
) as entries
  on placed.account_id = entries.account_id and placed.entries_before = entries.entry_number
cross join (select count(*) as stage_events from {{ ref('stage_event_facts') }}) as known
where placed.moment_id is not null
{%- endmacro %}
