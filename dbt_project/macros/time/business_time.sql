{#- Calendar date, in the company's zone, of a UTC moment held without a zone. -#}
{% macro to_business_date(moment) %}{{ return(adapter.dispatch('to_business_date', 'triloop')(moment)) }}{% endmacro %}

{% macro duckdb__to_business_date(moment) -%}
cast(({{ moment }}) at time zone 'UTC' at time zone '{{ var("company_timezone") }}' as date)
{%- endmacro %}

{% macro spark__to_business_date(moment) -%}
cast(from_utc_timestamp({{ moment }}, '{{ var("company_timezone") }}') as date)
{%- endmacro %}

{#- Last microsecond, as a UTC moment, of a business date: when something known only by its date counts as done. -#}
{% macro end_of_business_date(day) %}{{ return(adapter.dispatch('end_of_business_date', 'triloop')(day)) }}{% endmacro %}

{% macro duckdb__end_of_business_date(day) -%}
(cast(({{ day }}) + interval 1 day as timestamp) at time zone '{{ var("company_timezone") }}' at time zone 'UTC' - interval 1 microsecond)
{%- endmacro %}

{% macro spark__end_of_business_date(day) -%}
(to_utc_timestamp(cast(date_add({{ day }}, 1) as timestamp), '{{ var("company_timezone") }}') - interval 1 microsecond)
{%- endmacro %}

{#- Whole days from the first date to the second; negative when the second is earlier. -#}
{% macro days_between(earlier, later) %}{{ return(adapter.dispatch('days_between', 'triloop')(earlier, later)) }}{% endmacro %}

{% macro duckdb__days_between(earlier, later) -%}
cast(date_diff('day', {{ earlier }}, {{ later }}) as bigint)
{%- endmacro %}

{% macro spark__days_between(earlier, later) -%}
cast(datediff({{ later }}, {{ earlier }}) as bigint)
{%- endmacro %}

{#- First microsecond, as a UTC moment, of a business date. A moment that is exactly this has a day, but no time of day. -#}
{% macro start_of_business_date(day) -%}
({{ end_of_business_date(add_days(day, -1)) }} + interval 1 microsecond)
{%- endmacro %}

{#- Seconds from one moment to a later one, with fractions. -#}
{% macro seconds_between(earlier, later) %}{{ return(adapter.dispatch('seconds_between', 'triloop')(earlier, later)) }}{% endmacro %}

{% macro duckdb__seconds_between(earlier, later) -%}
(epoch_us({{ later }}) - epoch_us({{ earlier }})) / 1e6
{%- endmacro %}

{% macro spark__seconds_between(earlier, later) -%}
(unix_micros({{ later }}) - unix_micros({{ earlier }})) / 1e6
{%- endmacro %}

{#- The date so many days after a date. -#}
{% macro add_days(day, days) %}{{ return(adapter.dispatch('add_days', 'triloop')(day, days)) }}{% endmacro %}

{% macro duckdb__add_days(day, days) -%}
cast({{ day }} + cast({{ days }} as integer) as date)
{%- endmacro %}

{% macro spark__add_days(day, days) -%}
date_add({{ day }}, cast({{ days }} as int))
{%- endmacro %}

{#- The first day of the month that lies so many months after the month of a date. -#}
{% macro month_after(day, months) -%}
  {{ return(adapter.dispatch('month_after', 'triloop')(day, months)) }}
{%- endmacro %}

{% macro duckdb__month_after(day, months) -%}
  cast(date_trunc('month', cast({{ day }} as date)) + to_months(cast({{ months }} as integer)) as date)
{%- endmacro %}

{% macro spark__month_after(day, months) -%}
  add_months(trunc(cast({{ day }} as date), 'MM'), cast({{ months }} as int))
{%- endmacro %}

{#- First day of the month that a day lies in. -#}
{% macro month_start(day) %}{{ month_after(day, 0) }}{% endmacro %}

{#- Last day of the month that a day lies in. -#}
{% macro month_end(day) %}{{ add_days(month_after(day, 1), -1) }}{% endmacro %}

{#- Months from the month of the first date to the month of the second; negative when the second is earlier. -#}
{% macro months_between(earlier, later) -%}
cast(
  12 * (extract(year from {{ later }}) - extract(year from {{ earlier }}))
  + extract(month from {{ later }}) - extract(month from {{ earlier }}) as integer
)
{%- endmacro %}
