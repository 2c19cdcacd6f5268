-- Everything a campaign cost and brought, per campaign, channel and month, up to the as-of date: the one input of
-- the scorecards. Leads, opportunities, orders, deliveries and their quality by where they came from; money and new
-- customers by attribution (default model). What has no campaign or channel stands under `unknown`, what attribution could
-- give to no touch under `unattributed`. Cost is in the one view that every figure reads (costs.view).
{% set origin = ["coalesce(origin_channel_id, 'unknown')", "coalesce(origin_campaign_id, 'unknown')"] -%}
{%- set own = ["coalesce(channel_id, 'unknown')", "coalesce(campaign_id, 'unknown')"] -%}
{%- set won = [
  "coalesce(channel_id, 'unattributed')",
  "case when channel_id is null and campaign_id is null then 'unattributed' else coalesce(campaign_id, 'unknown') end",
] -%}
{%- set credits = {} -%}
{%- for measure in scorecard_measures() -%}
  {%- do credits.update({
    'attributed_' ~ measure: "case when measure = '" ~ measure ~ "' then amount end",
    'attributed_' ~ measure ~ '_reported': "case when measure = '" ~ measure ~ "' and version = 1 then amount end",
  }) -%}
{%- endfor -%}
{%- set sources = [
  (ref('cost_allocation'), own, 'allocated_on', 'true', {
    'marketing_spend': "case when basis = 'direct' then amount end",
    'acquisition_spend': "case when basis = 'direct' and is_acquisition then amount end",
    'media_spend': "case when basis = 'direct' and is_media then amount end",
    'shared_spend': "case when basis = 'shared' then amount end",
    'unallocated_spend': "case when basis = 'unallocated' then amount end",
  }),
  (ref('cost_ledger'), own, 'allocated_on', "view = '" ~ var('costs_view') ~ "' and basis = 'direct'", {
    'staged_spend': "case when cost_source = 'marketing_spend' and stage is not null then amount end",
    'sales_time_cost': "case when cost_source = 'work_hours' then amount end",
  }),
  (ref('touch_facts'), own, 'touched_on', 'true', {'touches': '1'}),
  (ref('lead_facts'), origin, 'created_on', 'is_valid', {
    'leads': '1',
    'mqls': 'case when is_mql then 1 end',
    'sqls': 'case when is_sql then 1 end',
    'leads_with_opportunity': 'case when is_opportunity_within_window then 1 end',
  }),
  (ref('opportunity_facts'), origin, 'created_on', 'true', {'opportunities': '1'}),
  ('quoted', origin, 'quoted_on', 'true', {'quotes': '1'}),
  (ref('order_facts'), origin, 'ordered_on', 'not is_excluded', {'orders': '1', 'net_booked': 'net_booked'}),
  (ref('order_facts'), origin, 'last_shipped_on', 'is_fully_shipped and not is_excluded', {
    'orders_delivered': '1',
    'delivery_days': 'delivery_lead_days',
  }),
  (ref('order_line_delivery'), origin, 'promised_on', 'is_due', {
    'lines_due': '1',
    'lines_on_time': 'case when is_on_time then 1 end',
  }),
  (ref('shipped_line_quality'), origin, 'first_shipped_on', 'not is_excluded', {
    'units_shipped': 'quantity_shipped',
    'units_returned': 'quantity_returned_in_window',
    'units_repaired': 'units_repaired',
  }),
  ('ticketed', origin, 'opened_on', 'true', {'tickets': '1'}),
  (ref('order_measure'), origin, 'posted_on', 'true', {
    'origin_invoiced': "case when measure = 'invoiced' then amount end",
    'origin_collected': "case when measure = 'collected' then amount end",
    'origin_contribution': "case when measure = 'contribution' then amount end",
    'origin_after_sales': "case when measure = 'after_sales' then amount end",
  }),
  (ref('new_customer_weight'), won, 'converted_on', 'is_default_model', {'new_customers': 'weight'}),
  (
    ref('attribution_credit') ~ ' as credit', [credited_channel('credit'), credited_campaign('credit')],
    'posted_on', 'is_default_model', credits
  ),
] -%}
with quoted as (
  select
    deals.origin_channel_id,
    deals.origin_campaign_id,
    quotes.quoted_on
  from {{ ref('quote_facts') }} as quotes
  left join {{ ref('opportunity_facts') }} as deals on quotes.opportunity_id = deals.opportunity_id
  where quotes.is_latest_version
),

-- An installation is no complaint.
ticketed as (
  select
    orders.origin_channel_id,
    orders.origin_campaign_id,
    tickets.opened_on
  from {{ ref('ticket_facts') }} as tickets
  left join {{ ref('order_facts') }} as orders on tickets.order_id = orders.order_id
  where not tickets.is_excluded and tickets.kind in ('complaint', 'repair', 'adverse_event')
),

event as (
  {% for relation, keys, day, condition, values in sources %}
  {%- if not loop.first %}union all{% endif %}
  select
    {%- for column in scorecard_columns() %}
    cast({{ values.get(column, 'null') }} as decimal(28, 9)) as {{ column }},
    {%- endfor %}
    {{ keys[0] }} as channel_id,
    {{ keys[1] }} as campaign_id,
    {{ day }} as happened_on
  from {{ relation }}
  where {{ condition }}
  {% endfor %}
)

select
  {%- for column, places in scorecard_columns().items() %}
  cast(coalesce(sum(event.{{ column }}), 0) as decimal(28, {{ [places, 2] | max }})) as {{ column }},
  {%- endfor %}
  event.channel_id,
  event.campaign_id,
  {{ month_after('event.happened_on', 0) }} as month
from event
inner join {{ ref('int_as_of') }} as as_of on event.happened_on <= as_of.as_of_on
group by event.channel_id, event.campaign_id, {{ month_after('event.happened_on', 0) }}
