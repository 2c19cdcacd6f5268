"""Vectorised helpers of the generator: money as whole fen, dates as numpy datetimes, text as sources write it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

START = np.datetime64("2024-01-01T00:00:00", "s")
CUTOFF = np.datetime64("2025-06-30T23:59:59", "s")
"""The demo's exports were made at the end of this day: nothing later exists in them."""

DAY = np.timedelta64(86_400, "s")


def stream(seed: int, part: str) -> np.random.Generator:
    """An independent random stream per part, so that a change in one part leaves the others as they were."""
    return np.random.default_rng([seed, *part.encode()])


def codes(prefix: str, count: int, width: int = 4, start: int = 1) -> np.ndarray:
    """``K0001, K0002, …`` as a numpy array of str objects."""
    width = max(width, len(str(start + count)))
    return np.array([f"{prefix}{number:0{width}d}" for number in range(start, start + count)], dtype=object)


def seconds(days: np.ndarray | float) -> np.ndarray:
    """Days, with fractions, as a timedelta in whole seconds."""
    return np.asarray(np.asarray(days, dtype=float) * 86_400, dtype="int64").astype("timedelta64[s]")


def day_of(moments: np.ndarray | pd.Series) -> np.ndarray:
    """The calendar day of local moments, as datetime64[s] at midnight."""
    return np.asarray(moments, dtype="datetime64[s]").astype("datetime64[D]").astype("datetime64[s]")


def moment_text(moments: np.ndarray | pd.Series, pattern: str = "%Y-%m-%d %H:%M:%S") -> pd.Series:
    """Moments as text, a missing one as the empty string."""
    return pd.Series(pd.to_datetime(np.asarray(moments, dtype="datetime64[s]"))).dt.strftime(pattern).fillna("")


def money_text(fen: np.ndarray | pd.Series, *, thousands: bool = False, places: int = 2) -> list[str]:
    """Whole minor units as decimal text, exactly: ``1234567`` → ``12345.67`` (or ``12,345.67``)."""
    unit = 10**places
    sign, size = ("," if thousands else ""), np.asarray(fen, dtype="int64")
    whole, part, minus = np.abs(size) // unit, np.abs(size) % unit, size < 0
    return [
        f"{'-' if m else ''}{format(w, sign)}.{p:0{places}d}"
        for w, p, m in zip(whole.tolist(), part.tolist(), minus.tolist(), strict=True)
    ]


def half_up(numerator: np.ndarray | pd.Series, denominator: int) -> np.ndarray:
    """Integer division of non-negative amounts, rounded half up."""
    return (np.asarray(numerator, dtype="int64") * 2 + denominator) // (2 * denominator)


def pick(
    rng: np.random.Generator, options: Sequence[str], count: int, weights: Sequence[float] | None = None
) -> np.ndarray:
    """``count`` of ``options`` drawn with weights that need not sum to 1."""
    share = None if weights is None else np.asarray(weights, dtype=float) / float(np.sum(weights))
    return np.asarray(options, dtype=object)[rng.choice(len(options), count, p=share)]


@dataclass
class Factory:
    """All frames of the demo before they are written out, and what was planted in them on purpose."""

    scale: int
    seed: int
    frames: dict[str, pd.DataFrame] = field(default_factory=dict)
    planted: dict[str, object] = field(default_factory=dict)

    def __getitem__(self, name: str) -> pd.DataFrame:
        return self.frames[name]

    def __setitem__(self, name: str, frame: pd.DataFrame) -> None:
        self.frames[name] = frame.reset_index(drop=True)
