{#- What a data-driven model counts as one: the channel of a touch, or its campaign. -#}

{% macro channel_member(touch) -%}
  coalesce({{ touch }}.channel_id, 'unknown')
{%- endmacro %}

{#- A touch of no campaign stands for its channel. -#}
{% macro campaign_member(touch) -%}
  coalesce({{ touch }}.campaign_id, 'channel:' || {{ channel_member(touch) }})
{%- endmacro %}

{#- A null path has no order to be named after. -#}
{% macro null_journey_id(account_id) -%}
  ('null:' || {{ account_id }})
{%- endmacro %}

{#- Texts of a group one after another. -#}
{% macro joined_in_order(text, order_by, separator) -%}
  {{ return(adapter.dispatch('joined_in_order', 'triloop')(text, order_by, separator)) }}
{%- endmacro %}

{% macro duckdb__joined_in_order(text, order_by, separator) -%}
  string_agg({{ text }}, '{{ separator }}' order by {{ order_by }})
{%- endmacro %}

{% macro spark__joined_in_order(text, order_by, separator) -%}
  array_join(transform(array_sort(collect_list(struct({{ order_by }} as place, {{ text }} as text))), step -> step.text), '{{ separator }}')
{%- endmacro %}

{#- Whose a credit is: its channel or campaign, unknown when the touch has none, unattributed when no touch earned it. -#}
{% macro credited_channel(credit) -%}
  case when {{ credit }}.touch_id is null then 'unattributed' else {{ channel_member(credit) }} end
{%- endmacro %}

{% macro credited_campaign(credit) -%}
  case when {{ credit }}.touch_id is null then 'unattributed' else coalesce({{ credit }}.campaign_id, 'unknown') end
{%- endmacro %}

{#- The same as the data-driven models name it, at a level (channel, campaign). -#}
{% macro credited_member(credit, level) -%}
  case
    when {{ credit }}.touch_id is null then 'unattributed'
    else {{ channel_member(credit) if level == 'channel' else campaign_member(credit) }}
  end
{%- endmacro %}
