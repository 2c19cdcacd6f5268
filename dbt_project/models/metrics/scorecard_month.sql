-- Everything a campaign cost and brought, per campaign, channel and month, up to the as-of date: the one input of
-- the scorecards. Leads, opportunities, orders and deliveries by where they came from; money and new customers by
-- attribution (default model). What has no campaign or channel stands under `unknown`, what attribution could give
-- to no touch under `unattributed`.
{% set origin = ["coalesce(origin_channel_id, 'unknown')", "coalesce(origin_campaign_id, 'unknown')"] -%}
{%- set credited = [
  "case when touch_id is null then 'unattributed' else coalesce(channel_id, 'unknown') end",
  "case when touch_id is null then 'unattributed' else coalesce(campaign_id, 'unknown') end",
] -%}
{%- set won = [
  "coalesce(channel_id, 'unattributed')",
  "case when channel_id is null and campaign_id is null then 'unattributed' else coalesce(campaign_id, 'unknown') end",
] -%}
{%- set sources = [
  ('cost_allocation', ["coalesce(channel_id, 'unknown')", "coalesce(campaign_id, 'unknown')"], 'allocated_on', 'true', {
    'marketing_spend': "case when basis = 'direct' then amount end",
    'acquisition_spend': "case when basis = 'direct' and is_acquisition then amount end",
    'media_spend': "case when basis = 'direct' and is_media then amount end",
    'shared_spend': "case when basis = 'shared' then amount end",
    'unallocated_spend': "case when basis = 'unallocated' then amount end",
  }),
  ('lead_facts', origin, 'created_on', 'is_valid', {
    'leads': '1',
    'leads_with_opportunity': 'case when is_opportunity_within_window then 1 end',
  }),
  ('opportunity_facts', origin, 'created_on', 'true', {'opportunities': '1'}),
  ('order_facts', origin, 'ordered_on', 'not is_excluded', {'orders': '1', 'net_booked': 'net_booked'}),
  ('order_line_delivery', origin, 'promised_on', 'is_due', {
    'lines_due': '1',
    'lines_on_time': 'case when is_on_time then 1 end',
  }),
  ('new_customer_weight', won, 'converted_on', 'is_default_model', {'new_customers': 'weight'}),
  ('attribution_credit', credited, 'posted_on', 'is_default_model', {
    'attributed_booked': "case when measure = 'booked' then amount end",
    'attributed_invoiced': "case when measure = 'invoiced' then amount end",
    'attributed_cogs': "case when measure = 'cogs' then amount end",
    'attributed_gross_profit': "case when measure = 'gross_profit' then amount end",
    'attributed_contribution': "case when measure = 'contribution' then amount end",
    'attributed_collected': "case when measure = 'collected' then amount end",
    'attributed_after_sales': "case when measure = 'after_sales' then amount end",
  }),
] -%}
{%- set columns = [] -%}
{%- for source in sources -%}{%- do columns.extend(source[4]) -%}{%- endfor -%}
with event as (
  {% for relation, keys, day, condition, values in sources %}
  {%- if not loop.first %}union all{% endif %}
  select
    {%- for column in columns %}
    cast({{ values.get(column, 'null') }} as decimal(28, 9)) as {{ column }},
    {%- endfor %}
    {{ keys[0] }} as channel_id,
    {{ keys[1] }} as campaign_id,
    {{ day }} as happened_on
  from {{ ref(relation) }}
  where {{ condition }}
  {% endfor %}
)

select
  {%- for column in columns %}
  cast(
    coalesce(sum(event.{{ column }}), 0) as decimal(28, {{ 9 if column == 'new_customers' else 2 }})
  ) as {{ column }},
  {%- endfor %}
  event.channel_id,
  event.campaign_id,
  {{ month_after('event.happened_on', 0) }} as month
from event
inner join {{ ref('int_as_of') }} as as_of on event.happened_on <= as_of.as_of_on
group by event.channel_id, event.campaign_id, {{ month_after('event.happened_on', 0) }}
