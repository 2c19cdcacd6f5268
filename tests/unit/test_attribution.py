"""Attribution against cases worked out by hand: journeys, weights, credits to the cent, cost by month.

All cases live in one warehouse, one account each, so dbt runs once; the same touches without the reset run a second
time. Times are UTC; the company is in Asia/Shanghai (UTC+8), so a business day ends at 15:59:59 UTC.
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from decimal import Decimal
from pathlib import Path

import pytest

from orchestration.lib.errors import TriloopError
from tests.unit.attribution_case import MODELS, fill, scratch
from tests.unit.scratch_project import ScratchProject

D = Decimal
FOUR = {"attribution_models": ["first", "last", "linear", "position_based"]}


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> ScratchProject:
    case = scratch(
        tmp_path_factory.mktemp("attribution"), {"attribution_models": ["first", "last", "linear", "position_based"]}
    )
    fill(case)
    case.build(MODELS, exclude="order_measure")
    return case


def test_the_unit_tests_of_the_models_pass(built: ScratchProject) -> None:
    result = built.build("attribution_credit_current", unit_tests=True)
    proved = {node.name: node.status for node in result.nodes if node.resource_type == "unit_test"}
    assert proved == {"two_credit_notes_take_back_every_cent": "pass"}


def test_a_model_that_is_not_in_the_registry_is_refused(tmp_path: Path) -> None:
    case = scratch(tmp_path, {"attribution_models": ["position_based", "position_base"]})
    with pytest.raises(TriloopError, match="'position_base' is not known; known: first, last, linear"):
        case.build("attribution_weight_current")


def test_position_weights_must_add_up_to_one(tmp_path: Path) -> None:
    case = scratch(tmp_path, {"position_weights": ["0.4", "0.2", "0.3"]})
    with pytest.raises(TriloopError, match="must be numbers of at most 9 decimals that add up to 1"):
        case.build("attribution_weight_current")


def journey(case: ScratchProject, order_id: str) -> list[str]:
    return [
        row[0]
        for row in case.rows(
            f"select touch_id from attribution.journey_touch where order_id = '{order_id}' and is_in_journey "
            f"order by touch_position"
        )
    ]


def weights(case: ScratchProject, order_id: str) -> dict[str, list[Decimal]]:
    """Model → weight of each touch in order, 0 where it has none."""
    found: dict[str, list[Decimal]] = {}
    for model, position, count, weight in case.rows(
        f"select model, touch_position, touch_count, weight from attribution.attribution_weight "
        f"where order_id = '{order_id}'"
    ):
        found.setdefault(model, [D(0)] * count)[position - 1] = weight
    return found


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
        "select order_id, touch_id, exclusion_reason from attribution.journey_touch where not is_in_journey "
        "order by order_id"
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
    assert weights(built, order_id) == {
        model: [D(weight) for weight in text.split()] for model, text in expected.items()
    }


def test_the_last_cumulative_weight_is_exactly_one(built: ScratchProject) -> None:
    last = built.rows(
        "select distinct max(cumulative_weight) from attribution.attribution_weight group by order_id, model"
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
        "five_1": D("2000000000000000.00"),
        "five_2": D("2000000000000000.00"),
        "five_3": D("1999999999999999.99"),
        "five_4": D("2000000000000000.00"),
        "five_5": D("2000000000000000.00"),
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
        "select spend_id, allocated_on, month, amount from attribution.cost_allocation where campaign_id = 'c1' "
        "order by amount, month"
    ) == [
        ("refund", dt.date(2024, 2, 1), dt.date(2024, 2, 1), D("-67.44")),
        ("refund", dt.date(2024, 1, 20), dt.date(2024, 1, 1), D("-27.91")),
        ("refund", dt.date(2024, 3, 1), dt.date(2024, 3, 1), D("-4.65")),
        ("media", dt.date(2024, 3, 1), dt.date(2024, 3, 1), D("4.65")),
        ("media", dt.date(2024, 1, 20), dt.date(2024, 1, 1), D("27.91")),
        ("media", dt.date(2024, 2, 1), dt.date(2024, 2, 1), D("67.44")),
    ]


def test_other_cost_stands_whole_where_it_belongs_and_overhead_is_shared(built: ScratchProject) -> None:
    assert built.rows(
        "select spend_id, channel_id, allocated_on, amount, basis, reason, is_media, is_acquisition "
        "from attribution.cost_allocation where campaign_id is distinct from 'c1' order by spend_id, channel_id"
    ) == [
        ("booth", "show", dt.date(2024, 2, 28), D("999.99"), "direct", None, False, False),
        ("channel_only", "web", dt.date(2024, 2, 29), D("5.05"), "direct", None, False, True),
        ("idle", "unknown", dt.date(2024, 1, 29), D("3.00"), "unallocated", "zero_driver", False, True),
        # by direct cost of February: 999.99 for retention, 5.05 for acquisition; 7.07 × 999.99/1005.04 = 7.034 → 7.03
        ("nowhere", "show", dt.date(2024, 2, 29), D("7.03"), "shared", None, False, False),
        ("nowhere", "web", dt.date(2024, 2, 29), D("0.04"), "shared", None, False, True),
    ]


def test_every_cost_is_conserved(built: ScratchProject) -> None:
    assert (
        built.rows(
            "select spend_id from intermediate.int_spend left join attribution.cost_allocation using (spend_id) "
            "group by spend_id, cost_functional having sum(amount) is distinct from cost_functional"
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
    case.build(MODELS, exclude="order_measure")
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
                                         {"order_line_id": "x", "is_excluded": True,
                                          "net_booked": "1.00"}])  # fmt: skip
    case.load(
        "marts.invoice_line_facts",
        [
            known
            | {
                "invoice_line_id": "i1",
                "invoiced_on": "2024-02-01",
                "net_invoiced": "100.00",
                "cogs": "60.00",
                "gross_profit": "40.00",
            },
            known
            | {
                "invoice_line_id": "i2",
                "invoiced_on": "2024-03-01",
                "net_invoiced": "-10.00",
                "cogs": "0.00",
                "gross_profit": "-10.00",
            },
            uncosted | {"invoice_line_id": "i3", "invoiced_on": "2024-02-01", "net_invoiced": "7.00"},
            {
                "invoice_line_id": "i4",
                "is_excluded": False,
                "invoiced_on": "2024-02-01",
                "net_invoiced": "3.00",
                "product_id": "p9",
            },
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
    case.load(
        "marts.payment_line_facts", [known | {"payment_line_id": "p1", "paid_on": "2024-04-01", "collected": "90.00"}]
    )
    case.build("order_measure")
    found = case.rows(
        "select order_id, measure, posting_id, posted_on, amount from attribution.order_measure order by all"
    )
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
    # what was billed, though no order line says so
    assert case.rows("select distinct product_id from attribution.order_measure where document_id = 'i4'") == [("p9",)]
