{#-
  Which documents of one entity are the same document seen by two sources: same number, amount, currency and day.

  The n-th such document of one source is matched with the n-th of another, so a bill that truly has two equal rows in
  each source stays two rows. Within one source nothing merges here: its own keys are the canonical floor's business.

  relation: must have source_system and the columns named; preference: an ORDER BY list, best row to keep first.
  Goes after a WITH that holds `relation`. Gives <key>, surviving_<key>; only rows that give way to another.
-#}
{% macro duplicate_documents(relation, key, number, amount, day, preference) -%}
numbered as (
  select
    {{ key }},
    source_system,
    {{ number }} as document_number,
    {{ amount }} as document_amount,
    {{ day }} as document_day,
    currency,
    row_number() over (
      partition by source_system, {{ number }}, {{ amount }}, {{ day }}, currency
      order by {{ preference }}, {{ key }}
    ) as occurrence,
    row_number() over (order by {{ preference }}, source_system, {{ key }}) as preference_rank
  from {{ relation }}
),

matched as (
  select
    {{ key }},
    first_value({{ key }}) over (
      partition by document_number, document_amount, document_day, currency, occurrence
      order by preference_rank
    ) as surviving_{{ key }}
  from numbered
  where document_number is not null
)

select
  {{ key }},
  surviving_{{ key }},
  'same_number_amount_day' as rule
from matched
where {{ key }} <> surviving_{{ key }}
{%- endmacro %}
