"""The marts of the funnel as the metrics read them; the hand-made company of metrics_case.py has none of their rows."""

from __future__ import annotations

from tests.unit.scratch_project import columns

LEAD_QUALITY = (
    "sales_team landing_page lead_form is_mql:boolean is_sql:boolean is_mql_30d:boolean is_mql_90d:boolean "
    "is_sql_30d:boolean is_sql_90d:boolean contribution:decimal(18,2)"
)
DEAL = "sales_team customer_segment customer_region is_open:boolean days_to_close:bigint"
_ORIGIN = "origin_channel_id origin_campaign_id salesperson_id sales_team"
FUNNEL_UPSTREAM = {
    "marts.dim_salesperson": columns("salesperson_id name team"),
    "marts.funnel_stage_facts": columns(
        f"stage_event_id subject_kind subject_id funnel_stage_id stage {_ORIGIN} entered_on:date is_closing:boolean "
        "days_in_stage:bigint has_advanced:boolean is_lost_here:boolean"
    ),
    "marts.prospect_facts": columns(
        f"prospect_id {_ORIGIN} segment region first_lead_on:date has_earlier_order:boolean "
        "is_customer_within_window:boolean"
    ),
    "marts.loss_facts": columns(
        f"opportunity_id last_stage_id loss_reason {_ORIGIN} distributor_id customer_segment customer_region "
        "closed_on:date amount_functional:decimal(18,2)"
    ),
    "marts.opportunity_product_facts": columns(
        "opportunity_product_id opportunity_id product_id origin_channel_id salesperson_id sales_team closed_on:date "
        "is_won:boolean is_lost:boolean"
    ),
    "marts.opportunity_driver_facts": columns(
        "opportunity_id closed_on:date is_won:boolean interaction_count:bigint call_count:bigint email_count:bigint "
        "message_count:bigint meeting_count:bigint visit_count:bigint demo_count:bigint sample_count:bigint "
        "other_count:bigint days_to_response:bigint is_quoted:boolean days_to_first_quote:bigint "
        "discount:decimal(18,8)"
    ),
}
