{#- What a data-driven model counts as one: the channel of a touch, or its campaign. -#}

{% macro channel_member(touch) -%}
  coalesce({{ touch }}.channel_id, 'unknown')
{%- endmacro %}

{#- A touch of no campaign stands for its channel. -#}
{% macro campaign_member(touch) -%}
  coalesce({{ touch }}.campaign_id, 'channel:' || {{ channel_member(touch) }})
{%- endmacro %}
