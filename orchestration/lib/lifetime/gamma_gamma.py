"""Gamma-Gamma: what a purchase of a customer is worth, between its own mean and everybody's.

P. S. Fader, B. G. S. Hardie, "The Gamma-Gamma Model of Monetary Value" (2013), after P. S. Fader, B. G. S. Hardie,
K. L. Lee, "RFM and CLV", Journal of Marketing Research 42 (2005) 415-430.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize
from scipy.special import gammaln

Array = NDArray[np.float64]


@dataclass(frozen=True)
class GammaGamma:
    """Its parameters: a purchase is Gamma(p, v), and customers' v is Gamma(q, gamma)."""

    p: float
    q: float
    gamma: float

    def expected_value(self, purchases: Array, mean: Array) -> Array:
        """Of one purchase, by customer; without any (0) it is the mean of all customers."""
        return np.asarray(
            self.p * (self.gamma + purchases * mean) / (self.p * purchases + self.q - 1),
        )


def fit_gamma_gamma(purchases: Array, mean: Array) -> GammaGamma | None:
    """The parameters of greatest likelihood for customers with purchases of a positive mean; None when the search does
    not settle or the mean of all customers would not be finite (q ≤ 1)."""
    scale = max(float(np.median(mean)), 1e-9)
    value = mean / scale

    def loss(logarithms: Array) -> float:
        p, q, gamma = np.exp(logarithms)
        shape = p * purchases
        each = (
            gammaln(shape + q) - gammaln(shape) - gammaln(q) + q * np.log(gamma)
            + (shape - 1) * np.log(value) + shape * np.log(purchases) - (shape + q) * np.log(gamma + purchases * value)
        )  # fmt: skip
        return -float(np.mean(each))

    best = minimize(loss, np.log([2.0, 3.0, 1.0]), method="L-BFGS-B", bounds=[(-9.0, 9.0)] * 3)
    if not best.success:
        return None
    p, q, gamma = (float(value) for value in np.exp(best.x))
    return GammaGamma(p, q, gamma * scale) if q > 1 else None
