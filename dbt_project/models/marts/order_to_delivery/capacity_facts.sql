-- One row per capacity record: the hours a work centre has in a month.
select
  capacity_id,
  work_centre,
  {{ month_start('month') }} as month,
  hours_available,
  source_system,
  source_object,
  source_file,
  source_row,
  source_sha256
from {{ ref('stg_capacity') }}
