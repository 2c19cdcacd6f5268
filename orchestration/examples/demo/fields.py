"""Vectorised helpers of the generator: money as whole fen, dates as numpy datetimes, text as sources write it.

Nothing here walks over rows in Python: a hundred thousand leads and a million touches are an ordinary size.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from pandas.api.extensions import ExtensionArray

START = np.datetime64("2024-01-01T00:00:00", "s")
CUTOFF = np.datetime64("2025-12-31T23:59:59", "s")
"""The demo's exports were made at the end of this day: nothing later exists in them."""
EXPORT_DAY = "20251231"
"""The day of the export, as the names of full exports carry it."""
AS_OF = "2025-12-31"
DAYS = 731
"""Days from ``START`` up to and with the day of the export."""

DAY = np.timedelta64(86_400, "s")

# what a pattern keeps of 2024-01-02 03:04:05, and what stands between year, month and day
_ISO_PARTS = {
    "%Y-%m-%d %H:%M:%S": (19, "-"),
    "%Y-%m-%d": (10, "-"),
    "%Y/%m/%d %H:%M:%S": (19, "/"),
    "%Y/%m/%d %H:%M": (16, "/"),
    "%Y/%m/%d": (10, "/"),
    "%Y-%m": (7, "-"),
    "%Y%m": (7, ""),
    "%Y%m%d": (10, ""),
}


def stream(seed: int, part: str) -> np.random.Generator:
    """An independent random stream per part, so that a change in one part leaves the others as they were."""
    return np.random.default_rng([seed, *part.encode()])


def codes(prefix: str, count: int, width: int = 4, start: int = 1) -> np.ndarray:
    """``K0001, K0002, …`` as a numpy array of str objects."""
    width = max(width, len(str(start + count)))
    return np.asarray(numbered(prefix, np.arange(start, start + count), width).to_numpy(zero_copy_only=False))


def numbered(prefix: str, numbers: np.ndarray | pd.Series, width: int) -> pa.Array:
    """Numbers as ``K0017``: the same text as ``codes`` makes, for any numbers in any order, as an Arrow array."""
    digits = pc.utf8_lpad(pa.array(np.asarray(numbers, dtype="int64")).cast(pa.string()), width, "0")
    return pc.binary_join_element_wise(prefix, digits, "")


def seconds(days: np.ndarray | float) -> np.ndarray:
    """Days, with fractions, as a timedelta in whole seconds."""
    return np.asarray(np.asarray(days, dtype=float) * 86_400, dtype="int64").astype("timedelta64[s]")


def day_of(moments: np.ndarray | pd.Series) -> np.ndarray:
    """The calendar day of local moments, as datetime64[s] at midnight."""
    return np.asarray(moments, dtype="datetime64[s]").astype("datetime64[D]").astype("datetime64[s]")


def moment_text(moments: np.ndarray | pd.Series, pattern: str = "%Y-%m-%d %H:%M:%S") -> ExtensionArray:
    """Moments as text, a missing one as the empty string. The patterns are those of ``_ISO_PARTS``.

    An array, not a series: values go by their place, whatever index the moments had.
    """
    length, between = _ISO_PARTS[pattern]
    text = pa.array(np.asarray(moments, dtype="datetime64[s]"), from_pandas=True).cast(pa.string())
    text = pc.utf8_slice_codeunits(text, 0, length)
    if between != "-":
        text = pc.replace_substring(text, "-", between)
    return text.fill_null("").to_pandas().array


def money_text(
    fen: np.ndarray | pd.Series | Sequence[int], *, thousands: bool = False, places: int = 2
) -> ExtensionArray:
    """Whole minor units as decimal text, exactly: ``1234567`` → ``12345.67`` (or ``12,345.67``). By place, no index."""
    size = np.asarray(fen, dtype="int64")
    whole, part = np.divmod(np.abs(size), 10**places)
    text = _in_threes(whole) if thousands else pa.array(whole).cast(pa.string())
    sign = pa.array(np.where(size < 0, "-", ""), pa.string())
    return pc.binary_join_element_wise(sign, text, ".", numbered("", part, places), "").to_pandas().array


def _in_threes(whole: np.ndarray) -> pa.Array:
    """Non-negative whole numbers with a comma before every third digit from the end."""
    text = pa.array(whole % 1000).cast(pa.string())
    tail, rest = numbered("", whole % 1000, 3), whole // 1000
    while rest.any():
        longer = pc.binary_join_element_wise(pa.array(rest % 1000).cast(pa.string()), tail, ",")
        text = pc.if_else(pa.array(rest > 0), longer, text)
        tail, rest = pc.binary_join_element_wise(numbered("", rest % 1000, 3), tail, ","), rest // 1000
    return text


def half_up(numerator: np.ndarray | pd.Series, denominator: int) -> np.ndarray:
    """Integer division of non-negative amounts, rounded half up."""
    return (np.asarray(numerator, dtype="int64") * 2 + denominator) // (2 * denominator)


def pick(
    rng: np.random.Generator, options: Sequence[str], count: int, weights: Sequence[float] | None = None
) -> np.ndarray:
    """``count`` of ``options`` drawn with weights that need not sum to 1."""
    share = None if weights is None else np.asarray(weights, dtype=float) / float(np.sum(weights))
    return np.asarray(options, dtype=object)[rng.choice(len(options), count, p=share)]


def spread(total: int, groups: np.ndarray) -> np.ndarray:
    """0, 1, 2, … within each run of equal, sorted group numbers; ``total`` is their length."""
    if not total:
        return np.zeros(0, dtype="int64")
    begins = np.flatnonzero(np.r_[True, groups[1:] != groups[:-1]])
    return np.arange(total) - np.repeat(begins, np.diff(np.r_[begins, total]))


@dataclass
class Factory:
    """All frames of the demo before they are written out, and what was planted in them on purpose.

    ``frames`` are what the systems export; the market's half is described in ``frames.py``. ``truth`` holds frames
    that no system knows (true causes, true identities); they never reach a workspace.
    """

    scale: int
    seed: int
    frames: dict[str, pd.DataFrame] = field(default_factory=dict)
    planted: dict[str, object] = field(default_factory=dict)
    truth: dict[str, pd.DataFrame] = field(default_factory=dict)

    def __getitem__(self, name: str) -> pd.DataFrame:
        return self.frames[name]

    def __setitem__(self, name: str, frame: pd.DataFrame) -> None:
        self.frames[name] = frame.reset_index(drop=True)
