-- Cost rows that two sources both sent. The row that names a campaign is kept.
with spend as (
  select
    *,
    coalesce(document_no, {{ bare_key('spend_id') }}) as spend_number
  from {{ ref('stg_marketing_spend') }}
),

{{ duplicate_documents(
  'spend', 'spend_id', 'spend_number', 'amount', 'spent_on', 'campaign_id is null, channel_id is null'
) }}
