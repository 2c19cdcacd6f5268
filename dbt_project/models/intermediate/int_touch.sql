-- The touches that journeys are made of. touched_at is as recorded; effective_at is when the touch counts: a touch known
-- only by its date counts at the end of that date.
select
  touches.touch_id,
  touches.account_id,
  touches.lead_id,
  touches.contact_id,
  touches.campaign_id,
  touches.channel_id,
  touches.touched_at,
  touches.touched_on,
  touches.effective_at,
  touches.precision,
  touches.touch_type,
  touches.placement,
  touches.utm_source,
  touches.utm_medium,
  touches.utm_campaign,
  touches.utm_term,
  touches.utm_content,
  touches.landing_page,
  touches.form,
  touches.is_implied,
  {{ lineage('touches') }}
from {{ ref('int_touch_identified') }} as touches
left join {{ ref('int_touch_merge') }} as merged on touches.touch_id = merged.touch_id
where merged.touch_id is null
