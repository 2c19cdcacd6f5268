-- One row per session with the leads and touches that fell into it. What is known only by its day - a touch that says so,
-- or any moment that is exactly 00:00 in the company's zone - is held against the session's days, the rest against its
-- hours.
with session as (
  select
    sessions.*,
    {{ to_business_date('sessions.starts_at') }} as starts_on,
    {{ to_business_date('coalesce(sessions.ends_at, sessions.starts_at)') }} as ends_on
  from {{ ref('stg_campaign_session') }} as sessions
),

bounded as (
  select
    *,
    case
      when ends_at is null or ends_at = {{ start_of_business_date('ends_on') }}
        then {{ end_of_business_date('ends_on') }}
      else ends_at
    end as closes_at
  from session
),

generated as (
  select
    bounded.campaign_session_id,
    count(*) as lead_count
  from bounded
  inner join {{ ref('int_lead') }} as leads on bounded.campaign_id = leads.origin_campaign_id
  where
    leads.is_valid
    and (
      leads.created_at between bounded.starts_at and bounded.closes_at
      or (
        leads.created_on between bounded.starts_on and bounded.ends_on
        and leads.created_at = {{ start_of_business_date('leads.created_on') }}
      )
    )
  group by bounded.campaign_session_id
),

touched as (
  select
    bounded.campaign_session_id,
    count(*) as touch_count
  from bounded
  inner join {{ ref('touch_facts') }} as touches on bounded.campaign_id = touches.campaign_id
  where
    (touches.precision <> 'date' and touches.touched_at between bounded.starts_at and bounded.closes_at)
    or (
      touches.touched_on between bounded.starts_on and bounded.ends_on
      and (touches.precision = 'date' or touches.touched_at = {{ start_of_business_date('touches.touched_on') }})
    )
  group by bounded.campaign_session_id
)

select
  bounded.campaign_session_id,
  bounded.campaign_id,
  coalesce(campaigns.channel_id, 'unknown') as channel_id,
  bounded.name,
  bounded.starts_at,
  bounded.ends_at,
  bounded.starts_on,
  bounded.ends_on,
  bounded.venue,
  bounded.visitors,
  coalesce(generated.lead_count, 0) as lead_count,
  coalesce(touched.touch_count, 0) as touch_count,
  {{ lineage('bounded') }}
from bounded
left join {{ ref('stg_campaign') }} as campaigns on bounded.campaign_id = campaigns.campaign_id
left join generated on bounded.campaign_session_id = generated.campaign_session_id
left join touched on bounded.campaign_session_id = touched.campaign_session_id
