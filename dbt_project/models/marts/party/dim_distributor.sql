-- Distributors: those of the master list, with the account under which each buys, and those that only documents name.
with undeclared as (
  {{ undeclared_members(
    [
      ('int_order', 'distributor_id'), ('int_opportunity', 'distributor_id'), ('stg_customer', 'distributor_id'),
      ('int_sell_out', 'distributor_id'), ('stg_distributor', 'parent_id'),
    ],
    ('stg_distributor', 'distributor_id')
  ) }}
)

select
  distributors.distributor_id,
  distributors.name,
  distributors.region,
  distributors.level,
  distributors.parent_id,
  distributors.contract_from,
  distributors.contract_to,
  parties.account_id,
  true as is_declared,
  {{ lineage('distributors') }}
from {{ ref('stg_distributor') }} as distributors
left join {{ source('identity', 'distributor') }} as parties on distributors.distributor_id = parties.distributor_id
union all
select
  member_id as distributor_id,
  {{ bare_key('member_id') }} as name,
  cast(null as string) as region,
  cast(null as string) as level,
  cast(null as string) as parent_id,
  cast(null as date) as contract_from,
  cast(null as date) as contract_to,
  cast(null as string) as account_id,
  false as is_declared,
  source_system,
  source_object,
  source_file,
  source_row,
  source_sha256
from undeclared
