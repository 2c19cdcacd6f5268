-- The stages of the funnel: those of the settings in their order, and those that occur without being configured, which
-- have no place in it.
with configured as (
  {% for one in var('funnel_stages') %}
  select
    {{ quoted_text(one.subject) }} as subject_kind,
    {{ quoted_text(one.stage) }} as stage,
    cast({{ one.position }} as bigint) as position,
    {{ quoted_text(one.en) }} as label_en,
    {{ quoted_text(one.zh) }} as label_zh,
    nullif({{ quoted_text(one.means) }}, '') as means
  {{ 'union all' if not loop.last }}
  {% endfor %}
),

occurring as (
  select
    subject_kind,
    lower(stage) as stage
  from {{ ref('stage_event_facts') }}
  union
  select
    'opportunity' as subject_kind,
    lower(stage) as stage
  from {{ ref('opportunity_facts') }}
  where stage is not null
)

select
  configured.subject_kind || ':' || configured.stage as funnel_stage_id,
  configured.subject_kind,
  configured.stage,
  configured.position,
  configured.label_en,
  configured.label_zh,
  configured.means,
  true as is_configured,
  coalesce(configured.means in ('won', 'lost'), false) as is_closing
from configured
union all
select
  occurring.subject_kind || ':' || occurring.stage as funnel_stage_id,
  occurring.subject_kind,
  occurring.stage,
  cast(null as bigint) as position,
  occurring.stage as label_en,
  occurring.stage as label_zh,
  cast(null as string) as means,
  false as is_configured,
  false as is_closing
from occurring
left join configured on occurring.subject_kind = configured.subject_kind and occurring.stage = configured.stage
where configured.stage is null
