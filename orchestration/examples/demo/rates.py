"""Amounts in the company's currency, by the same rule as the platform's: the rate of the day, else the last before."""

from __future__ import annotations

import numpy as np
import pandas as pd

from orchestration.examples.demo.fields import Factory, day_of

MICRO = 1_000_000


def in_cny(
    factory: Factory, amount: np.ndarray | pd.Series, currency: np.ndarray | pd.Series, days: np.ndarray | pd.Series
) -> np.ndarray:
    """Minor units of each currency as fen, each rounded half away from zero on its own."""
    size, when = np.asarray(amount, dtype="int64"), day_of(days)
    names, rate = np.asarray(currency, dtype=object), np.full(len(size), MICRO, dtype="int64")
    table = factory["rate"]
    for name in ("USD", "EUR"):
        rows = names == name
        own = table[table["currency"] == name]
        place = np.searchsorted(own["day"].to_numpy().astype("datetime64[s]"), when[rows], side="right") - 1
        rate[rows] = own["micro"].to_numpy()[place]
    product = np.abs(size) * rate
    return np.asarray(np.sign(size) * ((product + MICRO // 2) // MICRO))
