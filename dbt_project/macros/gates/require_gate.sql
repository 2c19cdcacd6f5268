{#
  Refuse to build the model unless the gate passed for exactly the tables as they are now, under exactly the suites
  and settings as they are now. Set as pre-hook of every model below a gate, so it holds whoever starts dbt: a job,
  a run of a selection, a schedule, or a shell.

  Runs inside the model's own transaction: what is verified is what the model then reads.
  Verified once per dbt call and gate, and again if a table of the gate was rebuilt within that call.
#}
{% macro require_gate(gate) -%}
  {%- if execute and flags.WHICH in ('build', 'run', 'run-operation', 'snapshot', 'seed') -%}
    {%- set store = gate_existing_tables(['gate']) | map(attribute=1) | list -%}
    {%- if not ('token' in store and 'token_table' in store and 'verification' in store and 'result' in store) -%}
      {{ gate_refuse(gate, 'not_evaluated') }}
    {%- endif -%}
    {%- set known = gate_rows(gate_known_sql(gate)) -%}
    {%- if not known -%}
      {%- set verdict = gate_rows(gate_verdict_sql(gate)) -%}
      {%- if verdict -%}
        {{ gate_refuse(gate, verdict[0].status, gate_list(verdict | map(attribute='check_id') | list)) }}
      {%- endif -%}
      {{ gate_refuse(gate, 'not_evaluated') }}
    {%- endif -%}
    {%- set signature = known[0].signature -%}
    {%- if not (signature and known[0].verified) -%}
      {{ gate_verify(gate, known[0].policy_hash) }}
      {%- if signature -%}
        {%- call statement('gate_remember', auto_begin=True) -%}
          {{ gate_remember_sql(gate, invocation_id, signature) }}
        {%- endcall -%}
      {%- endif -%}
    {%- endif -%}
  {%- endif -%}
{%- endmacro %}

{% macro gate_verify(gate, policy_hash) -%}
  {%- set tables = [] -%}
  {%- for row in gate_rows(gate_token_tables_sql(gate)) -%}
    {%- do tables.append((row.schema_name, row.table_name)) -%}
  {%- endfor -%}
  {%- set existing = gate_existing_tables(tables | map(attribute=0) | unique | list) -%}
  {%- for schema_name, table_name in tables if (schema_name, table_name) not in existing -%}
    {{ gate_refuse(gate, 'missing', schema_name ~ '.' ~ table_name) }}
  {%- endfor -%}
  {%- for schema_name, table_name in existing if (schema_name, table_name) not in tables -%}
    {{ gate_refuse(gate, 'appeared', schema_name ~ '.' ~ table_name) }}
  {%- endfor -%}
  {%- for row in gate_rows(gate_differences_sql(gate, tables)) -%}
    {{ gate_refuse(gate, 'changed' if row.relation_name else 'token', row.relation_name) }}
  {%- endfor -%}
  {%- set expectations_dir = gate_expectations_dir() -%}
  {%- set settings_file = gate_workspace() ~ '/triloop.yml' -%}
  {{ gate_require_policy_files(gate, expectations_dir, settings_file) }}
  {%- if gate_rows(gate_policy_sql(expectations_dir, settings_file))[0].policy_hash != policy_hash -%}
    {{ gate_refuse(gate, 'policy') }}
  {%- endif -%}
{%- endmacro %}

{# The marker lets orchestration/lib/dbt_runner.py tell a refusal from any other error. #}
{% macro gate_refuse(gate, code, subject='') -%}
  {%- do exceptions.raise_compiler_error(
    'TRILOOP_GATE_REFUSED(' ~ gate ~ '): ' ~ gate_refusal(gate, code, subject) ~ '\nTRILOOP_GATE_FIX: ' ~ gate_refusal_fix(code)
  ) -%}
{%- endmacro %}

{% macro gate_list(names) -%}
  {{ names[:5] | join(', ') }}{{ ' … (' ~ names | length ~ ')' if names | length > 5 }}
{%- endmacro %}

{# Rows of a query, read in the transaction of the model. #}
{% macro gate_rows(sql) -%}
  {%- call statement('gate_rows', fetch_result=True, auto_begin=True) -%}
    {{ sql }}
  {%- endcall -%}
  {{ return(load_result('gate_rows').table.rows) }}
{%- endmacro %}


{# ---- places ------------------------------------------------------------------------------------------------ #}

{# Beside the dbt project, unless the environment says otherwise. #}
{% macro gate_expectations_dir() -%}
  {{ return(env_var('TRILOOP_EXPECTATIONS_DIR', '') or (invocation_args_dict.get('project_dir') or '.') ~ '/../expectations') }}
{%- endmacro %}

{# The workspace that the warehouse file lies in; else the environment's. #}
{% macro gate_workspace() -%}
  {%- set path = target.get('path') or '' -%}
  {%- if '/.triloop/' in path -%}
    {{ return(path.rsplit('/.triloop/', 1)[0]) }}
  {%- endif -%}
  {{ return(env_var('TRILOOP_WORKSPACE', '') or '.') }}
{%- endmacro %}


{# ---- one engine or the other --------------------------------------------------------------------------------- #}

{% macro gate_existing_tables(schemas) -%}
  {{ return(adapter.dispatch('gate_existing_tables')(schemas)) }}
{%- endmacro %}

{% macro duckdb__gate_existing_tables(schemas) -%}
  {%- set found = [] -%}
  {%- if schemas -%}
    {%- for row in gate_rows(duckdb__gate_existing_sql(schemas)) -%}
      {%- do found.append((row.schema_name, row.table_name)) -%}
    {%- endfor -%}
  {%- endif -%}
  {{ return(found) }}
{%- endmacro %}

{% macro spark__gate_existing_tables(schemas) -%}
  {%- set found = [] -%}
  {%- for schema_name in schemas -%}
    {%- for relation in adapter.list_relations(database=none, schema=schema_name) -%}
      {%- if '__dbt_tmp' not in relation.identifier and '__dbt_backup' not in relation.identifier -%}
        {%- do found.append((schema_name, relation.identifier)) -%}
      {%- endif -%}
    {%- endfor -%}
  {%- endfor -%}
  {{ return(found | sort) }}
{%- endmacro %}

{% macro gate_differences_sql(gate, tables) -%}
  {{ return(adapter.dispatch('gate_differences_sql')(gate, tables)) }}
{%- endmacro %}

{% macro gate_policy_sql(expectations_dir, settings_file) -%}
  {{ return(adapter.dispatch('gate_policy_sql')(expectations_dir, settings_file)) }}
{%- endmacro %}

{% macro gate_require_policy_files(gate, expectations_dir, settings_file) -%}
  {{ return(adapter.dispatch('gate_require_policy_files')(gate, expectations_dir, settings_file)) }}
{%- endmacro %}

{% macro duckdb__gate_require_policy_files(gate, expectations_dir, settings_file) -%}
  {%- set files = gate_rows(duckdb__gate_policy_files_sql(expectations_dir, settings_file))[0] -%}
  {%- if not files.suites -%}
    {{ gate_refuse(gate, 'policy_unreadable', expectations_dir) }}
  {%- elif not files.settings -%}
    {{ gate_refuse(gate, 'policy_unreadable', settings_file) }}
  {%- endif -%}
{%- endmacro %}

{# Spark's reader of files raises by itself when a path is not there. #}
{% macro spark__gate_require_policy_files(gate, expectations_dir, settings_file) -%}
{%- endmacro %}

{% macro gate_known_sql(gate) -%}
  {{ return(adapter.dispatch('gate_known_sql')(gate, invocation_id)) }}
{%- endmacro %}
