{#-
  Keys that documents name but no master list holds, one row each, with the lineage of the first document that names
  them. They become members of the dimension (is_declared = false), so that a fact never points at nothing.

  mentions: list of (model, column) pairs; declared: (model, column) of the master list. A SELECT giving member_id and
  the lineage columns.
-#}
{% macro undeclared_members(mentions, declared) -%}
select
  ranked.member_id,
  ranked.source_system,
  ranked.source_object,
  ranked.source_file,
  ranked.source_row,
  ranked.source_sha256
from (
  select
    mentioned.*,
    row_number() over (
      partition by mentioned.member_id
      order by mentioned.source_system, mentioned.source_object, mentioned.source_file, mentioned.source_row
    ) as mention
  from (
    {%- for model, column in mentions %}
    select
      {{ column }} as member_id,
      source_system,
      source_object,
      source_file,
      source_row,
      source_sha256
    from {{ ref(model) }}
    where {{ column }} is not null and {{ column }} <> 'unknown'
    {{ 'union all' if not loop.last }}
    {%- endfor %}
  ) as mentioned
  -- before the ranking: millions of touches name declared members, hardly any an undeclared one
  left join {{ ref(declared[0]) }} as declared on mentioned.member_id = declared.{{ declared[1] }}
  where declared.{{ declared[1] }} is null
) as ranked
where ranked.mention = 1
{%- endmacro %}

{#- Lineage of a member that no row stands for, such as `unknown`. -#}
{% macro no_lineage() -%}
cast(null as string) as source_system,
cast(null as string) as source_object,
cast(null as string) as source_file,
cast(null as bigint) as source_row,
cast(null as string) as source_sha256
{%- endmacro %}
