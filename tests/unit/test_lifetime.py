"""Lifetime value: likelihoods against what their authors published, cohort means by hand, intervals by simulation."""

from __future__ import annotations

import os
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from orchestration.lib.lifetime.bgnbd import BgNbd, fit_bgnbd
from orchestration.lib.lifetime.credibility import fit_credibility
from orchestration.lib.lifetime.gamma_gamma import GammaGamma, fit_gamma_gamma
from orchestration.lib.lifetime.histories import Order, histories
from orchestration.lib.lifetime.predict import Carrying, holdout_error, intervals, predict

# Fader, Hardie & Lee (2005), table 2, and their note of 2013 on gamma-gamma: CDNOW, 2,357 customers
CDNOW = BgNbd(0.243, 4.414, 0.793, 2.426)
CDNOW_WORTH = GammaGamma(6.25, 3.74, 15.44)
START = date(2024, 1, 1)


def array(*values: float) -> np.ndarray:
    return np.array(values, dtype=float)


def test_expected_purchases_are_those_of_the_paper() -> None:
    """Customer 0001 of CDNOW: x = 2, t_x = 30.43, T = 38.86 gives 1.226 purchases in the next 39 weeks."""
    assert CDNOW.expected_purchases(39, array(2), array(30.43), array(38.86)) == pytest.approx([1.226], abs=5e-4)


def test_probability_alive_by_hand() -> None:
    """Never back: 1. r = alpha = a = b = 1 and one repeat at 1 of 3: 1 ÷ (1 + (1 ÷ 1) × ((1 + 3) ÷ (1 + 1))²) = 1/5."""
    model = BgNbd(1, 1, 1, 1)
    assert model.probability_alive(array(0, 1), array(0, 1), array(3, 3)) == pytest.approx([1, 1 / 5])


def test_expected_value_lies_between_the_own_mean_and_that_of_all() -> None:
    """All: p γ ÷ (q − 1) = 6.25 × 15.44 ÷ 2.74 = 35.219; one purchase of 100: 6.25 × (15.44 + 100) ÷ (6.25 + 2.74)."""
    assert CDNOW_WORTH.expected_value(array(0, 1), array(0, 100)) == pytest.approx(
        [35.219, 6.25 * 115.44 / 8.99], abs=1e-3
    )


@pytest.mark.realdata
def test_the_fit_is_that_of_the_papers() -> None:
    place = Path(os.environ.get("TRILOOP_TEST_DATA", "")) / "cdnow" / "customers.csv"
    if not place.is_file():
        pytest.skip("TRILOOP_TEST_DATA holds no cdnow/customers.csv (columns x, t_x, T, zbar; brucehardie.com)")
    table = pd.read_csv(place)
    repeats, recency, age, mean = (table[name].to_numpy(float) for name in ("x", "t_x", "T", "zbar"))
    found = fit_bgnbd(repeats, recency, age)
    assert found is not None
    assert (found.r, found.alpha, found.a, found.b) == pytest.approx((0.243, 4.414, 0.793, 2.426), abs=1e-3)
    assert found.log_likelihood == pytest.approx(-9582.4, abs=0.05)
    worth = fit_gamma_gamma(repeats[repeats > 0], mean[repeats > 0])
    assert worth is not None
    assert (worth.p, worth.q, worth.gamma) == pytest.approx((6.25, 3.74, 15.44), abs=0.02)


def simulated(customers: int, until: int, seed: int) -> tuple[list[Order], date]:
    """Orders of customers who buy and leave as BG/NBD has it (r 1.2, alpha 60, a 0.9, b 3) and spend as Gamma-Gamma has
    it (p 4, q 5, gamma 900), drawn purchase by purchase; all come in the first 200 days."""
    source = np.random.default_rng(seed)
    orders = []
    for number in range(customers):
        day = float(source.integers(0, 200))
        rate, leaving, spread = source.gamma(1.2) / 60, source.beta(0.9, 3), source.gamma(5) / 900
        while day < until:
            worth = Decimal(f"{source.gamma(4) / spread:.2f}")
            orders.append(Order(f"c{number:05}", START + timedelta(days=int(day)), worth))
            if len(orders) > 1 and orders[-2].account == orders[-1].account and source.random() < leaving:
                break
            day += source.exponential(1 / rate)
    return orders, START + timedelta(days=until)


def test_what_comes_lies_in_the_intervals_of_a_simulated_company() -> None:
    """Fitted on 500 days, held against the 365 days after, drawn by a program that knows nothing of the formulas."""
    orders, later = simulated(3_000, 865, seed=7)
    now = START + timedelta(days=500)
    known = histories(orders, now)
    prediction = predict(known, 365, Carrying())
    assert prediction.method == "bg_nbd_gamma_gamma"
    came = dict.fromkeys(known.accounts, 0.0)
    for order in orders:
        if now < order.confirmed_on <= later:
            came[order.account] += float(order.contribution or 0)
    actual = np.array(list(came.values()))
    ends, [whole] = intervals(prediction, [[0]] * len(actual))
    assert whole[0] < actual.sum() < whole[1]
    assert prediction.mean.sum() == pytest.approx(actual.sum(), rel=0.1)
    inside = np.mean((ends[:, 0] <= actual) & (actual <= ends[:, 1]))
    assert 0.93 <= inside <= 0.99
    off = holdout_error(prediction.method, orders, later, 365, Carrying())
    assert off is not None
    assert off < 0.15


def test_two_runs_say_the_same_and_few_customers_are_told_by_cohort() -> None:
    orders, later = simulated(120, 400, seed=3)
    known = histories(orders, later)
    groups = [[0, 1 + number % 2] for number in range(len(known.accounts))]
    first, second = (predict(known, 365, Carrying()) for _ in range(2))
    assert first.method == "shrunk_cohort_mean"
    for one, other in zip(intervals(first, groups), intervals(second, groups), strict=True):
        assert np.array_equal(one, other)
    assert predict(known, 365, Carrying(100, 10)).method == "bg_nbd_gamma_gamma"


def test_cohort_means_are_drawn_towards_the_mean_of_all() -> None:
    """Two cohorts of two customers, each watched 10 days: 10 and 30, 50 and 70. Overall 160 ÷ 40 = 4; cohorts 2 and 6;
    within = 10 × (1 + 1 + 1 + 1) ÷ 2 = 20; between = (20 × 4 + 20 × 4 − 20) ÷ (40 − 800 ÷ 40) = 7;
    weight = 20 × 7 ÷ (20 × 7 + 20) = 7/8: 4 ∓ 7/8 × 2."""
    found = fit_credibility(array(10, 30, 50, 70), array(10, 10, 10, 10), np.array([1, 1, 2, 2]))
    assert (found.overall, found.within) == pytest.approx((4, 20))
    assert found.rates == pytest.approx({1: 2.25, 2: 5.75})
    assert found.rate(9)[0] == found.overall
    alike = fit_credibility(array(10, 30, 30, 10), array(10, 10, 10, 10), np.array([1, 1, 2, 2]))
    assert alike.rates == pytest.approx({1: 2, 2: 2})


def test_orders_of_one_day_are_one_purchase() -> None:
    orders = [
        Order("a", START, Decimal(5)), Order("a", START, Decimal(7)),
        Order("a", START + timedelta(days=10), Decimal(3)), Order("a", START + timedelta(days=10), None),
        Order("a", START + timedelta(days=20), None), Order("a", START + timedelta(days=31), Decimal(9)),
        Order("b", START + timedelta(days=30), Decimal(1)),
    ]  # fmt: skip
    known = histories(orders, START + timedelta(days=30))
    assert known.accounts == ("a", "b")
    for name, expected in {
        "repeats": [2, 0], "recency": [20, 0], "age": [30, 0], "valued": [1, 0], "margin": [3, 0],
        "repeat_contribution": [3, 0],
    }.items():  # fmt: skip
        assert getattr(known, name).tolist() == expected, name


def test_a_short_history_has_no_holdout() -> None:
    orders = [Order(f"c{number}", START + timedelta(days=number), Decimal(1)) for number in range(100)]
    assert holdout_error("shrunk_cohort_mean", orders, START + timedelta(days=200), 365, Carrying()) is None
