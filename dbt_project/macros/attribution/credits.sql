{#-
  The money of each posting shared among the touches of its order's journey, exact to the cent: per order line × measure
  the credit of a touch is what it is due of all postings so far less what it was due before this one, so the credits of
  a posting add up to its amount and a full refund leaves exactly nothing. An order without touches goes whole to
  `unattributed`. CTEs, of which the last, `credit`, has order_id, order_line_id, posting_id, posted_on, model, measure,
  touch_id, campaign_id, channel_id, stage, unattributed_reason, amount and input_hash.

  weights: the relation of weights. asked: the orders and models whose credits are asked for, with input_hash; an empty
  order stands for the money that belongs to none.
-#}
{% macro posting_credits(weights, asked) -%}
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
  where coalesce(order_id, '') in (select coalesce(asked.order_id, '') from {{ asked }} as asked)
),

-- Whole billionths: the share of the touches up to this one, and of those before it.
share as (
  select
    weight.order_id,
    weight.model,
    weight.touch_id,
    weight.campaign_id,
    weight.channel_id,
    weight.stage,
    {{ billionths_in('weight.cumulative_weight') }} as here,
    {{ billionths_in('weight.cumulative_weight') }} - {{ billionths_in('weight.weight') }} as before,
    asked.input_hash
  from {{ weights }} as weight
  inner join {{ asked }} as asked on weight.order_id = asked.order_id and weight.model = asked.model
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
    end as cents,
    share.input_hash
  from running
  inner join share on running.order_id = share.order_id
),

-- The last touch with a share brings the weights to 1: where there is none, there is no journey.
without_journey as (
  select
    asked.order_id,
    asked.model,
    asked.input_hash
  from {{ asked }} as asked
  where not exists (
    select 1
    from share
    where asked.order_id = share.order_id and asked.model = share.model and share.here = 1000000000
  )
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
    without_journey.model,
    running.measure,
    case when conversion.account_id is null then 'no_identity' else coalesce(shut_out.reason, 'no_touch') end as reason,
    running.amount,
    without_journey.input_hash
  from running
  inner join without_journey on coalesce(running.order_id, '') = coalesce(without_journey.order_id, '')
  left join {{ ref('conversion') }} as conversion on running.order_id = conversion.order_id
  left join shut_out on running.order_id = shut_out.order_id
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
    {{ money_of('cents') }} as amount,
    input_hash
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
    amount,
    input_hash
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
