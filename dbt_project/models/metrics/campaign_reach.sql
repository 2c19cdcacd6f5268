-- Whom each campaign met, and until when what it did can still win an order: the last of its touches and of its days,
-- and as long after it as a touch counts (the look-back of its channel). Up to the as-of date.
with touched as (
  select
    coalesce(touches.campaign_id, 'unknown') as campaign_id,
    cast(count(distinct touches.account_id) as bigint) as accounts_touched,
    cast(count(distinct touches.lead_id) as bigint) as leads_touched,
    min(touches.touched_on) as first_touched_on,
    max(touches.touched_on) as last_touched_on,
    max({{ add_days('touches.touched_on', lookback_days_of('channels.channel_group')) }}) as counts_until
  from {{ ref('touch_facts') }} as touches
  inner join {{ ref('int_as_of') }} as as_of on touches.touched_on <= as_of.as_of_on
  left join {{ ref('dim_channel') }} as channels on touches.channel_id = channels.channel_id
  group by coalesce(touches.campaign_id, 'unknown')
),

-- Orders of which the campaign has a share, whatever it is worth.
won as (
  select
    shares.campaign_id,
    cast(count(*) as bigint) as orders_touched,
    cast(count(case when orders.first_invoiced_on is null then 1 end) as bigint) as orders_not_invoiced
  from (
    select distinct
      weights.order_id,
      coalesce(weights.campaign_id, 'unknown') as campaign_id
    from {{ ref('attribution_weight') }} as weights
    inner join {{ ref('conversion') }} as conversion on weights.order_id = conversion.order_id
    inner join {{ ref('int_as_of') }} as as_of on conversion.converted_on <= as_of.as_of_on
    where weights.model = '{{ var("default_attribution_model") }}' and weights.weight <> 0
  ) as shares
  inner join {{ ref('order_facts') }} as orders on shares.order_id = orders.order_id
  group by shares.campaign_id
)

select
  campaign.campaign_id,
  coalesce(touched.accounts_touched, 0) as accounts_touched,
  coalesce(touched.leads_touched, 0) as leads_touched,
  coalesce(won.orders_touched, 0) as orders_touched,
  coalesce(won.orders_not_invoiced, 0) as orders_not_invoiced,
  touched.first_touched_on,
  touched.last_touched_on,
  greatest(
    coalesce(touched.counts_until, ended.counts_until), coalesce(ended.counts_until, touched.counts_until)
  ) as mature_on
from {{ ref('dim_campaign') }} as campaign
left join touched on campaign.campaign_id = touched.campaign_id
left join won on campaign.campaign_id = won.campaign_id
left join (
  select
    campaigns.campaign_id,
    {{ add_days('campaigns.ends_on', lookback_days_of('channels.channel_group')) }} as counts_until
  from {{ ref('dim_campaign') }} as campaigns
  left join {{ ref('dim_channel') }} as channels on campaigns.channel_id = channels.channel_id
  where campaigns.ends_on is not null
) as ended on campaign.campaign_id = ended.campaign_id
