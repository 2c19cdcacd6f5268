{#- What the tables of paths count of a group of journeys (path_journey): conversions, money of the orders, days. -#}
{% macro path_sums() -%}
    cast(count(*) as bigint) as journeys,
    cast(sum(case when is_converted then 1 else 0 end) as bigint) as conversions,
    cast(sum(case when is_converted then 0 else 1 end) as bigint) as null_paths,
    cast(sum(case when is_first_order then 1 else 0 end) as bigint) as new_customers,
    cast(sum(touch_count) as bigint) as touches,
    {%- for measure in ['booked', 'invoiced', 'collected', 'contribution'] %}
    cast(sum({{ measure }}) as decimal(18, 2)) as {{ measure }},
    {%- endfor %}
    cast(percentile_cont(0.5) within group (order by days_to_convert) as decimal(18, 1)) as days_median,
    cast(percentile_cont(0.9) within group (order by days_to_convert) as decimal(18, 1)) as days_p90
{%- endmacro %}

{#- A number as the first band that holds it: label, low, high (none: open) → its label, or its place from 1. -#}
{% macro band_of(value, bands, told='label') -%}
  case
    {%- for label, low, high in bands %}
    when {{ value }} >= {{ low }}{{ ' and ' ~ value ~ ' <= ' ~ high if high is not none }} then
      {{- ' ' ~ (quoted_text(label) if told == 'label' else loop.index) }}
    {%- endfor %}
  end
{%- endmacro %}

{#- What path_summary and path_distribution tell of their sums; of a relation that also has all_conversions. -#}
{% macro path_figures() -%}
  journeys,
  conversions,
  null_paths,
  {{ ratio('conversions', 'journeys') }} as conversion_rate,
  {{ wilson_low('conversions', 'journeys') }} as conversion_rate_low,
  {{ wilson_high('conversions', 'journeys') }} as conversion_rate_high,
  {{ ratio('conversions', 'all_conversions') }} as conversion_share,
  new_customers,
  conversions - new_customers as repeat_orders,
  booked,
  invoiced,
  collected,
  contribution
{%- endmacro %}
