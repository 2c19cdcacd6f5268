"""Stages, models and paths side by side, worked out by hand."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest

from tests.oracles.disagreement import disagreement
from tests.unit.scorecard_case import scorecards
from tests.unit.scratch_project import ScratchProject

D = Decimal


@pytest.fixture(scope="module")
def case(tmp_path_factory: pytest.TempPathFactory) -> ScratchProject:
    return scorecards(tmp_path_factory.mktemp("scorecards"), ["first", "last", "shapley", "staged"])


@pytest.fixture(scope="module")
def alone(tmp_path_factory: pytest.TempPathFactory) -> ScratchProject:
    """One model, and none of stages."""
    return scorecards(tmp_path_factory.mktemp("alone"), ["first"])


def stage(case: ScratchProject, name: str, columns: str) -> tuple[Any, ...]:
    [row] = case.rows(f"select {columns} from metrics.stage_scorecard where cut = 'total' and period_kind = 'all' "
                      f"and stage = '{name}'")  # fmt: skip
    return row


# ---- stages ----------------------------------------------------------------------------------------------------------
def test_a_stage_has_cost_by_tag_and_by_funnel_advances_and_return(case: ScratchProject) -> None:
    columns = "cost, sales_time_cost, entrants, advances, conversion_rate, cost_per_entrant, cost_per_advance"
    assert stage(case, "lead", columns) == (D(100), D(40), 2, 1, D("0.5"), D(50), D(100))
    columns = "orders, credited_contribution, credited_booked, roi, pool_weight, is_small_sample, is_mature"
    assert stage(case, "lead", columns) == (2, D(250), D(400), D("1.5"), D("0.4"), False, True)


def test_without_cost_or_entrants_there_is_no_ratio_but_a_row(case: ScratchProject) -> None:
    columns = "cost, entrants, conversion_rate, conversion_rate_low, cost_per_entrant, cost_per_advance, roi"
    assert stage(case, "order", columns) == (0, 0, None, None, None, None, None)
    assert stage(case, "order", "credited_contribution, orders, is_small_sample") == (D(30), 1, True)
    assert stage(case, "quote", "entrants, advances, conversion_rate, cost_per_advance, roi") == (1, 0, 0, None, None)
    assert stage(case, "quote", "is_mature, is_small_sample") == (False, True)


def test_what_is_of_no_stage_is_shown(case: ScratchProject) -> None:
    assert stage(case, "after_close", "cost, roi") == (D(5), None)
    assert stage(case, "other", "cost, roi") == (D(6), None)
    assert stage(case, "none", "cost, credited_contribution, roi") == (D(7), D(20), None)


def test_stages_add_up_in_every_cut_and_period(case: ScratchProject) -> None:
    found = case.rows("select cut, period_kind, sum(cost), sum(credited_contribution) from metrics.stage_scorecard "
                      "group by all")  # fmt: skip
    assert len(found) == 15
    assert {row[2:] for row in found} == {(D(118), D(300))}


def test_somebody_met_in_two_months_counts_in_both_and_once_in_all(case: ScratchProject) -> None:
    found = case.rows(
        "select period_start, entrants, advances from metrics.stage_scorecard where cut = 'campaign' "
        "and stage = 'lead' and campaign_id = 'k' and period_kind = 'month' and entrants > 0 order by 1"
    )
    assert [row[1:] for row in found] == [(1, 0), (2, 1)]


def test_without_a_staged_model_cost_and_advances_are_told_all_the_same(alone: ScratchProject) -> None:
    columns = "model, cost, entrants, credited_contribution, roi, pool_weight"
    assert stage(alone, "lead", columns) == ("none", D(100), 2, 0, D(-1), None)


# ---- models ----------------------------------------------------------------------------------------------------------
def cell(case: ScratchProject, key: str, columns: str) -> tuple[Any, ...]:
    cut, member, model, measure = key.split()
    [row] = case.rows(
        f"select {columns} from metrics.channel_model where period_kind = 'all' and cut = '{cut}' "
        f"and member_id = '{member}' and model = '{model}' and measure = '{measure}'"
    )
    return row


def test_a_channel_has_credit_share_rank_and_return_in_each_model(case: ScratchProject) -> None:
    columns = "credit, share, share_of_attributed, member_rank, cost, roi, credit_per_cost, units"
    assert cell(case, "channel A first contribution", columns) == (60, D("0.3"), D("0.6"), 1, 20, 2, 3, 2)
    assert cell(case, "channel A last contribution", columns) == (
        10,
        D("0.05"),
        D("0.1"),
        3,
        20,
        D("-0.5"),
        D("0.5"),
        2,
    )
    # D only cost: it earned nothing and is there
    assert cell(case, "channel D first contribution", columns) == (0, 0, 0, 4, 5, -1, 0, 0)
    assert cell(case, "channel unattributed first contribution", columns)[:4] == (100, D("0.5"), None, None)
    assert cell(case, "channel B first contribution", "roi, credit_per_cost") == (None, None)


def test_orders_and_new_customers_are_shared_by_weight(case: ScratchProject) -> None:
    columns = "credit, share, cost_per_credit, roi, units"
    assert cell(case, "channel A last orders", columns) == (
        *(D("0.666666666"), D("0.22222222"), D("30.00000003"), None, 2),
    )
    assert cell(case, "channel unattributed last orders", columns) == (1, D("0.33333333"), 0, None, 1)
    assert cell(case, "channel unattributed last new_customers", columns)[0] == 1


def test_a_measure_that_came_to_less_than_nothing_has_no_shares(case: ScratchProject) -> None:
    assert cell(case, "channel A first collected", "credit, share, share_of_attributed") == (-5, None, None)
    assert case.rows("select * from metrics.channel_disagreement where measure = 'collected'") == []


@pytest.mark.parametrize(
    ("key", "warning", "overlaps"),
    [
        ("channel A shapley contribution", "interval_overlaps", True),  # from 0.5; B's goes up to 0.5
        ("channel C shapley contribution", None, False),
        ("channel A shapley booked", "few_orders", True),  # the graver one is told
        ("campaign channel:C shapley contribution", "model_unreliable", False),
        ("channel A first contribution", None, None),
    ],
)
def test_what_is_not_to_be_relied_on_says_why(
    case: ScratchProject, key: str, warning: str | None, overlaps: bool | None
) -> None:
    told, en, zh, found = cell(case, key, "warning, warning_en, warning_zh, is_effect_overlapping")
    assert (told, found) == (warning, overlaps)
    assert (en is None, zh is None) == (warning is None, warning is None)


def test_disagreement_over_a_channel(case: ScratchProject) -> None:
    [row] = case.rows(
        "select models, share_least, model_least, share_most, model_most, share_span, share_mean, share_variation, "
        "rank_best, rank_worst, is_small_sample from metrics.channel_disagreement where cut = 'channel' "
        "and period_kind = 'all' and member_id = 'C' and measure = 'contribution'"
    )
    # staged gives A all; shares of C 0.1, 0.6, 0.1, 0: mean 0.2, deviation √0.055
    assert row[:7] == (4, D(0), "staged", D("0.6"), "last", D("0.6"), D("0.2"))
    assert row[7:] == (D("1.172604"), 1, 3, False)


SHARES = {
    "first": {"A": Fraction(6, 10), "B": Fraction(3, 10), "C": Fraction(1, 10), "D": Fraction(0)},
    "last": {"A": Fraction(1, 10), "B": Fraction(3, 10), "C": Fraction(6, 10), "D": Fraction(0)},
    "shapley": {"A": Fraction(6, 10), "B": Fraction(3, 10), "C": Fraction(1, 10), "D": Fraction(0)},
}


def test_disagreement_of_models_by_hand() -> None:
    """Ranks of A-D 1234, 3214, 1234: sums 5, 6, 7, 12 about 7.5 make S = 29, W = 12 · 29 ÷ (9 · 60)."""
    pairs = {(row["model_a"], row["model_b"]): row for row in disagreement(SHARES)}
    assert pairs["first", "last"]["distance"] == D("0.5")
    assert pairs["first", "last"]["rank_correlation"] == D("0.2")  # 1 − 6 · 8 ÷ (4 · 15)
    assert pairs["first", "shapley"]["distance"] == 0
    assert pairs["first", "shapley"]["rank_correlation"] == 1
    assert pairs["all", "all"]["distance"] == D("0.33333333")
    assert pairs["all", "all"]["rank_concordance"] == D("0.64444444")
    # the mean of all rho is (m W − 1) ÷ (m − 1)
    assert (D("0.2") + 1 + D("0.2")) / 3 == pytest.approx((3 * D("0.64444444") - 1) / 2, abs=D("1e-6"))


def test_the_models_of_the_warehouse_differ_as_far(case: ScratchProject) -> None:
    staged = {"A": Fraction(1), "B": Fraction(0), "C": Fraction(0), "D": Fraction(0)}
    level = {"A": Fraction(1, 2), "B": Fraction(1, 2), "C": Fraction(0), "D": Fraction(0)}
    for measure, shares in {
        "contribution": {**SHARES, "staged": staged},
        # the same in three models, A and B level, C and D too
        "booked": {**dict.fromkeys(SHARES, level), "staged": staged},
    }.items():
        found = case.rows(
            "select model_a, model_b, models, members, distance, rank_correlation, rank_concordance "
            f"from metrics.model_disagreement where cut = 'channel' and period_kind = 'all' and measure = '{measure}'"
        )
        assert set(found) == {tuple(row.values()) for row in disagreement(shares)}


def test_one_model_alone_agrees_with_nobody(alone: ScratchProject) -> None:
    found = alone.rows(
        "select model_a, models, distance, rank_correlation, rank_concordance from metrics.model_disagreement "
        "where cut = 'channel' and period_kind = 'all' and measure = 'contribution'"
    )
    assert found == [("all", 1, None, None, None)]
    [row] = alone.rows(
        "select share_span, share_variation, rank_best, rank_worst from metrics.channel_disagreement "
        "where cut = 'channel' and period_kind = 'all' and measure = 'contribution' and member_id = 'A'"
    )
    assert row == (0, 0, 1, 1)


# ---- paths -----------------------------------------------------------------------------------------------------------
def test_paths_with_their_orders_and_those_that_came_to_nothing(case: ScratchProject) -> None:
    found = case.rows(
        "select path_rank, path, steps, touches, journeys, conversions, null_paths, conversion_rate, conversion_share, "
        "new_customers, contribution, contribution_share, days_median, days_p90, is_small_sample "
        "from metrics.path_summary where level = 'channel' and period_kind = 'all' order by 1"
    )
    assert found == [
        (1, "A > B", 2, 8, 3, 2, 1, D("0.66666667"), D("0.5"), 1, 300, D("0.3"), 25, 37, False),
        (2, "no_touch", 0, 0, 1, 1, 0, 1, D("0.25"), 0, 400, D("0.4"), None, None, True),
        (3, "B", 1, 1, 1, 1, 0, 1, D("0.25"), 0, 300, D("0.3"), 0, 0, True),
    ]
    # of one group: repeats fall together
    groups = case.rows("select path from metrics.path_summary where level = 'channel_group' and period_kind = 'all'")
    assert {path for (path,) in groups} == {"g", "no_touch"}
    campaigns = case.rows("select path from metrics.path_summary where level = 'campaign' and period_kind = 'all'")
    assert {path for (path,) in campaigns} == {"cA > cB", "cB", "no_touch"}


def test_orders_stand_in_their_month_and_null_paths_in_that_of_their_last_touch(case: ScratchProject) -> None:
    found = case.rows(
        "select month(period_start), conversions, null_paths from metrics.path_summary "
        "where level = 'channel' and period_kind = 'month' and path = 'A > B' order by 1"
    )
    assert found == [(1, 1, 0), (2, 1, 1)]


def test_length_days_and_ends(case: ScratchProject) -> None:
    found = case.rows(
        "select cut, band, journeys, conversions from metrics.path_distribution where period_kind = 'all' "
        "order by cut, band_number, band"
    )
    assert found == [
        *(("days", "0", 1, 1), ("days", "8-30", 1, 1), ("days", "31-90", 1, 1)),
        *(("first_last", "g > g", 4, 3), ("first_last", "no_touch > no_touch", 1, 1)),
        *(("length", "0", 1, 1), ("length", "1", 1, 1), ("length", "2", 1, 1), ("length", "3", 2, 1)),
    ]
