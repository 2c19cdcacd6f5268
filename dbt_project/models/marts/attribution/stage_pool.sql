-- What each stage of the way to an order is worth: the fixed shares of the settings, and information shares,
-- ln p ÷ Σ ln p with p = (advanced + 1) ÷ (entered + 2): the harder a stage is to reach, the more it is worth. Counted
-- over the last twelve months that are mature.
with horizon as (
  select
    {{ month_after(add_days('as_of_on', '-' ~ (var('stage_mature_days') | int)), 0) }} as until_on,
    {{ month_after(add_days('as_of_on', '-' ~ (var('stage_mature_days') | int)), -12) }} as from_on
  from {{ ref('int_as_of') }}
),

-- Somebody a campaign or channel met: the account, else the person, else the lead that is nobody's yet.
met as (
  select
    coalesce('account:' || account_id, 'contact:' || contact_id, 'lead:' || lead_id) as met_id,
    max(case when lead_id is not null then 1 else 0 end) as advanced
  from {{ ref('int_touch') }}
  cross join horizon
  where touched_on >= horizon.from_on and touched_on < horizon.until_on
    and coalesce(account_id, contact_id, lead_id) is not null
  group by coalesce('account:' || account_id, 'contact:' || contact_id, 'lead:' || lead_id)
),

quoted as (
  select distinct opportunity_id
  from {{ ref('quote_facts') }}
),

counted as (
  select
    'lead' as milestone,
    count(*) as entered,
    sum(advanced) as advanced
  from met
  union all
  select
    'qualification' as milestone,
    count(*) as entered,
    sum(case when leads.is_mql or leads.is_sql then 1 else 0 end) as advanced
  from {{ ref('lead_facts') }} as leads
  cross join horizon
  where leads.is_valid and leads.created_on >= horizon.from_on and leads.created_on < horizon.until_on
  union all
  select
    'opportunity' as milestone,
    count(*) as entered,
    sum(case when leads.has_opportunity then 1 else 0 end) as advanced
  from {{ ref('lead_facts') }} as leads
  cross join horizon
  where leads.is_valid and (leads.is_mql or leads.is_sql)
    and leads.created_on >= horizon.from_on and leads.created_on < horizon.until_on
  union all
  select
    'quote' as milestone,
    count(*) as entered,
    sum(case when quoted.opportunity_id is not null then 1 else 0 end) as advanced
  from {{ ref('opportunity_facts') }} as opportunities
  cross join horizon
  left join quoted on opportunities.opportunity_id = quoted.opportunity_id
  where opportunities.created_on >= horizon.from_on and opportunities.created_on < horizon.until_on
  union all
  select
    'order' as milestone,
    count(*) as entered,
    sum(case when opportunities.has_order then 1 else 0 end) as advanced
  from {{ ref('opportunity_facts') }} as opportunities
  cross join horizon
  inner join quoted on opportunities.opportunity_id = quoted.opportunity_id
  where opportunities.created_on >= horizon.from_on and opportunities.created_on < horizon.until_on
),

measured as (
  select
    milestone.name as milestone,
    milestone.number as milestone_number,
    counted.entered,
    coalesce(counted.advanced, 0) as advanced,
    cast(case milestone.name
      {%- for name, share in var('stage_pools').items() %}
      when '{{ name }}' then '{{ share }}'
      {%- endfor %}
    end as decimal(10, 9)) as fixed_weight,
    -ln((coalesce(counted.advanced, 0) + 1e0) / (counted.entered + 2e0)) as information
  from {{ journey_milestones() }} as milestone (name, number)
  inner join counted on milestone.name = counted.milestone
)

select
  measured.milestone,
  cast(measured.milestone_number as integer) as milestone_number,
  horizon.from_on as counted_from,
  {{ add_days('horizon.until_on', -1) }} as counted_to,
  cast(measured.entered as bigint) as entered,
  cast(measured.advanced as bigint) as advanced,
  measured.fixed_weight,
  cast(round(measured.information / sum(measured.information) over (), 9) as decimal(10, 9)) as information_weight
from measured
cross join horizon
