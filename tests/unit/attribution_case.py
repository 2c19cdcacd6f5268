"""Touches, orders, money and cost of hand-made accounts, one account per case, for the tests of attribution.

Times are UTC; the company is in Asia/Shanghai (UTC+8), so a business day ends at 15:59:59 UTC.
"""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

from orchestration.lib.closing import load_closings
from tests.unit.scratch_project import ScratchProject, columns

END_OF_DAY = "15:59:59.999999"
UPSTREAM = {
    "intermediate.int_touch": columns(
        "touch_id account_id lead_id campaign_id channel_id touched_at:timestamp touched_on:date "
        "effective_at:timestamp precision touch_type contact_id"
    ),
    "intermediate.int_spend": columns(
        "spend_id campaign_id channel_id objective spent_on:date service_from:date service_to:date cost_type stage "
        "planned_shows:bigint cost_functional:decimal(18,2)"
    ),
    "marts.dim_campaign": columns("campaign_id channel_id objective starts_on:date booth"),
    "marts.touch_facts": columns(
        "touch_id account_id lead_id campaign_id channel_id touched_at:timestamp touched_on:date touch_type"
    ),
    "marts.work_hours_facts": columns(
        "work_hours_id campaign_id channel_id salesperson_id worked_on:date hours:decimal(18,4) stage "
        "is_acquisition:boolean sales_cost:decimal(18,2)"
    ),
    "marts.interaction_facts": columns(
        "interaction_id account_id salesperson_id occurred_at:timestamp occurred_on:date"
    ),
    "marts.stage_event_facts": columns(
        "stage_event_id subject_kind account_id stage entered_at:timestamp is_entry:boolean is_valid:boolean"
    ),
    "marts.ledger_tie_out": columns("tie_out_id account month:date difference:decimal(18,2) is_closed:boolean"),
    "marts.dim_channel": columns("channel_id channel_group"),
    "marts.order_facts": columns(
        "order_id account_id confirmed_at:timestamp confirmed_on:date is_excluded:boolean is_first_order:boolean "
        "lead_id opportunity_id quote_id currency origin_channel_id origin_campaign_id salesperson_id distributor_id"
    ),
    "intermediate.int_as_of": columns("as_of_on:date"),
    "intermediate.int_lead": columns(
        "lead_id created_at:timestamp created_on:date mql_at:timestamp mql_on:date sql_at:timestamp sql_on:date"
    ),
    "intermediate.int_opportunity": columns("opportunity_id created_at:timestamp created_on:date"),
    "marts.lead_facts": columns(
        "lead_id origin_channel_id origin_campaign_id product_interest "
        "created_on:date is_valid:boolean is_mql:boolean is_sql:boolean has_opportunity:boolean"
    ),
    "marts.opportunity_facts": columns(
        "opportunity_id origin_channel_id origin_campaign_id created_on:date has_order:boolean"
    ),
    "marts.quote_facts": columns("quote_id opportunity_id quoted_at:timestamp quoted_on:date"),
    "marts.order_line_facts": columns(
        "order_id order_line_id product_id ordered_on:date is_excluded:boolean net_booked:decimal(18,2)"
    ),
    "marts.invoice_line_facts": columns(
        "order_id order_line_id invoice_line_id product_id invoiced_on:date is_excluded:boolean "
        "net_invoiced:decimal(18,2) cogs:decimal(18,2) gross_profit:decimal(18,2)"
    ),
    "marts.order_cost_facts": columns(
        "order_id order_line_id cost_line_id kind incurred_on:date is_excluded:boolean amount:decimal(18,2)"
    ),
    "marts.payment_line_facts": columns(
        "order_id order_line_id payment_line_id product_id paid_on:date is_excluded:boolean collected:decimal(18,2)"
    ),
    # given by hand, so that the tests of credits do not depend on how postings come about
    "attribution.order_measure": columns(
        "order_id order_line_id posting_id posted_on:date measure amount:decimal(18,2) document_kind document_id"
    ),
}


#: what a test of attribution builds
MODELS = "path:models/marts/journey path:models/marts/attribution"


def scratch(folder: Path, variables: dict[str, Any] | None = None) -> ScratchProject:
    case = ScratchProject(
        folder,
        copied=["marts/journey", "marts/attribution"],
        upstream=UPSTREAM,
        sources={"attribution.channel_effect": columns("model level member_id effect:decimal(18,9)")},
        variables=variables,
    )
    load_closings(case.workspace, [])
    return case


def touch(touch_id: str, account: str | None, moment: str, **more: Any) -> dict[str, Any]:
    """A touch; ``moment`` of ten characters is a business date of which the time is not known."""
    day_only = len(moment) == 10
    day = dt.date.fromisoformat(moment[:10])
    midnight = f"{day - dt.timedelta(days=1)} 16:00:00"
    return {
        "touch_id": touch_id,
        "account_id": account,
        "channel_id": "web",
        "campaign_id": f"c_{touch_id}",
        "touched_at": midnight if day_only else moment,
        "effective_at": f"{day} {END_OF_DAY}" if day_only else moment,
        "touched_on": day,
        "precision": "date" if day_only else "exact",
        **more,
    }


def order(order_id: str, account: str | None, moment: str | None, **more: Any) -> dict[str, Any]:
    return {
        "order_id": order_id,
        "account_id": account,
        "confirmed_at": moment,
        "confirmed_on": moment[:10] if moment else None,
        "is_excluded": False,
        "is_first_order": False,
        "currency": "CNY",
        **more,
    }


TOUCHES = [
    # one, two, three, five touches
    touch("one_a", "one", "2024-03-01 01:00:00"),
    touch("two_a", "two", "2024-03-01 01:00:00"),
    touch("two_b", "two", "2024-03-02 01:00:00"),
    *(touch(f"five_{n}", "five", f"2024-03-0{n} 01:00:00") for n in range(1, 6)),
    *(touch(f"three_{n}", "three", f"2024-03-0{n} 01:00:00") for n in range(1, 4)),
    # a tie: same moment, exact before date-only, then by id
    touch("tie_b", "tie", f"2024-03-01 {END_OF_DAY}"),
    touch("tie_c", "tie", "2024-03-01"),
    touch("tie_a", "tie", f"2024-03-01 {END_OF_DAY}"),
    # date-only on the day of the order counts, capped at the order, so it comes after the exact one before it
    touch("day_of", "day", "2024-03-10"),
    touch("day_exact", "day", "2024-03-10 03:00:00"),
    # after the order on its day: exact does not count; the next day's date-only neither
    touch("late_ok", "late", "2024-03-01 01:00:00"),
    touch("late_no", "late", "2024-03-10 06:00:01"),
    touch("late_day", "late", "2024-03-11"),
    # only after the order
    touch("never_1", "never", "2024-03-10 06:00:01"),
    # lookback is 365 days, to the microsecond; a show's is 540
    touch("old_edge", "old", "2023-03-11 06:00:00"),
    touch("old_past", "old", "2023-03-11 05:59:59"),
    touch("old_show", "old", "2022-10-01 00:00:00", channel_id="show"),
    touch("gone_1", "gone", "2023-03-11 05:59:59"),
    # repeat orders
    touch("rep_1", "rep", "2024-01-01 01:00:00"),
    touch("rep_2", "rep", "2024-02-01 01:00:00"),
    touch("rep_day", "rep", "2024-01-10"),
    # touches nobody can place
    touch("lost_1", None, "2024-03-01 01:00:00"),
]
ORDERS = [
    *(
        order(f"o_{name}", name, "2024-03-10 06:00:00")
        for name in ("one", "two", "three", "five", "tie", "day", "late")
    ),
    *(order(f"o_{name}", name, "2024-03-10 06:00:00") for name in ("never", "old", "gone", "untouched")),
    order("o_nobody", None, "2024-03-10 06:00:00"),
    order("o_undated", "one", None),
    order("o_test", "one", "2024-03-10 06:00:00", is_excluded=True),
    # the date-only touch of 10 January is used up by the first order of that day, not by the second one
    order("o_rep_1", "rep", "2024-01-10 03:00:00", is_first_order=True),
    order("o_rep_1b", "rep", "2024-01-10 09:00:00"),
    order("o_rep_2", "rep", "2024-02-10 03:00:00"),
    # two documents of one moment share one journey
    order("o_rep_2b", "rep", "2024-02-10 03:00:00"),
    order("o_rep_3", "rep", "2024-03-10 03:00:00"),
]


def postings(order_id: str | None, line: str, measure: str, *amounts: str) -> list[dict[str, Any]]:
    return [
        {
            "order_id": order_id,
            "order_line_id": line,
            "posting_id": f"{line}-{number}",
            "posted_on": dt.date(2024, 4, 1) + dt.timedelta(days=number),
            "measure": measure,
            "amount": amount,
        }
        for number, amount in enumerate(amounts)
    ]


MONEY = [
    *postings("o_one", "one", "invoiced", "100.01"),
    *postings("o_two", "two", "invoiced", "0.01"),
    *postings("o_three", "three", "invoiced", "100.00"),
    *postings("o_three", "three", "collected", "33.33", "33.33", "33.34"),
    # a credit note per part, each an amount that does not divide: back to exactly nothing
    *postings("o_five", "five", "invoiced", "100.01", "-33.34", "-33.33", "-33.34"),
    *postings("o_five", "five", "gross_profit", "-7.77", "7.77"),
    *postings("o_five", "huge", "booked", "9999999999999999.99"),
    *postings("o_five", "part", "after_sales", "0.07", "-0.02"),
    *postings("o_untouched", "untouched", "invoiced", "55.55", "-5.55"),
    *postings("o_gone", "gone", "invoiced", "20.00"),
    *postings("o_never", "never", "invoiced", "30.00"),
    *postings("o_nobody", "nobody", "invoiced", "40.00"),
    *postings("o_rep_3", "rep3", "invoiced", "50.00"),
    *postings("o_undated", "undated", "invoiced", "60.00"),
    *postings(None, "orderless", "invoiced", "70.00"),
]
SPEND = [
    # 20 Jan to 2 Mar 2024 are 12 + 29 + 2 = 43 days
    {"spend_id": "media", "campaign_id": "c1", "channel_id": "web", "spent_on": "2024-01-05",
     "service_from": "2024-01-20",
     "service_to": "2024-03-02", "cost_type": "media", "cost_functional": "100.00"},
    {"spend_id": "refund", "campaign_id": "c1", "channel_id": "web", "spent_on": "2024-01-05",
     "service_from": "2024-01-20",
     "service_to": "2024-03-02", "cost_type": "media", "cost_functional": "-100.00"},
    {"spend_id": "booth", "campaign_id": "c2", "channel_id": "show", "spent_on": "2024-01-31",
     "service_from": "2024-02-28",
     "service_to": "2024-03-02", "cost_type": "booth", "cost_functional": "999.99", "objective": "retention"},
    {"spend_id": "channel_only", "channel_id": "web", "spent_on": "2024-02-29", "cost_type": "tool",
     "cost_functional": "5.05"},
    {"spend_id": "nowhere", "channel_id": "unknown", "spent_on": "2024-02-29", "cost_functional": "7.07"},
    # in January what media cost was given back
    {"spend_id": "idle", "channel_id": "unknown", "spent_on": "2024-01-29", "cost_functional": "3.00"},
]  # fmt: skip


def fill(case: ScratchProject) -> None:
    case.load("intermediate.int_as_of", [{"as_of_on": dt.date(2024, 12, 31)}])
    case.load("marts.dim_channel", [{"channel_id": "web", "channel_group": "paid"},
                                    {"channel_id": "show", "channel_group": "trade_show"}])  # fmt: skip
    case.load("intermediate.int_touch", TOUCHES)
    case.load("marts.order_facts", ORDERS)
    case.load("attribution.order_measure", MONEY)
    case.load("intermediate.int_spend", SPEND)
