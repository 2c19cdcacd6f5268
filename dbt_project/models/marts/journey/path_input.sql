{{ config(materialized="view") }}
-- What each path is computed from, as one number: an order with the journeys of its account, or a null path.
select
  conversion.order_id as journey_id,
  {{ fingerprint([
    'conversion.account_id', 'conversion.converted_at', 'conversion.converted_on', 'journey.input_hash',
    code_fingerprint()
  ]) }} as input_hash
from {{ ref('conversion') }} as conversion
left join {{ ref('journey_input') }} as journey on conversion.account_id = journey.account_id

union all

select
  {{ null_journey_id('path.account_id') }} as journey_id,
  path.input_hash
from {{ ref('null_path_input') }} as path
