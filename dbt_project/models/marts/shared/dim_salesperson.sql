-- Salespeople: those of the master list and those that only documents name.
with undeclared as (
  {{ undeclared_members(
    [
      ('int_lead', 'salesperson_id'), ('int_opportunity', 'salesperson_id'), ('int_order', 'salesperson_id'),
      ('int_quote', 'salesperson_id'), ('stg_interaction', 'salesperson_id'), ('stg_work_hours', 'salesperson_id'),
    ],
    ('stg_salesperson', 'salesperson_id')
  ) }}
)

select
  people.salesperson_id,
  people.name,
  people.team,
  people.region,
  people.active_from,
  people.active_to,
  true as is_declared,
  {{ lineage('people') }}
from {{ ref('stg_salesperson') }} as people
union all
select
  member_id as salesperson_id,
  {{ bare_key('member_id') }} as name,
  cast(null as string) as team,
  cast(null as string) as region,
  cast(null as date) as active_from,
  cast(null as date) as active_to,
  false as is_declared,
  source_system,
  source_object,
  source_file,
  source_row,
  source_sha256
from undeclared
