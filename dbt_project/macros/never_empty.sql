{#- Data test. What: these columns have a value in every row. Why: a key, date or flag that is missing drops its row from
    what is joined or counted by it, unseen. One query for all of a model's columns; a returned row names those empty. -#}
{% test never_empty(model, columns) %}
select
  *,
  {% for column in columns -%}
  case when {{ column }} is null then '{{ column }} ' else '' end{{ ' || ' if not loop.last }}
  {%- endfor %} as empty_columns
from {{ model }}
where
  {% for column in columns -%}
  {{ 'or ' if not loop.first }}{{ column }} is null
  {% endfor %}
{% endtest %}
