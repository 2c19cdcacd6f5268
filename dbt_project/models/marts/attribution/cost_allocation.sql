-- Where each marketing cost belongs: campaign and channel, by month, in the one view that every figure reads (setting
-- costs.view). The rows of one cost add up to it, to the cent. All views, with stages and products: cost_ledger.
select
  cost_allocation_id,
  spend_id,
  campaign_id,
  channel_id,
  cost_type,
  stage,
  allocated_on,
  month,
  amount,
  basis,
  driver,
  reason,
  is_media,
  is_acquisition
from {{ ref('cost_share') }}
where view = {{ quoted_text(var('costs_view')) }}
