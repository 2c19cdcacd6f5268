{#-
  The money of each posting shared among the touches of its order's journey, exact to the cent: per order line × measure
  the credit of a touch is what it is due of all postings so far less what it was due before this one, so the credits of
  a posting add up to its amount and a full refund leaves exactly nothing. An order without touches goes whole to
  `unattributed`. CTEs, of which the last, `credit`, has order_id, order_line_id, posting_id, posted_on, model, measure,
  touch_id, campaign_id, channel_id, stage, unattributed_reason and amount.
-#}
{% macro posting_credits(weights) -%}
running as (
  select
    order_id,
    order_line_id,
    posting_id,
    posted_on,
    measure,
    amount,
    {{ cents_of('amount') }} as cents,
    {{ cents_of(
      'sum(amount) over (partition by order_id, order_line_id, measure order by posted_on nulls last, posting_id '
      ~ 'rows between unbounded preceding and current row)'
    ) }} as cents_after
  from {{ ref('order_measure') }}
),

-- Whole billionths: the share of the touches up to this one, and of those before it.
share as (
  select
    order_id,
    model,
    touch_id,
    campaign_id,
    channel_id,
    stage,
    {{ billionths_in('cumulative_weight') }} as here,
    {{ billionths_in('cumulative_weight') }} - {{ billionths_in('weight') }} as before
  from {{ weights }}
),

attributed as (
  select
    running.order_id,
    running.order_line_id,
    running.posting_id,
    running.posted_on,
    share.model,
    running.measure,
    share.touch_id,
    share.campaign_id,
    share.channel_id,
    share.stage,
    {{ allocated_up_to('running.cents_after', 'share.here') }}
    - {{ allocated_up_to('running.cents_after', 'share.before') }}
    - case
      when running.cents_after = running.cents then 0
      else
        {{ allocated_up_to('(running.cents_after - running.cents)', 'share.here') }}
        - {{ allocated_up_to('(running.cents_after - running.cents)', 'share.before') }}
    end as cents
  from running
  inner join share on running.order_id = share.order_id
),

model as (
  select listed.name
  from {{ attribution_models() }} as listed (name)
),

-- Each order that has a journey, by the last of its touches that has a share.
with_journey as (
  select
    order_id,
    model
  from {{ weights }}
  where cumulative_weight = 1
),

-- One reason per order that has none. Money that belongs to no order has no account either.
shut_out as (
  select
    order_id,
    max(exclusion_reason) as reason
  from {{ ref('journey_touch') }}
  where not is_in_journey
  group by order_id
),

unattributed as (
  select
    running.order_id,
    running.order_line_id,
    running.posting_id,
    running.posted_on,
    model.name as model,
    running.measure,
    case when conversion.account_id is null then 'no_identity' else coalesce(shut_out.reason, 'no_touch') end as reason,
    running.amount
  from running
  cross join model
  left join with_journey on running.order_id = with_journey.order_id and model.name = with_journey.model
  left join {{ ref('conversion') }} as conversion on running.order_id = conversion.order_id
  left join shut_out on running.order_id = shut_out.order_id
  where with_journey.order_id is null
),

credit as (
  select
    order_id,
    order_line_id,
    posting_id,
    posted_on,
    model,
    measure,
    touch_id,
    campaign_id,
    channel_id,
    stage,
    cast(null as string) as unattributed_reason,
    {{ money_of('cents') }} as amount
  from attributed
  where cents <> 0

  union all

  select
    order_id,
    order_line_id,
    posting_id,
    posted_on,
    model,
    measure,
    cast(null as string) as touch_id,
    cast(null as string) as campaign_id,
    cast(null as string) as channel_id,
    cast(null as string) as stage,
    reason as unattributed_reason,
    amount
  from unattributed
)
{%- endmacro %}

{#- What names a credit: the columns of one beside its amount. -#}
{% macro credit_columns(relation=none) -%}
  {%- for name in [
    'order_id', 'order_line_id', 'posting_id', 'posted_on', 'model', 'measure', 'touch_id', 'campaign_id', 'channel_id',
    'stage', 'unattributed_reason'
  ] -%}
    {{ relation ~ '.' if relation }}{{ name }}{{ ', ' if not loop.last }}
  {%- endfor -%}
{%- endmacro %}
