{#- Data test. What: no two rows share these columns. Why: a join that fans out would count money twice.
    A returned row is a combination that occurs more than once. -#}
{% test one_row_per(model, columns) %}
select
  {{ columns | join(', ') }},
  count(*) as row_count
from {{ model }}
group by {{ columns | join(', ') }}
having count(*) > 1
{% endtest %}
