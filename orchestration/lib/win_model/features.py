"""What the model is given of each deal: a matrix of numbers, a row per deal, a column per driver."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

Unit = Literal["yes_no", "doubling", "ten_points"]
LEAST_OF_EACH = 10
"""Deals with, and deals without, that a yes-or-no driver needs to be weighed."""

PER_UNIT: dict[Unit, float] = {"yes_no": 1.0, "doubling": math.log(2), "ten_points": 0.1}
"""By how much the number in the matrix grows when the driver grows by its unit."""


@dataclass(frozen=True)
class Feature:
    """A column: its driver, names, the unit in which its effect is told, and whether it only holds other things equal.

    ``n_with`` is how many deals have a yes-or-no driver, or tell the number of another.
    """

    driver: str
    label_en: str
    label_zh: str
    unit: Unit
    is_control: bool
    n_with: int


_NUMBERS: tuple[tuple[str, str, str, str, Unit, bool], ...] = (
    ("interaction_count", "interactions", "Interactions (a doubling)", "互动次数（每翻倍）", "doubling", False),
    ("days_to_response", "response", "Days to first answer (a doubling)", "首次响应天数（每翻倍）", "doubling", False),
    ("days_to_first_quote", "quote_speed", "Days to first quote (a doubling)", "首次报价天数（每翻倍）", "doubling",
     False),
    ("discount", "discount", "Discount (per 10 points)", "折扣（每 10 个百分点）", "ten_points", False),
    ("amount_functional", "amount", "Amount of the deal (a doubling)", "商机金额（每翻倍）", "doubling", True),
    ("days_to_close", "days_open", "Days open (a doubling)", "商机持续天数（每翻倍）", "doubling", True),
)  # fmt: skip


def design(
    deals: Sequence[Mapping[str, Any]], kinds: Sequence[tuple[str, str, str]]
) -> tuple[list[Feature], NDArray[np.float64]]:
    """The columns that the deals can carry, and their matrix (deals × columns).

    Counts, days and amounts go in as ln(1 + x), so that an effect is one per doubling whatever the size. A number that
    a deal does not tell is the mean of those that do: it then says nothing either way. Left out is what does not vary,
    and a kind of interaction that fewer than :data:`LEAST_OF_EACH` deals have or lack.

    Args:
        deals: rows of ``marts.opportunity_driver_facts`` by column.
        kinds: driver (``kind:visit``) and names of each kind of interaction.
    """
    import numpy as np

    features: list[Feature] = []
    columns: list[NDArray[np.float64]] = []
    for driver, english, chinese in kinds:
        column = f"{driver.partition(':')[2]}_count"
        has = np.array([float(deal[column] > 0) for deal in deals])
        n_with = int(has.sum())
        if min(n_with, len(deals) - n_with) >= LEAST_OF_EACH:
            features.append(Feature(driver, english, chinese, "yes_no", False, n_with))
            columns.append(has)
    for column, driver, english, chinese, unit, is_control in _NUMBERS:
        known = [_number(deal[column], unit) for deal in deals]
        told = [value for value in known if value is not None]
        if not told or max(told) == min(told):
            continue
        mean = math.fsum(told) / len(told)
        features.append(Feature(driver, english, chinese, unit, is_control, len(told)))
        columns.append(np.array([mean if value is None else value for value in known]))
    matrix = np.column_stack(columns) if columns else np.empty((len(deals), 0))
    return features, matrix


def _number(value: Any, unit: Unit) -> float | None:
    if value is None:
        return None
    return math.log1p(max(float(value), 0.0)) if unit == "doubling" else float(value)
