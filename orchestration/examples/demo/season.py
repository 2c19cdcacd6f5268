"""When things happen in the market: slack around New Year, budgets spent at the year's end, office hours, evenings."""

from __future__ import annotations

import numpy as np

from orchestration.examples.demo.fields import DAY, DAYS, START
from orchestration.examples.demo.workdays import workday

NEW_YEARS = ("2024-02-10", "2025-01-29")
# January to December: slack after New Year and in high summer, budgets of the year spent in the last quarter
MONTHS = (0.88, 0.72, 1.12, 1.1, 1.0, 1.04, 0.86, 0.84, 1.08, 0.98, 1.24, 1.3)
GROWTH = 0.15
"""What the second year has more than the first."""
OFFICE_HOURS = (0, 0, 0, 0, 0, 0, 0, 1, 6, 14, 16, 11, 4, 7, 14, 15, 12, 6, 2, 1, 1, 1, 0, 0)
WEB_HOURS = (1, 0.5, 0.3, 0.2, 0.2, 0.4, 1, 2, 6, 12, 13, 9, 6, 7, 11, 12, 10, 6, 4, 5, 6, 6, 4, 2)
_CALENDAR = START + np.arange(DAYS) * DAY


def day_number(text: str) -> int:
    """Days since the start."""
    return int((np.datetime64(text, "s") - START) // DAY)


def _weights(at_rest: float) -> np.ndarray:
    """How busy each day is: by month, by growth, by how near the New Year feast is; ``at_rest``: weekends, holidays."""
    month = _CALENDAR.astype("datetime64[M]").astype(int) % 12
    weight = np.array(MONTHS)[month] * (1 + GROWTH * np.arange(DAYS) / DAYS)
    for feast in NEW_YEARS:  # customers and suppliers travel before and after the feast
        away = np.abs(np.arange(DAYS) - day_number(feast) - 3)
        weight = weight * np.where(away < 16, 0.35 + 0.65 * away / 16, 1.0)
    return np.asarray(weight * np.where(workday(_CALENDAR) == _CALENDAR, 1.0, at_rest))


AT_WORK = _weights(0.03)
"""Weight of each day for what people at work do."""
ON_THE_WEB = _weights(0.36)
"""Weight of each day for visits and enquiries over the web."""


def draw_days(rng: np.random.Generator, count: int, weights: np.ndarray) -> np.ndarray:
    """Day numbers drawn by weight."""
    return np.searchsorted(np.cumsum(weights) / weights.sum(), rng.random(count)).clip(0, DAYS - 1)


def draw_times(rng: np.random.Generator, count: int, hours: tuple[float, ...]) -> np.ndarray:
    """Seconds of the day, drawn by the hours' weights."""
    share = np.cumsum(hours) / np.sum(hours)
    hour = np.searchsorted(share, rng.random(count)).clip(0, 23)
    return np.asarray(hour * 3_600 + rng.integers(0, 3_600, count))


def moments(days: np.ndarray, times: np.ndarray) -> np.ndarray:
    """Day numbers and seconds of the day as datetime64[s]."""
    return np.asarray(START + (np.asarray(days, dtype="int64") * 86_400 + times).astype("timedelta64[s]"))


def at_office(rng: np.random.Generator, moment: np.ndarray) -> np.ndarray:
    """Moments moved to office hours of the same day, or of the next working day."""
    return np.asarray(workday(moment) + draw_times(rng, len(moment), OFFICE_HOURS).astype("timedelta64[s]"))
