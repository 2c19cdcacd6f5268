"""Cohort means drawn towards the mean of all: what to expect of customers too few for a model of each.

H. Bühlmann, E. Straub, "Glaubwürdigkeit für Schadensätze", Mitteilungen der Vereinigung schweizerischer
Versicherungsmathematiker 70 (1970) 111-133: a cohort weighs by what has been seen of it, and the rest is the whole's.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Credibility:
    """Amount per unit of exposure.

    Attributes:
        overall: of all customers.
        rates, errors: by cohort, shrunk, and the standard error of each.
        within: variance of a customer's rate times its exposure.
        unseen_error: standard error of a cohort of which nothing was seen.
    """

    overall: float
    rates: dict[int, float]
    errors: dict[int, float]
    within: float
    unseen_error: float

    def rate(self, cohort: int) -> tuple[float, float]:
        """Rate and standard error."""
        return self.rates.get(cohort, self.overall), self.errors.get(cohort, self.unseen_error)


def fit_credibility(amount: Array, exposure: Array, cohort: NDArray[np.int64]) -> Credibility:
    """Estimate from each customer's amount over its exposure (above 0), with the usual unbiased estimators."""
    rates = amount / exposure
    names = np.unique(cohort)
    whole = float(exposure.sum())
    seen = np.array([exposure[cohort == name].sum() for name in names])
    means = np.array([amount[cohort == name].sum() for name in names]) / seen
    overall = float(amount.sum()) / whole
    own = means[np.searchsorted(names, cohort)]
    freedom = len(amount) - len(names)
    within = float(np.sum(exposure * (rates - own) ** 2)) / freedom if freedom > 0 else 0.0
    spread = whole - float(np.sum(seen**2)) / whole
    between = 0.0
    if spread > 0:
        between = max(0.0, (float(np.sum(seen * (means - overall) ** 2)) - (len(names) - 1) * within) / spread)
    weight = seen * between / (seen * between + within) if within > 0 else np.full(len(names), float(between > 0))
    of_overall = within / whole + between * float(np.sum((seen / whole) ** 2))
    errors = np.sqrt(between * (1 - weight) + (1 - weight) ** 2 * of_overall)
    shrunk = overall + weight * (means - overall)
    return Credibility(
        overall,
        {int(name): float(rate) for name, rate in zip(names, shrunk, strict=True)},
        {int(name): float(error) for name, error in zip(names, errors, strict=True)},
        within,
        float(np.sqrt(between + of_overall)),
    )
