"""What each customer is expected to contribute within a horizon, with an interval, by the method its data can carry.

BG/NBD × Gamma-Gamma where there are enough customers, enough of them came back, and the margin of purchases is known;
else cohort means drawn towards the mean of all. How far off the method was is measured: it is fitted on what was known
some time ago and held against what the same customers brought since.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final, Literal

import numpy as np
from numpy.typing import NDArray

from orchestration.lib.lifetime.bgnbd import BgNbd, fit_bgnbd
from orchestration.lib.lifetime.credibility import fit_credibility
from orchestration.lib.lifetime.gamma_gamma import GammaGamma, fit_gamma_gamma
from orchestration.lib.lifetime.histories import Histories, Order, histories

Array = NDArray[np.float64]
Method = Literal["bg_nbd_gamma_gamma", "shrunk_cohort_mean"]

DRAWS: Final = 1_000
INTERVAL: Final = (0.025, 0.975)
_SEED: Final = 20_050_275  # any number, always the same: two runs on the same data publish the same figures
_CHUNK: Final = 2_000  # customers drawn at once
_LEAST_HOLDOUT_DAYS, _LEAST_HOLDOUT_CUSTOMERS = 90, 20


@dataclass(frozen=True)
class Carrying:
    """How many customers, and how many that came back, BG/NBD needs."""

    customers: int = 300
    repeaters: int = 100


@dataclass(frozen=True)
class Prediction:
    """Expected contribution of each customer; ``draws(start, stop)`` are possible outcomes, customers × DRAWS.

    ``purchases`` and ``alive`` are what BG/NBD alone tells.
    """

    method: Method
    known: Histories
    mean: Array
    draws: Callable[[int, int], Array]
    purchases: Array | None = None
    alive: Array | None = None


def predict(known: Histories, horizon: int, carrying: Carrying) -> Prediction:
    """Contribution expected within ``horizon`` days of the day that ``known`` was told for."""
    if len(known.accounts) >= carrying.customers and known.repeaters >= carrying.repeaters:
        valued = (known.valued > 0) & (known.margin > 0)
        buying = fit_bgnbd(known.repeats, known.recency, known.age)
        worth = fit_gamma_gamma(known.valued[valued], known.margin[valued]) if valued.sum() > 1 else None
        if buying is not None and worth is not None:
            return _modelled(known, horizon, buying, worth)
    return _shrunk(known, horizon)


def _modelled(known: Histories, horizon: int, buying: BgNbd, worth: GammaGamma) -> Prediction:
    # a mean that is not above 0 is outside the model: such a customer is valued as all are
    count = np.where(known.margin > 0, known.valued, 0.0)
    mean_worth = worth.expected_value(count, known.margin)
    purchases = buying.expected_purchases(horizon, known.repeats, known.recency, known.age)
    alive = buying.probability_alive(known.repeats, known.recency, known.age)

    def draws(start: int, stop: int) -> Array:
        source = np.random.default_rng([_SEED, start])
        part = slice(start, stop)
        size = (len(known.accounts[part]), DRAWS)
        repeats, age = known.repeats[part, None], known.age[part, None]
        stays = source.random(size) < alive[part, None]
        rate = source.gamma(np.broadcast_to(buying.r + repeats, size)) / (buying.alpha + age)
        leaving = np.clip(source.beta(buying.a, np.broadcast_to(buying.b + repeats, size)), 1e-12, 1.0)
        bought = np.minimum(source.poisson(rate * horizon), source.geometric(leaving)) * stays
        shape = worth.q + worth.p * count[part, None]
        scale = worth.gamma + count[part, None] * known.margin[part, None]
        inverse = source.gamma(np.broadcast_to(shape, size)) / scale
        return np.asarray(source.gamma(np.maximum(worth.p * bought, 1e-12)) / inverse * (bought > 0))

    return Prediction("bg_nbd_gamma_gamma", known, purchases * mean_worth, draws, purchases, alive)


def _shrunk(known: Histories, horizon: int) -> Prediction:
    exposure = np.maximum(known.age, 1.0)
    fitted = fit_credibility(known.repeat_contribution, exposure, known.cohort)
    rates, errors = np.array([fitted.rate(int(cohort)) for cohort in known.cohort]).reshape(-1, 2).T
    # how customers differ from their cohort, on one scale: the longer one was watched, the less is chance
    differences = (known.repeat_contribution / exposure - rates) * np.sqrt(exposure)
    differences = differences - differences.mean()
    names = np.unique(known.cohort)
    shared = np.random.default_rng(_SEED).standard_normal((len(names), DRAWS))
    of_cohort = np.searchsorted(names, known.cohort)

    def draws(start: int, stop: int) -> Array:
        source = np.random.default_rng([_SEED, start])
        part = slice(start, stop)
        own = source.choice(differences, size=(len(known.accounts[part]), DRAWS))
        mean = rates[part, None] + errors[part, None] * shared[of_cohort[part]]
        return np.asarray(horizon * mean + np.sqrt(horizon) * own)

    return Prediction("shrunk_cohort_mean", known, horizon * rates, draws)


def intervals(prediction: Prediction, groups: Sequence[Sequence[int]]) -> tuple[Array, Array]:
    """Both ends of the interval for each customer, (customers, 2), and for the sum of each group, (groups, 2).

    Args:
        groups: each customer's groups, as numbers from 0.
    """
    count = 1 + max((number for own in groups for number in own), default=-1)
    sums = np.zeros((count, DRAWS))
    ends = np.zeros((len(prediction.known.accounts), 2))
    for start in range(0, len(ends), _CHUNK):
        drawn = prediction.draws(start, start + _CHUNK)
        ends[start : start + _CHUNK] = np.quantile(drawn, INTERVAL, axis=1).T
        for row, own in zip(drawn, groups[start : start + _CHUNK], strict=True):
            sums[list(own)] += row
    return ends, np.quantile(sums, INTERVAL, axis=1).T if count else np.zeros((0, 2))


def holdout_error(
    method: Method, orders: Sequence[Order], as_of: date, horizon: int, carrying: Carrying
) -> float | None:
    """|predicted − actual| ÷ |actual| of all customers together over the last part of the history, at most ``horizon``
    days and a third of it; None when the history is too short for it or for the method, or nothing was earned."""
    first = min(order.confirmed_on for order in orders)
    days = min(horizon, (as_of - first).days // 3)
    start = as_of - timedelta(days=days)
    known = histories(orders, start)
    if days < _LEAST_HOLDOUT_DAYS or len(known.accounts) < _LEAST_HOLDOUT_CUSTOMERS:
        return None
    accounts = set(known.accounts)
    actual = sum(
        float(order.contribution)
        for order in orders
        if order.contribution is not None and start < order.confirmed_on <= as_of and order.account in accounts
    )
    before = predict(known, days, carrying)
    if before.method != method or not actual:
        return None
    return abs(float(before.mean.sum()) - actual) / abs(actual)
