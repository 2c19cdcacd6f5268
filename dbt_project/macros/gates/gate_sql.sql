{#
  The SQL of the gate guard, written once. Everything in this file is plain Jinja without dbt's context, because
  orchestration/lib/gate_token.py renders the very same macros: the guard that Python asks and the guard that a
  dbt pre-hook asks cannot drift apart.

  gate.token(gate, build_id, fingerprint, policy_hash, passed_at)          one row per passed gate
  gate.token_table(gate, schema_name, table_name, row_count, columns_hash, content_hash)   what it passed for
  gate.verification(invocation_id, gate, signature)                        so that one dbt call verifies a gate once
#}

{% macro gate_literal(text) -%}
  '{{ text | string | replace("'", "''") }}'
{%- endmacro %}

{% macro gate_name(schema_name, table_name) -%}
  "{{ schema_name | replace('"', '""') }}"."{{ table_name | replace('"', '""') }}"
{%- endmacro %}

{# A folder name as a glob that matches only itself. #}
{% macro gate_glob(path) -%}
  {{ path | replace('[', '[[]') | replace('*', '[*]') | replace('?', '[?]') }}
{%- endmacro %}


{# ---- which tables are there ------------------------------------------------------------------------------- #}

{# dbt's own half-built and half-dropped tables are not data of the floor. #}
{% macro duckdb__gate_existing_sql(schemas) %}
select schema_name, table_name
from (
  select schema_name, table_name from duckdb_tables() where database_name = current_database()
  union all
  select schema_name, view_name from duckdb_views() where database_name = current_database()
)
where schema_name in ({% for name in schemas %}{{ gate_literal(name) }}{{ ', ' if not loop.last }}{% endfor %})
  and not regexp_matches(table_name, '__dbt_(tmp|backup)')
order by schema_name, table_name
{% endmacro %}


{# ---- the fingerprint of tables ---------------------------------------------------------------------------- #}

{#
  One row per table: schema_name, table_name, row_count, columns_hash, content_hash. The content hash is the sum of
  the rows' hashes, so the order of rows does not matter and a row that occurs twice counts twice.
#}
{% macro duckdb__gate_fingerprint_sql(tables) %}
select content.schema_name, content.table_name, content.row_count,
  coalesce(described.columns_hash, '') as columns_hash, content.content_hash
from (
{% for schema_name, table_name in tables %}
  select {{ gate_literal(schema_name) }} as schema_name, {{ gate_literal(table_name) }} as table_name,
    count(*) as row_count, cast(coalesce(sum(hash(gated)), 0) as varchar) as content_hash
  from {{ gate_name(schema_name, table_name) }} as gated
  {{ 'union all' if not loop.last }}
{% else %}
  select null as schema_name, null as table_name, 0 as row_count, '' as content_hash where false
{% endfor %}
) as content
left join (
  select schema_name, table_name,
    sha256(string_agg(column_name || ' ' || data_type, ', ' order by column_index)) as columns_hash
  from duckdb_columns()
  where database_name = current_database()
  group by schema_name, table_name
) as described using (schema_name, table_name)
{% endmacro %}

{# xxhash64(a, b) passes over NULLs, so (NULL, 1) and (1, NULL) would be one; JSON names every column and its NULL. #}
{% macro spark__gate_fingerprint_sql(tables) %}
{% for schema_name, table_name in tables %}
select {{ gate_literal(schema_name) }} as schema_name, {{ gate_literal(table_name) }} as table_name,
  count(*) as row_count, '' as columns_hash,
  cast(coalesce(sum(cast(xxhash64(to_json(struct(*), map('ignoreNullFields', 'false'))) as decimal(38, 0))), 0) as string)
    as content_hash
from `{{ schema_name }}`.`{{ table_name }}`
{{ 'union all' if not loop.last }}
{% endfor %}
{% endmacro %}

{# One text over all rows of a fingerprint query. #}
{% macro duckdb__gate_summary_sql(source) %}
select sha256(coalesce(string_agg(line, chr(10) order by line), '')) as fingerprint
from (
  select concat_ws(':', schema_name || '.' || table_name, row_count, columns_hash, content_hash) as line
  from {{ source }}
) as lines
{% endmacro %}

{% macro spark__gate_summary_sql(source) %}
select sha2(coalesce(array_join(sort_array(collect_list(line)), '\n'), ''), 256) as fingerprint
from (
  select concat_ws(':', schema_name || '.' || table_name, row_count, columns_hash, content_hash) as line
  from {{ source }}
) as lines
{% endmacro %}

{#
  What differs between the token and the tables as they are: one row (relation_name, difference) per table, and one
  with an empty relation_name if the token's own fingerprint is not that of its tables.
#}
{% macro duckdb__gate_differences_sql(gate, tables) %}
with fresh as ({{ duckdb__gate_fingerprint_sql(tables) }})
{{ gate_compare_sql(gate, duckdb__gate_summary_sql('fresh')) }}
{% endmacro %}

{% macro spark__gate_differences_sql(gate, tables) %}
with fresh as ({{ spark__gate_fingerprint_sql(tables) }})
{{ gate_compare_sql(gate, spark__gate_summary_sql('fresh')) }}
{% endmacro %}

{% macro gate_compare_sql(gate, summary_sql) %}
select stored.schema_name || '.' || stored.table_name as relation_name,
  case
    when fresh.columns_hash is distinct from stored.columns_hash then 'columns'
    when fresh.row_count is distinct from stored.row_count then 'rows'
    else 'content'
  end as difference
from gate.token_table as stored
left join fresh on stored.schema_name = fresh.schema_name and stored.table_name = fresh.table_name
where stored.gate = {{ gate_literal(gate) }}
  and (
    fresh.row_count is distinct from stored.row_count
    or fresh.columns_hash is distinct from stored.columns_hash
    or fresh.content_hash is distinct from stored.content_hash
  )
union all
select '' as relation_name, 'fingerprint' as difference
from gate.token
where gate = {{ gate_literal(gate) }} and fingerprint is distinct from (select fingerprint from ({{ summary_sql }}) as whole)
order by relation_name desc
{% endmacro %}


{# ---- the policy: suites and settings ---------------------------------------------------------------------- #}

{# How many files the policy has, asked first because reading a file that is not there is an error of its own. #}
{% macro duckdb__gate_policy_files_sql(expectations_dir, settings_file) %}
select (select count(*) from glob({{ gate_literal(gate_glob(expectations_dir) ~ '/**/*.py') }})) as suites,
  (select count(*) from glob({{ gate_literal(gate_glob(settings_file)) }})) as settings
{% endmacro %}

{#
  SHA-256 over every suite's relative path and content, and the settings' content. A path is named from the depth of
  the suites nearest the root on, so that it does not matter how the folder itself was written.
#}
{% macro duckdb__gate_policy_sql(expectations_dir, settings_file) %}
select sha256(string_agg(line, chr(10) order by line)) as policy_hash
from (
  select array_to_string(parts[min(len(parts)) over () :], '/') || ' ' || content_hash as line
  from (
    select string_split(filename, '/') as parts, sha256(content) as content_hash
    from read_blob({{ gate_literal(gate_glob(expectations_dir) ~ '/**/*.py') }})
  ) as suites
  union all
  select 'settings ' || sha256(content) as line
  from read_blob({{ gate_literal(gate_glob(settings_file)) }})
) as lines
{% endmacro %}

{# Spark's globs know no **, so three levels are named; a path that is not there is an error of Spark's. #}
{% macro spark__gate_policy_sql(expectations_dir, settings_file) %}
select sha2(array_join(sort_array(collect_list(line)), '\n'), 256) as policy_hash
from (
  select array_join(slice(parts, min(size(parts)) over (), 1000), '/') || ' ' || content_hash as line
  from (
    select split(path, '/') as parts, sha2(content, 256) as content_hash
    from binaryFile.`{{ expectations_dir }}/{*,*/*,*/*/*}.py`
  ) as suites
  union all
  select 'settings ' || sha2(content, 256) as line from binaryFile.`{{ settings_file }}`
) as lines
{% endmacro %}


{# ---- what is known about a gate --------------------------------------------------------------------------- #}

{% macro gate_token_sql(gate) %}
select policy_hash from gate.token where gate = {{ gate_literal(gate) }}
{% endmacro %}

{% macro gate_token_tables_sql(gate) %}
select schema_name, table_name from gate.token_table where gate = {{ gate_literal(gate) }} order by schema_name, table_name
{% endmacro %}

{# Checks that kept the gate shut, the refusal's code first: those that could not be evaluated before those that failed. #}
{% macro gate_verdict_sql(gate) %}
select case when status = 'not_evaluated' then 'broken' else status end as status, check_id from gate.result
where gate = {{ gate_literal(gate) }} and (status = 'not_evaluated' or status = 'failed')
order by 1, 2
{% endmacro %}

{#
  A cheap mark of the tables' identity within one dbt call: a rebuilt table has a new oid, one appended to another
  size. A view has no rows of its own, so what it names is marked with it, be it of the gate or not. NULL when one of the
  tables is gone.
#}
{% macro duckdb__gate_signature_sql(gate) %}
with object as (
  select schema_name, table_name, table_oid as oid, estimated_size as size, null as sql
  from duckdb_tables()
  where database_name = current_database()
  union all
  select schema_name, view_name, view_oid, null, sql
  from duckdb_views()
  where database_name = current_database()
),
stored as (
  select schema_name, table_name from gate.token_table where gate = {{ gate_literal(gate) }}
),
marked as (
  select stored.schema_name, stored.table_name, object.oid, object.size, object.sql
  from stored
  left join object on stored.schema_name = object.schema_name and stored.table_name = object.table_name
)
select case when count(*) = count(oid) then
    sha256(string_agg(schema_name || '.' || table_name || ':' || oid || ':' || coalesce(size, 0),
      ',' order by schema_name, table_name))
  end as signature
from (
  select schema_name, table_name, oid, size from marked
  union
  select object.schema_name, object.table_name, object.oid, object.size
  from marked
  join object on contains(marked.sql, object.schema_name || '.' || object.table_name)
)
{% endmacro %}

{#
  All that a model asks of a gate that was verified before in this dbt call, in one query: a row per token of the gate
  (none: it did not pass) with the policy it passed under, the signature of its tables now, and whether that was verified.
#}
{% macro duckdb__gate_known_sql(gate, invocation_id) %}
with present as ({{ duckdb__gate_signature_sql(gate) }})
select token.policy_hash, present.signature, exists (
    select 1 from gate.verification as seen
    where seen.gate = token.gate and seen.invocation_id = {{ gate_literal(invocation_id) }}
      and seen.signature = present.signature
  ) as verified
from gate.token as token
cross join present
where token.gate = {{ gate_literal(gate) }}
{% endmacro %}

{# Spark shows no cheap mark of a table's identity, so every model verifies in full. #}
{% macro spark__gate_known_sql(gate, invocation_id) %}
select policy_hash, cast(null as string) as signature, false as verified
from gate.token
where gate = {{ gate_literal(gate) }}
{% endmacro %}

{% macro gate_remember_sql(gate, invocation_id, signature) %}
insert into gate.verification (invocation_id, gate, signature)
values ({{ gate_literal(invocation_id) }}, {{ gate_literal(gate) }}, {{ gate_literal(signature) }})
{% endmacro %}


{# ---- the words of a refusal -------------------------------------------------------------------------------- #}

{# One line, bilingual: gate, what is wrong with which table or check, and what to do. #}
{% macro gate_refusal(gate, code, subject='') -%}
  {%- set words = {
    'not_evaluated': ('was not evaluated for this data', '尚未对这批数据求值'),
    'failed': ('failed: ' ~ subject, '未通过：' ~ subject),
    'broken': ('was not evaluated, because something broke in it: ' ~ subject, '未能求值，检查出错：' ~ subject),
    'missing': ('does not hold: table ' ~ subject ~ ' is gone since the gate passed',
                '已失效：表 ' ~ subject ~ ' 在关卡通过后消失'),
    'appeared': ('does not hold: table ' ~ subject ~ ' appeared after the gate passed',
                 '已失效：表 ' ~ subject ~ ' 在关卡通过后才出现'),
    'changed': ('does not hold: table ' ~ subject ~ ' was rewritten after the gate passed',
                '已失效：表 ' ~ subject ~ ' 在关卡通过后被改写'),
    'token': ('does not hold: its token does not match its own tables', '已失效：令牌与其表不符'),
    'policy': ('does not hold: the checks or triloop.yml changed after the gate passed',
               '已失效：检查或 triloop.yml 在关卡通过后有改动'),
    'policy_unreadable': ('cannot be verified: ' ~ subject ~ ' was not found', '无法核实：找不到 ' ~ subject),
  } -%}
  {%- set text = words[code] -%}
  gate '{{ gate }}' {{ text[0] }} · 关卡 {{ gate }} {{ text[1] }}
{%- endmacro %}

{% macro gate_refusal_fix(code) -%}
  {%- if code == 'failed' -%}
    mend the rows that 'triloop run' lists (source file and row), then run: triloop run · 按 triloop run 列出的文件与行号修正后重新运行：triloop run
  {%- elif code == 'policy_unreadable' -%}
    set TRILOOP_WORKSPACE to the workspace and TRILOOP_EXPECTATIONS_DIR to the folder expectations/, or run: triloop run · 设置这两个环境变量，或运行：triloop run
  {%- else -%}
    run: triloop run (it evaluates the gate before it builds on) · 运行：triloop run（先过关卡，再往下建）
  {%- endif -%}
{%- endmacro %}
