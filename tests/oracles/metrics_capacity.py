"""Metrics of capacity from the demo's raw files: both sides and n, by work centre, every period."""

from __future__ import annotations

from functools import cached_property

from tests.oracles.demo_orders import OrderDemo
from tests.oracles.factory_periods import Cut, Event, sums
from tests.oracles.marts_capacity import Routing, units
from tests.oracles.marts_factory import capacity_facts
from tests.oracles.metrics_factory import Told

CENTRE: tuple[Cut, ...] = (("work_centre",),)


class CapacityMetrics:
    """One property per metric and variant; whatever has no hours of its own or of its work centre is left out."""

    def __init__(self, demo: OrderDemo) -> None:
        self.demo, self.routing = demo, Routing(demo)

    @cached_property
    def _available(self) -> list[Event]:
        rows = capacity_facts(self.demo).to_dict("records")
        return [Event(row["month"], {"work_centre": row["work_centre"]}, row["hours_available"]) for row in rows]

    def _of(self, flow: str) -> Told:
        months = {(event.members["work_centre"], event.on) for event in self._available}
        needed = []
        for unit in units(self.demo)[flow]:
            centre, month = self.routing.subject[unit.product].work_centre, unit.on.replace(day=1)
            if (centre, month) in months:
                hours = unit.quantity * self.routing.hours[unit.product]
                needed.append(Event(month, {"work_centre": centre}, hours))
        each = [Event(month, {"work_centre": centre}, 1) for centre, month in months]
        return Told(sums(needed, CENTRE), sums(self._available, CENTRE), sums(each, CENTRE))

    @property
    def capacity_load_rate(self) -> Told:
        return self._of("promised")

    @property
    def capacity_load_rate_booked(self) -> Told:
        return self._of("booked")

    @property
    def capacity_utilisation(self) -> Told:
        return self._of("produced")
