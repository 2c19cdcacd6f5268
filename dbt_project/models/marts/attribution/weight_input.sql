-- noqa: disable=LT02
{{ config(materialized="view") }}
-- What the weights of each order are computed from, per model: the account's journeys, the model's rules, and what it
-- takes from the whole of the data. A model that takes nothing from there changes with its account alone.
with rule as (
  {%- for model in var('attribution_models') %}
  {%- set entry = model_entry(model) %}
  select
    model.model,
    {{ fingerprint([
      'model.family', 'model.definition',
      "(" ~ taken_from_all(model) ~ ")" if taken_from_all(model) else "0"
    ]) }} as said
  from {{ ref('attribution_model') }} as model
  where model.model = '{{ model }}'
  {{ 'union all' if not loop.last }}
  {%- endfor %}
)

select
  conversion.order_id,
  rule.model,
  {{ fingerprint(['journey.input_hash', 'rule.said']) }} as input_hash
from {{ ref('conversion') }} as conversion
inner join {{ ref('journey_input') }} as journey on conversion.account_id = journey.account_id
cross join rule
