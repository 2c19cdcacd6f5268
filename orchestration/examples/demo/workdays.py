"""The Chinese working calendar of the demo's two years: nothing is ordered, shipped or paid in the Spring Festival."""

from __future__ import annotations

import numpy as np
import pandas as pd

from orchestration.examples.demo.fields import DAY, DAYS, START, day_of

_FIRST, _LAST = np.datetime64("2023-09-01", "D"), np.datetime64("2027-12-31", "D")
_OFF = (
    ("2024-01-01", "2024-01-01"), ("2024-02-10", "2024-02-17"), ("2024-04-04", "2024-04-06"),
    ("2024-05-01", "2024-05-05"), ("2024-06-10", "2024-06-10"), ("2024-09-15", "2024-09-17"),
    ("2024-10-01", "2024-10-07"), ("2025-01-01", "2025-01-01"), ("2025-01-28", "2025-02-04"),
    ("2025-04-04", "2025-04-06"), ("2025-05-01", "2025-05-05"), ("2025-05-31", "2025-06-02"),
    ("2025-10-01", "2025-10-08"),
)  # fmt: skip
_MADE_UP_FOR = (
    "2024-02-04", "2024-02-18", "2024-04-07", "2024-04-28", "2024-05-11", "2024-09-14", "2024-09-29", "2024-10-12",
    "2025-01-26", "2025-02-08", "2025-04-27", "2025-09-28", "2025-10-11",
)  # fmt: skip
SEASON = (0.85, 0.5, 1.05, 1.0, 0.95, 1.15, 0.85, 0.85, 1.1, 0.95, 1.2, 1.55)
"""How busy each month is: hospitals spend what is left of the year's budget in December."""


def _working() -> np.ndarray:
    days = np.arange(_FIRST, _LAST + 1)
    works = np.is_busday(days)
    for first, last in _OFF:
        works[(days >= np.datetime64(first)) & (days <= np.datetime64(last))] = False
    works[np.isin(days, np.array(_MADE_UP_FOR, dtype="datetime64[D]"))] = True
    return np.asarray(works)


_WORKS = _working()
# the position of the next working day, from any day on (itself if it is one)
_NEXT = np.minimum.accumulate(np.where(_WORKS, np.arange(len(_WORKS)), len(_WORKS) - 1)[::-1])[::-1]


def workday(moments: np.ndarray | pd.Series) -> np.ndarray:
    """The day of each moment, or the first working day after it, as datetime64[s] at midnight."""
    place = (day_of(moments).astype("datetime64[D]") - _FIRST).astype("int64")
    return np.asarray((_FIRST + _NEXT[np.clip(place, 0, len(_NEXT) - 1)]).astype("datetime64[s]"))


def office_hours(rng: np.random.Generator, days: np.ndarray, first: float = 8.5, last: float = 18.0) -> np.ndarray:
    """A moment within working hours on each day, to the minute."""
    minutes = rng.integers(round(first * 60), round(last * 60), len(days))
    return np.asarray(days + minutes.astype("timedelta64[m]").astype("timedelta64[s]"))


def workdays_of_month(months: np.ndarray) -> np.ndarray:
    """How many working days each month has, for months as datetime64[M]."""
    before = np.concatenate([[0], np.cumsum(_WORKS)])
    begin = (months.astype("datetime64[D]") - _FIRST).astype("int64")
    end = ((months + 1).astype("datetime64[D]") - _FIRST).astype("int64")
    return np.asarray(before[end] - before[begin])


def busy_days(rng: np.random.Generator, count: int, first: int = 0, last: int = DAYS) -> np.ndarray:
    """``count`` working days between two days counted from ``START``, busier where the season is."""
    days = START + np.arange(first, last) * DAY
    month = days.astype("datetime64[M]").astype("int64") % 12
    works = _WORKS[(days.astype("datetime64[D]") - _FIRST).astype("int64")]
    weight = np.asarray(SEASON)[month] * works
    return days[rng.choice(len(days), count, p=weight / weight.sum())]
