-- Every touch with account, lead and channel resolved, before equal touches are put together.
-- A lead that no touch of its own explains is itself a touch, at its creation: many companies record only the lead's
-- source, and its origin must not count for nothing. Touches of spam and test leads are left out.
with recorded as (
  select
    touches.touchpoint_id as touch_id,
    people.surviving_lead_id as lead_id,
    coalesce(direct_account.account_id, leads.account_id, contact_account.account_id) as account_id,
    touches.contact_id,
    touches.campaign_id,
    coalesce(touches.channel_id, campaigns.channel_id, 'unknown') as channel_id,
    touches.touched_at,
    coalesce(touches.precision, 'exact') as precision,
    coalesce(touches.touch_type, 'other') as touch_type,
    touches.placement,
    touches.utm_source,
    touches.utm_medium,
    touches.utm_campaign,
    touches.utm_term,
    touches.utm_content,
    touches.landing_page,
    touches.form,
    coalesce(leads.is_valid, true) as is_valid,
    {{ lineage('touches') }}
  from {{ ref('stg_touchpoint') }} as touches
  left join {{ ref('int_lead_person') }} as people on touches.lead_id = people.lead_id
  left join {{ ref('int_lead') }} as leads on people.surviving_lead_id = leads.lead_id
  left join {{ ref('int_account') }} as direct_account on touches.account_id = direct_account.customer_id
  left join {{ ref('int_contact_account') }} as contact_account on touches.contact_id = contact_account.contact_id
  left join {{ ref('stg_campaign') }} as campaigns on touches.campaign_id = campaigns.campaign_id
),

explained_lead as (
  select distinct lead_id
  from recorded
  where lead_id is not null
),

implied as (
  select
    'lead:' || leads.lead_id as touch_id,
    leads.lead_id,
    leads.account_id,
    leads.contact_id,
    case when leads.origin_campaign_id <> 'unknown' then leads.origin_campaign_id end as campaign_id,
    leads.origin_channel_id as channel_id,
    leads.created_at as touched_at,
    'exact' as precision,
    'lead_created' as touch_type,
    leads.landing_page,
    leads.is_valid,
    {{ lineage('leads') }}
  from {{ ref('int_lead') }} as leads
  left join explained_lead on leads.lead_id = explained_lead.lead_id
  where explained_lead.lead_id is null
)

select
  touch_id,
  lead_id,
  account_id,
  contact_id,
  campaign_id,
  channel_id,
  touched_at,
  {{ to_business_date('touched_at') }} as touched_on,
  case
    when precision = 'date' then {{ end_of_business_date(to_business_date('touched_at')) }}
    else touched_at
  end as effective_at,
  precision,
  touch_type,
  placement,
  utm_source,
  utm_medium,
  utm_campaign,
  utm_term,
  utm_content,
  landing_page,
  form,
  false as is_implied,
  source_system,
  source_object,
  source_file,
  source_row,
  source_sha256
from recorded
where is_valid
union all
select
  touch_id,
  lead_id,
  account_id,
  contact_id,
  campaign_id,
  channel_id,
  touched_at,
  {{ to_business_date('touched_at') }} as touched_on,
  touched_at as effective_at,
  precision,
  touch_type,
  cast(null as string) as placement,
  cast(null as string) as utm_source,
  cast(null as string) as utm_medium,
  cast(null as string) as utm_campaign,
  cast(null as string) as utm_term,
  cast(null as string) as utm_content,
  landing_page,
  cast(null as string) as form,
  true as is_implied,
  source_system,
  source_object,
  source_file,
  source_row,
  source_sha256
from implied
where is_valid
