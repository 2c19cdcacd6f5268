{{ config(materialized="view") }}
-- Who could have reached each stage of the way to an order, and whether they did: one row per stage and subject, of the
-- lead one per touch, since a subject that was met twice stands before it at both. What stages are worth (stage_pool) and
-- what they cost and return (stage_scorecard) count the same rows.
with quoted as (
  select distinct opportunity_id
  from {{ ref('quote_facts') }}
)

-- Somebody a campaign or channel met: the account, else the person, else the lead that is nobody's yet.
select
  'lead:' || touch_id as stage_entry_id,
  'lead' as milestone,
  coalesce('account:' || account_id, 'contact:' || contact_id, 'lead:' || lead_id) as subject_id,
  touched_on as entered_on,
  lead_id is not null as has_advanced,
  coalesce(channel_id, 'unknown') as channel_id,
  coalesce(campaign_id, 'unknown') as campaign_id
from {{ ref('int_touch') }}
where coalesce(account_id, contact_id, lead_id) is not null

union all

select
  'qualification:' || lead_id as stage_entry_id,
  'qualification' as milestone,
  lead_id as subject_id,
  created_on as entered_on,
  is_mql or is_sql as has_advanced,
  coalesce(origin_channel_id, 'unknown') as channel_id,
  coalesce(origin_campaign_id, 'unknown') as campaign_id
from {{ ref('lead_facts') }}
where is_valid

union all

select
  'opportunity:' || lead_id as stage_entry_id,
  'opportunity' as milestone,
  lead_id as subject_id,
  created_on as entered_on,
  has_opportunity as has_advanced,
  coalesce(origin_channel_id, 'unknown') as channel_id,
  coalesce(origin_campaign_id, 'unknown') as campaign_id
from {{ ref('lead_facts') }}
where is_valid and (is_mql or is_sql)

union all

select
  'quote:' || opportunities.opportunity_id as stage_entry_id,
  'quote' as milestone,
  opportunities.opportunity_id as subject_id,
  opportunities.created_on as entered_on,
  quoted.opportunity_id is not null as has_advanced,
  coalesce(opportunities.origin_channel_id, 'unknown') as channel_id,
  coalesce(opportunities.origin_campaign_id, 'unknown') as campaign_id
from {{ ref('opportunity_facts') }} as opportunities
left join quoted on opportunities.opportunity_id = quoted.opportunity_id

union all

select
  'order:' || opportunities.opportunity_id as stage_entry_id,
  'order' as milestone,
  opportunities.opportunity_id as subject_id,
  opportunities.created_on as entered_on,
  opportunities.has_order as has_advanced,
  coalesce(opportunities.origin_channel_id, 'unknown') as channel_id,
  coalesce(opportunities.origin_campaign_id, 'unknown') as campaign_id
from {{ ref('opportunity_facts') }} as opportunities
inner join quoted on opportunities.opportunity_id = quoted.opportunity_id
