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
