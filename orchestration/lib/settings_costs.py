"""How marketing cost is placed in time and overhead is shared (``costs:`` of ``triloop.yml``)."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field, field_validator

from orchestration.lib.settings_attribution import Stage
from orchestration.lib.settings_types import Group

View = Literal["event", "benefit"]
Driver = Literal["direct_cost", "hours", "touches", "leads"]
CostType = Literal["media", "booth", "build", "travel", "freight", "sample", "tool", "salary", "other"]
STAGES: dict[str, Stage] = {
    **{"认知": "lead", "获客": "lead", "培育": "qualification", "转化": "opportunity", "成交": "order"},
    **{"awareness": "lead", "acquisition": "lead", "nurturing": "qualification"},
    **{"conversion": "opportunity", "closing": "order"},
}


class CostSettings(Group):
    """The view that figures read, the months a show is of benefit, what overhead is shared by, what tags mean."""

    view: View = "event"
    benefit_months: Annotated[int, Field(strict=True, ge=1, le=60)] = 12
    driver: Driver = "direct_cost"
    driver_by_cost_type: dict[CostType, Driver] = Field(default_factory=dict)
    stages: dict[str, Stage] = Field(default_factory=lambda: dict(STAGES))

    @field_validator("stages")
    @classmethod
    def _in_small_letters(cls, value: dict[str, Stage]) -> dict[str, Stage]:
        return {tag.strip().lower(): stage for tag, stage in value.items()}

    def dbt_vars(self) -> dict[str, Any]:
        """As the models of the cost ledger read them."""
        return {
            "costs_view": self.view,
            "benefit_months": self.benefit_months,
            "overhead_driver": self.driver,
            "overhead_driver_by_cost_type": dict(self.driver_by_cost_type),
            "cost_stages": dict(self.stages),
        }
