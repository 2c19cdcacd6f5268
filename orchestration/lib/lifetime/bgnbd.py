"""BG/NBD: how often customers buy, and whether they still do.

P. S. Fader, B. G. S. Hardie, K. L. Lee, "'Counting Your Customers' the Easy Way: An Alternative to the Pareto/NBD
Model", Marketing Science 24 (2005) 275-284; logarithms are summed as in their note on its #NUM! error (2013).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize
from scipy.special import gammaln, hyp2f1

Array = NDArray[np.float64]


@dataclass(frozen=True)
class BgNbd:
    """Its four parameters: purchases come at a rate of Gamma(r, alpha), customers leave by Beta(a, b)."""

    r: float
    alpha: float
    a: float
    b: float
    log_likelihood: float = float("nan")

    def probability_alive(self, repeats: Array, recency: Array, age: Array) -> Array:
        """That a customer has not left; 1 for one who never came back, as leaving happens at a repeat purchase.

        Args:
            repeats: purchases after the first, by customer.
            recency: time from the first purchase to the last, 0 without a repeat.
            age: time from the first purchase until now, in the same unit.
        """
        left = (
            self.a
            / (self.b + np.maximum(repeats, 1) - 1)
            * ((self.alpha + age) / (self.alpha + recency)) ** (self.r + repeats)
        )
        return np.asarray(1 / (1 + np.where(repeats > 0, left, 0)))

    def expected_purchases(self, horizon: float, repeats: Array, recency: Array, age: Array) -> Array:
        """Purchases expected within ``horizon`` from now, by customer (eq. 10 of the paper)."""
        a = self.a if abs(self.a - 1) > 1e-6 else 1 + 1e-6  # the formula has a gap at 1 that closes from both sides
        reach = self.alpha + age
        hyper = hyp2f1(self.r + repeats, self.b + repeats, a + self.b + repeats - 1, horizon / (reach + horizon))
        first = (a + self.b + repeats - 1) / (a - 1)
        active = first * (1 - (reach / (reach + horizon)) ** (self.r + repeats) * hyper)
        return np.asarray(active * self.probability_alive(repeats, recency, age))


def log_likelihood(parameters: Array, repeats: Array, recency: Array, age: Array) -> Array:
    """Of each customer, at (r, alpha, a, b)."""
    r, alpha, a, b = parameters
    buying = gammaln(r + repeats) - gammaln(r) + r * np.log(alpha)
    staying = gammaln(a + b) + gammaln(b + repeats) - gammaln(b) - gammaln(a + b + repeats)
    alive = -(r + repeats) * np.log(alpha + age)
    left = np.log(a) - np.log(b + np.maximum(repeats, 1) - 1) - (r + repeats) * np.log(alpha + recency)
    return np.asarray(buying + staying + np.logaddexp(alive, np.where(repeats > 0, left, -np.inf)))


def fit_bgnbd(repeats: Array, recency: Array, age: Array) -> BgNbd | None:
    """The parameters of greatest likelihood; None when the search does not settle."""
    scale = max(float(np.median(age)), 1e-9)  # so that alpha is of the order of 1 in any unit of time

    def loss(logarithms: Array) -> float:
        return -float(np.mean(log_likelihood(np.exp(logarithms), repeats, recency / scale, age / scale)))

    best = minimize(loss, np.log([0.5, 0.5, 1.0, 2.0]), method="L-BFGS-B", bounds=[(-9.0, 9.0)] * 4)
    if not best.success:
        return None
    r, alpha, a, b = np.exp(best.x)
    found = np.array([r, alpha * scale, a, b])
    total = float(np.sum(log_likelihood(found, repeats, recency, age)))
    return BgNbd(float(r), float(alpha * scale), float(a), float(b), total)
