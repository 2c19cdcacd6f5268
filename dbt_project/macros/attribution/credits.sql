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
    sum(amount) over (
      partition by order_id, order_line_id, measure
      order by posted_on nulls last, posting_id
      rows between unbounded preceding and current row
    ) as amount_after
  from {{ ref('order_measure') }}
),

attributed as (
  select
    running.order_id,
    running.order_line_id,
    running.posting_id,
    running.posted_on,
    weight.model,
    running.measure,
    weight.touch_id,
    weight.campaign_id,
    weight.channel_id,
    weight.stage,
    cast(
      {{ allocated_up_to('running.amount_after', 'weight.cumulative_weight') }}
      - {{ allocated_up_to('running.amount_after', 'weight.cumulative_weight - weight.weight') }}
      - case
        when running.amount_after = running.amount then 0
        else
          {{ allocated_up_to('running.amount_after - running.amount', 'weight.cumulative_weight') }}
          - {{ allocated_up_to('running.amount_after - running.amount', 'weight.cumulative_weight - weight.weight') }}
      end
      as decimal(18, 2)
    ) as amount
  from running
  inner join {{ weights }} as weight on running.order_id = weight.order_id
),

model as (
  select listed.name
  from {{ attribution_models() }} as listed (name)
),

-- One reason per order that has no journey. Money that belongs to no order has no account either.
with_journey as (
  select distinct
    order_id,
    model
  from {{ weights }}
),

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
    amount
  from attributed

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
