"""Attribution against cases worked out by hand: journeys, weights, credits to the cent, cost by month.

All cases live in one warehouse, one account each, so dbt runs once; the same touches without the reset run a second time.
Times are UTC; the company is in Asia/Shanghai (UTC+8), so a business day ends at 15:59:59 UTC.
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from orchestration.lib.errors import TriloopError
from tests.unit.scratch_project import ScratchProject, columns

D = Decimal
END_OF_DAY = "15:59:59.999999"
UPSTREAM = {
    "intermediate.int_touch": columns(
        "touch_id account_id lead_id campaign_id channel_id touched_at:timestamp touched_on:date effective_at:timestamp precision"
    ),
    "intermediate.int_spend": columns(
        "spend_id campaign_id channel_id objective spent_on:date service_from:date service_to:date cost_type stage "
        "amount_functional:decimal(18,2)"
    ),
    "marts.dim_channel": columns("channel_id channel_group"),
    "marts.order_facts": columns(
        "order_id account_id confirmed_at:timestamp confirmed_on:date is_excluded:boolean is_first_order:boolean "
        "origin_channel_id origin_campaign_id salesperson_id distributor_id"
    ),
    "marts.order_line_facts": columns(
        "order_id order_line_id product_id ordered_on:date is_excluded:boolean net_booked:decimal(18,2)"
    ),
    "marts.invoice_line_facts": columns(
        "order_id order_line_id invoice_line_id invoiced_on:date is_excluded:boolean net_invoiced:decimal(18,2) "
        "cogs:decimal(18,2) gross_profit:decimal(18,2)"
    ),
    "marts.order_cost_facts": columns(
        "order_id order_line_id cost_line_id kind incurred_on:date is_excluded:boolean amount:decimal(18,2)"
    ),
    "marts.payment_line_facts": columns(
        "order_id order_line_id payment_line_id paid_on:date is_excluded:boolean collected:decimal(18,2)"
    ),
    # given by hand, so that the tests of credits do not depend on how postings come about
    "attribution.order_measure": columns(
        "order_id order_line_id posting_id posted_on:date measure amount:decimal(18,2) document_kind document_id"
    ),
}


def scratch(folder: Path, variables: dict[str, Any] | None = None) -> ScratchProject:
    return ScratchProject(folder, copied=["marts/attribution"], upstream=UPSTREAM, variables=variables)


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
    *(order(f"o_{name}", name, "2024-03-10 06:00:00") for name in ("one", "two", "three", "five", "tie", "day", "late")),
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
    *postings("o_five", "huge", "booked", "9999999999999.99"),
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
    {"spend_id": "media", "campaign_id": "c1", "channel_id": "web", "spent_on": "2024-01-05", "service_from": "2024-01-20",
     "service_to": "2024-03-02", "cost_type": "media", "amount_functional": "100.00"},
    {"spend_id": "refund", "campaign_id": "c1", "channel_id": "web", "spent_on": "2024-01-05", "service_from": "2024-01-20",
     "service_to": "2024-03-02", "cost_type": "media", "amount_functional": "-100.00"},
    {"spend_id": "booth", "campaign_id": "c2", "channel_id": "show", "spent_on": "2024-01-31", "service_from": "2024-02-28",
     "service_to": "2024-03-02", "cost_type": "booth", "amount_functional": "999.99", "objective": "retention"},
    {"spend_id": "channel_only", "channel_id": "web", "spent_on": "2024-02-29", "cost_type": "tool", "amount_functional": "5.05"},
    {"spend_id": "nowhere", "channel_id": "unknown", "spent_on": "2024-02-29", "amount_functional": "7.07"},
]  # fmt: skip


def fill(case: ScratchProject) -> None:
    case.load("marts.dim_channel", [{"channel_id": "web", "channel_group": "paid"},
                                    {"channel_id": "show", "channel_group": "trade_show"}])  # fmt: skip
    case.load("intermediate.int_touch", TOUCHES)
    case.load("marts.order_facts", ORDERS)
    case.load("attribution.order_measure", MONEY)
    case.load("intermediate.int_spend", SPEND)


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ScratchProject]:
    case = scratch(tmp_path_factory.mktemp("attribution"))
    fill(case)
    case.build("path:models/marts/attribution", exclude="order_measure")
    yield case


def test_the_unit_tests_of_the_models_pass(built: ScratchProject) -> None:
    result = built.build("attribution_weight attribution_credit", unit_tests=True)
    proved = {node.name: node.status for node in result.nodes if node.resource_type == "unit_test"}
    assert proved == {"each_rule_model_weighs_three_touches": "pass", "two_credit_notes_take_back_every_cent": "pass"}


def test_a_model_that_is_not_in_the_registry_is_refused(tmp_path: Path) -> None:
    case = scratch(tmp_path, {"attribution_models": ["first", "position_base"]})
    with pytest.raises(TriloopError, match="'position_base' is not known or not computed; known: first, last, linear"):
        case.build("attribution_weight")


def test_position_weights_must_add_up_to_one(tmp_path: Path) -> None:
    case = scratch(tmp_path, {"position_weights": ["0.4", "0.2", "0.3"]})
    with pytest.raises(TriloopError, match="must be three numbers that add up to 1"):
        case.build("attribution_weight")


def journey(case: ScratchProject, order_id: str) -> list[str]:
    return [
        row[0]
        for row in case.rows(
            f"select touch_id from attribution.journey_touch where order_id = '{order_id}' and is_in_journey order by touch_position"
        )
    ]


def weights(case: ScratchProject, order_id: str) -> dict[str, list[Decimal]]:
    found: dict[str, list[Decimal]] = defaultdict(list)
    for model, weight in case.rows(
        f"select model, weight from attribution.attribution_weight where order_id = '{order_id}' order by model, touch_position"
    ):
        found[model].append(weight)
    return dict(found)


def credits(case: ScratchProject, line: str, measure: str, model: str) -> dict[str, dict[str | None, Decimal]]:
    """Posting → touch (None: unattributed) → amount."""
    found: dict[str, dict[str | None, Decimal]] = defaultdict(dict)
    for posting, touch_id, amount in case.rows(
        f"select posting_id, touch_id, amount from attribution.attribution_credit "
        f"where order_line_id = '{line}' and measure = '{measure}' and model = '{model}'"
    ):
        found[posting][touch_id] = amount
    return dict(found)


@pytest.mark.parametrize(
    ("order_id", "expected"),
    [
        ("o_one", ["one_a"]),
        ("o_two", ["two_a", "two_b"]),
        ("o_tie", ["tie_a", "tie_b", "tie_c"]),
        ("o_day", ["day_exact", "day_of"]),
        ("o_late", ["late_ok"]),
        ("o_never", []),
        ("o_old", ["old_show", "old_edge"]),
        ("o_gone", []),
        ("o_untouched", []),
        ("o_nobody", []),
        ("o_rep_1", ["rep_1", "rep_day"]),
        ("o_rep_1b", []),
        ("o_rep_2", ["rep_2"]),
        ("o_rep_2b", ["rep_2"]),
        ("o_rep_3", []),
        ("o_test", []),
    ],
)
def test_a_journey_is_the_touches_in_the_window_in_their_order(
    built: ScratchProject, order_id: str, expected: list[str]
) -> None:
    assert journey(built, order_id) == expected


def test_an_order_without_a_journey_shows_the_latest_touch_that_was_shut_out(built: ScratchProject) -> None:
    shut_out = built.rows(
        "select order_id, touch_id, exclusion_reason from attribution.journey_touch where not is_in_journey order by order_id"
    )
    assert shut_out == [
        ("o_gone", "gone_1", "out_of_window"),
        ("o_rep_1b", "rep_day", "before_reset"),
        ("o_rep_3", "rep_2", "before_reset"),
    ]


@pytest.mark.parametrize(
    ("order_id", "expected"),
    [
        ("o_one", {"first": "1", "last": "1", "linear": "1", "position_based": "1"}),
        ("o_two", {"first": "1 0", "last": "0 1", "linear": ".5 .5", "position_based": ".5 .5"}),
        (
            "o_three",
            {
                "first": "1 0 0",
                "last": "0 0 1",
                # cumulative ⅓ and ⅔ rounded to nine places: the last takes the rest
                "linear": ".333333333 .333333334 .333333333",
                "position_based": ".4 .2 .4",
            },
        ),
        (
            "o_five",
            {
                "first": "1 0 0 0 0",
                "last": "0 0 0 0 1",
                "linear": ".2 .2 .2 .2 .2",
                "position_based": ".4 .066666667 .066666666 .066666667 .4",
            },
        ),
    ],
)
def test_weights(built: ScratchProject, order_id: str, expected: dict[str, str]) -> None:
    assert weights(built, order_id) == {model: [D(weight) for weight in text.split()] for model, text in expected.items()}


def test_the_last_cumulative_weight_is_exactly_one(built: ScratchProject) -> None:
    last = built.rows(
        "select distinct cumulative_weight from attribution.attribution_weight where touch_position = touch_count"
    )
    assert last == [(D("1.000000000"),)]


def test_a_cent_goes_whole_to_one_touch(built: ScratchProject) -> None:
    # 0.01 × 0.5 = 0.005 rounds away from zero to 0.01, so the first touch has it and the second nothing
    assert credits(built, "two", "invoiced", "position_based") == {"two-0": {"two_a": D("0.01")}}


def test_credits_follow_cumulative_rounding(built: ScratchProject) -> None:
    # 100.00 × ⅓ = 33.3333333 → 33.33; × ⅔ (0.666666667) = 66.6666667 → 66.67; so 33.33, 33.34, 33.33
    assert credits(built, "three", "invoiced", "linear") == {
        "three-0": {"three_1": D("33.33"), "three_2": D("33.34"), "three_3": D("33.33")}
    }
    # 33.33 → 11.11, 22.22; 66.66 → 22.22, 44.44; 100.00 → 33.33, 66.67: the third payment pays the cents that are left
    assert credits(built, "three", "collected", "linear") == {
        "three-0": {"three_1": D("11.11"), "three_2": D("11.11"), "three_3": D("11.11")},
        "three-1": {"three_1": D("11.11"), "three_2": D("11.11"), "three_3": D("11.11")},
        "three-2": {"three_1": D("11.11"), "three_2": D("11.12"), "three_3": D("11.11")},
    }


def test_a_fully_credited_order_leaves_exactly_nothing_with_any_touch(built: ScratchProject) -> None:
    left = built.rows(
        "select model, touch_id, sum(amount) from attribution.attribution_credit where order_line_id = 'five' "
        "group by all having sum(amount) <> 0"
    )
    assert left == []
    assert credits(built, "five", "invoiced", "position_based")["five-1"] != {}


def test_small_and_huge_amounts_stay_exact(built: ScratchProject) -> None:
    # 0.07 × (.4, .466666667, .533333333, .6, 1) = .028, .0327, .0373, .042, .07 → .03 .03 .04 .04 .07
    # 0.05 × the same = .02, .0233, .0267, .03, .05 → .02 .02 .03 .03 .05
    assert credits(built, "part", "after_sales", "position_based") == {
        "part-0": {"five_1": D("0.03"), "five_3": D("0.01"), "five_5": D("0.03")},
        "part-1": {"five_1": D("-0.01"), "five_5": D("-0.01")},
    }
    assert credits(built, "huge", "booked", "linear")["huge-0"] == {
        "five_1": D("2000000000000.00"),
        "five_2": D("2000000000000.00"),
        "five_3": D("1999999999999.99"),
        "five_4": D("2000000000000.00"),
        "five_5": D("2000000000000.00"),
    }


def test_credits_add_up_to_every_posting_in_every_model(built: ScratchProject) -> None:
    wrong = built.rows(
        """
        select posted.order_line_id, posted.posting_id, posted.measure, model.model, posted.amount, credited.amount
        from attribution.order_measure as posted
        cross join (select distinct model from attribution.attribution_credit) as model
        left join (
          select posting_id, measure, model, sum(amount) as amount from attribution.attribution_credit group by all
        ) as credited using (posting_id, measure, model)
        where posted.amount is distinct from credited.amount
        """
    )
    assert wrong == []


@pytest.mark.parametrize(
    ("line", "reason", "amount"),
    [
        ("untouched", "no_touch", "50.00"),
        ("never", "no_touch", "30.00"),
        ("gone", "out_of_window", "20.00"),
        ("rep3", "before_reset", "50.00"),
        ("nobody", "no_identity", "40.00"),
        ("undated", "no_touch", "60.00"),
        ("orderless", "no_identity", "70.00"),
    ],
)
def test_money_without_a_touch_is_unattributed_with_its_reason(
    built: ScratchProject, line: str, reason: str, amount: str
) -> None:
    found = built.rows(
        f"select model, unattributed_reason, channel_id, sum(amount) from attribution.attribution_credit "
        f"where order_line_id = '{line}' group by all order by model"
    )
    assert found == [(model, reason, None, D(amount)) for model in ("first", "last", "linear", "position_based")]


def test_new_customers_are_shared_like_their_first_order(built: ScratchProject) -> None:
    assert built.rows(
        "select account_id, order_id, converted_on, campaign_id, weight from attribution.new_customer_weight "
        "where model = 'position_based' order by campaign_id"
    ) == [
        ("rep", "o_rep_1", dt.date(2024, 1, 10), "c_rep_1", D("0.5")),
        ("rep", "o_rep_1", dt.date(2024, 1, 10), "c_rep_day", D("0.5")),
    ]


def test_media_is_spread_over_its_months_by_days(built: ScratchProject) -> None:
    # cumulative: 100 × 12/43 = 27.907 → 27.91; × 41/43 = 95.349 → 95.35; × 43/43 = 100.00
    assert built.rows(
        "select spend_id, allocated_on, month, amount from attribution.cost_allocation where campaign_id = 'c1' order by amount, month"
    ) == [
        ("refund", dt.date(2024, 2, 1), dt.date(2024, 2, 1), D("-67.44")),
        ("refund", dt.date(2024, 1, 20), dt.date(2024, 1, 1), D("-27.91")),
        ("refund", dt.date(2024, 3, 1), dt.date(2024, 3, 1), D("-4.65")),
        ("media", dt.date(2024, 3, 1), dt.date(2024, 3, 1), D("4.65")),
        ("media", dt.date(2024, 1, 20), dt.date(2024, 1, 1), D("27.91")),
        ("media", dt.date(2024, 2, 1), dt.date(2024, 2, 1), D("67.44")),
    ]


def test_other_cost_stands_whole_where_it_belongs(built: ScratchProject) -> None:
    assert built.rows(
        "select spend_id, channel_id, allocated_on, amount, basis, reason, is_media, is_acquisition "
        "from attribution.cost_allocation where campaign_id is distinct from 'c1' order by spend_id"
    ) == [
        ("booth", "show", dt.date(2024, 2, 28), D("999.99"), "direct", None, False, False),
        ("channel_only", "web", dt.date(2024, 2, 29), D("5.05"), "direct", None, False, True),
        ("nowhere", "unknown", dt.date(2024, 2, 29), D("7.07"), "unallocated", "no_campaign_or_channel", False, True),
    ]


def test_every_cost_is_conserved(built: ScratchProject) -> None:
    assert (
        built.rows(
            "select spend_id from intermediate.int_spend left join attribution.cost_allocation using (spend_id) "
            "group by spend_id, amount_functional having sum(amount) is distinct from amount_functional"
        )
        == []
    )


def test_without_the_reset_a_touch_serves_every_later_order(tmp_path: Path) -> None:
    case = scratch(
        tmp_path,
        {
            "reset_at_order": False,
            "lookback_days": 30,
            "lookback_days_by_channel_group": {},
            "attribution_models": ["position_based", "last"],
            "position_weights": ["0.2", "0", "0.8"],
        },
    )
    fill(case)
    case.build("path:models/marts/attribution", exclude="order_measure")
    assert journey(case, "o_rep_2b") == ["rep_2"]
    assert journey(case, "o_rep_1b") == ["rep_1", "rep_day"]
    assert journey(case, "o_old") == []
    assert weights(case, "o_rep_1b") == {"last": [D(0), D(1)], "position_based": [D("0.2"), D("0.8")]}
    assert weights(case, "o_five") == {
        "last": [D(0), D(0), D(0), D(0), D(1)],
        "position_based": [D("0.2"), D(0), D(0), D(0), D("0.8")],
    }


def test_order_measure_posts_every_document_on_its_day(tmp_path: Path) -> None:
    case = scratch(tmp_path)
    known = {"order_id": "o", "order_line_id": "l", "is_excluded": False}
    uncosted = {"order_id": "u", "order_line_id": "m", "is_excluded": False}
    case.load("marts.order_line_facts", [known | {"ordered_on": "2024-01-01", "net_booked": "100.00"},
                                         {"order_line_id": "x", "is_excluded": True, "net_booked": "1.00"}])  # fmt: skip
    case.load(
        "marts.invoice_line_facts",
        [
            known | {"invoice_line_id": "i1", "invoiced_on": "2024-02-01", "net_invoiced": "100.00", "cogs": "60.00", "gross_profit": "40.00"},
            known | {"invoice_line_id": "i2", "invoiced_on": "2024-03-01", "net_invoiced": "-10.00", "cogs": "0.00", "gross_profit": "-10.00"},
            uncosted | {"invoice_line_id": "i3", "invoiced_on": "2024-02-01", "net_invoiced": "7.00"},
            {"invoice_line_id": "i4", "is_excluded": False, "invoiced_on": "2024-02-01", "net_invoiced": "3.00"},
        ],
    )
    case.load(
        "marts.order_cost_facts",
        [
            known | {"cost_line_id": "c1", "kind": "freight", "incurred_on": "2024-02-02", "amount": "5.00"},
            known | {"cost_line_id": "c2", "kind": "after_sales", "incurred_on": "2024-06-02", "amount": "8.00"},
            known | {"cost_line_id": "c3", "kind": "other", "incurred_on": "2024-06-02", "amount": "9.00"},
            uncosted | {"cost_line_id": "c4", "kind": "freight", "incurred_on": "2024-06-02", "amount": "2.00"},
        ],
    )
    case.load("marts.payment_line_facts", [known | {"payment_line_id": "p1", "paid_on": "2024-04-01", "collected": "90.00"}])
    case.build("order_measure")
    found = case.rows("select order_id, measure, posting_id, posted_on, amount from attribution.order_measure order by all")
    day = dt.date
    assert found == [
        ("o", "after_sales", "order_cost:c2", day(2024, 6, 2), D("8.00")),
        ("o", "booked", "order_line:l", day(2024, 1, 1), D("100.00")),
        ("o", "cogs", "invoice_line:i1", day(2024, 2, 1), D("60.00")),
        ("o", "collected", "payment_line:p1", day(2024, 4, 1), D("90.00")),
        ("o", "contribution", "invoice_line:i1", day(2024, 2, 1), D("40.00")),
        ("o", "contribution", "invoice_line:i2", day(2024, 3, 1), D("-10.00")),
        ("o", "contribution", "order_cost:c1", day(2024, 2, 2), D("-5.00")),
        ("o", "contribution", "order_cost:c2", day(2024, 6, 2), D("-8.00")),
        ("o", "gross_profit", "invoice_line:i1", day(2024, 2, 1), D("40.00")),
        ("o", "gross_profit", "invoice_line:i2", day(2024, 3, 1), D("-10.00")),
        ("o", "invoiced", "invoice_line:i1", day(2024, 2, 1), D("100.00")),
        ("o", "invoiced", "invoice_line:i2", day(2024, 3, 1), D("-10.00")),
        ("u", "invoiced", "invoice_line:i3", day(2024, 2, 1), D("7.00")),
        (None, "invoiced", "invoice_line:i4", day(2024, 2, 1), D("3.00")),
    ]  # fmt: skip
