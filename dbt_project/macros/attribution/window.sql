{#- Days a touch stays in the window, by the group of its channel (settings attribution.lookback_days…). -#}
{% macro lookback_days_of(channel_group) -%}
  {%- set groups = var('lookback_days_by_channel_group') -%}
  {%- if execute and groups -%}
  case {{ channel_group }}
    {%- for group, days in groups.items() %}
    when '{{ group | replace("'", "''") }}' then {{ days | int }}
    {%- endfor %}
    else {{ var('lookback_days') | int }}
  end
  {%- else -%}
  {{ var('lookback_days') | int }}
  {%- endif -%}
{%- endmacro %}

{#- True when a touch had happened by a conversion: an exact touch at or before its moment, a date-only touch on or before
    its day (it counts as the end of that day, capped at the conversion). -#}
{% macro happened_by(touch, moment, day) -%}
  case when {{ touch }}.precision_rank = 0 then {{ touch }}.touched_at <= {{ moment }} else {{ touch }}.touched_on <= {{ day }} end
{%- endmacro %}

{#- Why a touch that happened by the conversion does not serve it; NULL when it does. Window: [t − lookback, t], and with
    reset_at_order (max(t − lookback, previous t), t]. -#}
{% macro window_exclusion(touch, conversion) -%}
  case
    when {{ capped_at(touch, conversion) }} < {{ days_before(conversion ~ '.converted_at', touch ~ '.lookback_days') }} then 'out_of_window'
    {%- if var('reset_at_order', true) %}
    when {{ conversion }}.previous_converted_at is not null
      and {{ happened_by(touch, conversion ~ '.previous_converted_at', conversion ~ '.previous_converted_on') }} then 'before_reset'
    {%- endif %}
  end
{%- endmacro %}

{#- When the touch counts for this conversion. -#}
{% macro capped_at(touch, conversion) -%}
  case when {{ touch }}.effective_at < {{ conversion }}.converted_at then {{ touch }}.effective_at else {{ conversion }}.converted_at end
{%- endmacro %}

{#- How near to a purchase a kind of touch is; orders what happened at one moment. The kinds in the contract's order
    (touchpoint.yml); one that is not known comes first. -#}
{% macro touch_kind_rank(touch_type) -%}
  case {{ touch_type }}
    {%- for kind in ['impression', 'click', 'form', 'download', 'booth_scan', 'webinar', 'call', 'email', 'message', 'visit',
      'meeting', 'demo', 'sample', 'referral', 'other'] %}
    when '{{ kind }}' then {{ loop.index }}
    {%- endfor %}
    else 0
  end
{%- endmacro %}
