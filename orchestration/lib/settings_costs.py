"""How marketing cost is placed in time and overhead is shared (``costs:`` of ``triloop.yml``)."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field

from orchestration.lib.settings_types import Group

View = Literal["event", "benefit"]
Driver = Literal["direct_cost", "hours", "touches", "leads"]
CostType = Literal["media", "booth", "build", "travel", "freight", "sample", "tool", "salary", "other"]


class CostSettings(Group):
    """The view that figures read, the months a show is of benefit, and what overhead is shared by."""

    view: View = "event"
    benefit_months: Annotated[int, Field(strict=True, ge=1, le=60)] = 12
    driver: Driver = "direct_cost"
    driver_by_cost_type: dict[CostType, Driver] = Field(default_factory=dict)

    def dbt_vars(self) -> dict[str, Any]:
        """As the models of the cost ledger read them."""
        return {
            "costs_view": self.view,
            "benefit_months": self.benefit_months,
            "overhead_driver": self.driver,
            "overhead_driver_by_cost_type": dict(self.driver_by_cost_type),
        }
