-- noqa: disable=LT02
-- The attribution models that are computed and what each is by the settings of today; a closed month keeps what it was.
{%- set common = {
  'lookback_days': var('lookback_days'),
  'lookback_days_by_channel_group': var('lookback_days_by_channel_group'),
  'reset_at_order': var('reset_at_order'),
} %}
{% for model in var('attribution_models') -%}
{%- set entry = model_entry(model) -%}
{%- set own = {} -%}
{%- if entry.family == 'staged' -%}
  {%- do own.update({'inner': var('stage_inner'), 'pools': var('stage_pools') if model == 'staged' else 'measured'}) -%}
{%- elif model == 'markov' -%}
  {%- do own.update({'order': var('markov_order')}) -%}
{%- elif entry.shares -%}
  {%- do own.update({'shares': entry.shares}) -%}
{%- elif entry.half_life_days -%}
  {%- do own.update({'half_life_days': entry.half_life_days}) -%}
{%- endif -%}
select
  '{{ model }}' as model,
  '{{ entry.family }}' as family,
  {{ model == var('default_attribution_model') }} as is_default_model,
  '{{ tojson(dict(own, **common), sort_keys=true) }}' as definition
{{ 'union all' if not loop.last }}
{% endfor %}
