{#- Whether a stage, as a source's mapping codes it, is one of the configured funnel that means this (mql, sql, won, lost). -#}
{% macro stage_means(stage, subject, meaning) -%}
  {%- set codes = [] -%}
  {%- for one in var('funnel_stages') if one.subject == subject and one.means == meaning -%}
    {%- do codes.append(quoted_text(one.stage)) -%}
  {%- endfor -%}
  {%- if codes -%}lower({{ stage }}) in ({{ codes | join(', ') }}){%- else -%}false{%- endif -%}
{%- endmacro %}

{#- A text of the settings as a SQL literal. -#}
{% macro quoted_text(text) -%}
  '{{ text | string | replace("'", "''") }}'
{%- endmacro %}
