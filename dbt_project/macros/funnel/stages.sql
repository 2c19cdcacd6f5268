{#- Whether a stage, as a source's mapping codes it, is one of the configured funnel that means this (mql, sql, quote, won, lost). -#}
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

{#-
  The stage of the way to an order that something worked at, by the stage a cost stands in: what its tag means (setting
  costs.stages), or the next one after the funnel stage that the account was in. `after_close` once the way had ended,
  `other` for a tag that nobody explains, `none` for no stage. A funnel that does not say where quotes come
  (means: quote) has its opportunities at the quote throughout.
-#}
{% macro stage_worked_at(stage) -%}
  {%- set told = {'before_funnel': 'lead'} -%}
  {%- set reached = {'lead': 'qualification', 'opportunity': 'quote'} -%}
  {%- set moved_on = {'mql': ('lead', 'opportunity'), 'sql': ('lead', 'opportunity'), 'quote': ('opportunity', 'order')} -%}
  {%- for one in var('funnel_stages') -%}
    {%- if one.means in moved_on -%}
      {%- do reached.update(dict([moved_on[one.means]])) -%}
    {%- endif -%}
    {%- do told.update({one.subject ~ ':' ~ one.stage: 'after_close' if one.means in ('won', 'lost') else reached[one.subject]}) -%}
  {%- endfor -%}
  {%- for milestone in ['lead', 'qualification', 'opportunity', 'quote', 'order'] -%}
    {%- do told.update({milestone: milestone}) -%}
  {%- endfor -%}
  {%- do told.update(var('cost_stages')) -%}
  case
    when {{ stage }} is null then 'none'
    {%- for milestone in told.values() | unique %}
    {%- set stages = [] -%}
    {%- for name, meaning in told.items() if meaning == milestone -%}{%- do stages.append(quoted_text(name)) -%}{%- endfor %}
    when lower(trim({{ stage }})) in ({{ stages | join(', ') }}) then '{{ milestone }}'
    {%- endfor %}
    else 'other'
  end
{%- endmacro %}
