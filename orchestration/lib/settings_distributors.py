"""Settings of the distributor matrix: from where on each of its axes is high."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, Any

from pydantic import Field

from orchestration.lib.settings_types import Exact, Group

_Factor = Annotated[Exact, Field(gt=0, max_digits=9, decimal_places=4)]


class DistributorSettings(Group):
    """Thresholds of the matrix; the rule that makes segments of them is macros/metrics/distributor_matrix.sql."""

    size_of_median: _Factor = Decimal("1")
    growth_least: Annotated[Exact, Field(ge=-1, max_digits=9, decimal_places=4)] = Decimal("0")
    margin_of_median: _Factor = Decimal("1")
    variation_most: _Factor = Decimal("1.5")
    concentration_most: Annotated[Exact, Field(gt=0, le=1, max_digits=9, decimal_places=4)] = Decimal("0.6")
    least_orders: Annotated[int, Field(strict=True, ge=1)] = 3

    def dbt_vars(self) -> dict[str, Any]:
        """As dbt variables; decimals as text so that they stay exact."""
        return {
            f"distributor_{name}": str(value) if isinstance(value, Decimal) else value
            for name, value in self.model_dump().items()
        }
