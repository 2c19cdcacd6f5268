"""Metrics of production, delivery and quality from the demo's raw files: both sides and n, every cut, every period."""

from __future__ import annotations

from collections import defaultdict
from datetime import date
from decimal import Decimal
from fractions import Fraction
from functools import cached_property
from typing import Any, NamedTuple

import pandas as pd

from tests.oracles.demo_order_money import OrderMoney
from tests.oracles.demo_orders import OrderDemo, days, on
from tests.oracles.demo_rows import Row, erp, frame
from tests.oracles.exact import rounded, total
from tests.oracles.factory_periods import Cell, Cut, Event, cells, each, median, p90, sums
from tests.oracles.marts_delivery import order_line_delivery
from tests.oracles.marts_orders import delivered
from tests.oracles.marts_quality import RETURN_WINDOW, quality_cost_rows, shipped_line_rows

PRODUCT: tuple[Cut, ...] = (("product_family",), ("product",))
COHORT: tuple[Cut, ...] = (("channel",), ("campaign",), ("distributor",), *PRODUCT, ("account",))


class Told(NamedTuple):
    """What is published: by cell the numerator, the denominator (None: no ratio) and n (None: not told)."""

    top: dict[Cell, Decimal]
    below: dict[Cell, Decimal] | None
    n: dict[Cell, Decimal] | None


class FactoryMetrics:
    """One property per metric and variant."""

    def __init__(self, demo: OrderDemo) -> None:
        self.demo = demo
        self.family = {erp(row["产品编码"]): row["系列"] for row in demo.raw.table("products")}

    def _product(self, product: str | None) -> dict[str, str | None]:
        return {"product": product, "product_family": self.family.get(product)}

    # ---- delivery --------------------------------------------------------------------------------------------------
    @cached_property
    def _lead_times(self) -> list[Event]:
        lines: dict[str, list[Row]] = defaultdict(list)
        for row in order_line_delivery(self.demo).to_dict("records"):
            lines[row["order_id"]].append(row)
        found = []
        for number, order in self.demo.orders.items():
            told = delivered(lines[f"erp:{number}"], on(order["confirmed"]))
            if order["reason"] is None:
                members = {
                    "channel": order["channel"],
                    "campaign": order["campaign"],
                    "distributor": erp(order["经销商"]),
                    "account": order["account"],
                }
                found.append(Event(told["last_shipped_on"], members, told["delivery_lead_days"]))
        return found

    def _of_days(self, events: list[Event], cuts: tuple[Cut, ...], statistic: Any) -> Told:
        return Told(each(events, cuts, statistic), None, each(events, cuts, lambda found: Decimal(len(found))))

    @property
    def delivery_lead_time_median(self) -> Told:
        return self._of_days(self._lead_times, (("channel",), ("campaign",), ("distributor",), ("account",)), median)

    @property
    def delivery_lead_time_p90(self) -> Told:
        return self._of_days(self._lead_times, (("channel",), ("campaign",), ("distributor",), ("account",)), p90)

    # ---- production ------------------------------------------------------------------------------------------------
    @cached_property
    def _cycles(self) -> list[Event]:
        return [
            Event(
                on(row["finished_at"]),
                self._product(erp(row["product"])),
                days(on(row["started_at"]), on(row["finished_at"])),
            )
            for row in self.demo.production.values()
        ]

    @property
    def production_cycle_time_median(self) -> Told:
        return self._of_days(self._cycles, PRODUCT, median)

    @property
    def production_cycle_time_p90(self) -> Told:
        return self._of_days(self._cycles, PRODUCT, p90)

    @property
    def production_response_days(self) -> Told:
        events = []
        for row in self.demo.production.values():
            line = self.demo.lines.get(f"{row['order_no']}-{row['line_no']}")
            if line is not None:
                confirmed, started = on(self.demo.orders[line["单号"]]["confirmed"]), on(row["started_at"])
                events.append(Event(started, self._product(erp(row["product"])), days(confirmed, started)))
        return self._of_days(events, PRODUCT, median)

    @property
    def schedule_adherence(self) -> Told:
        due, kept = [], []
        for row in self.demo.production.values():
            event = Event(row["planned_finish"], self._product(erp(row["product"])), Decimal(1))
            due.append(event)
            if row["finished_at"] is not None and on(row["finished_at"]) <= row["planned_finish"]:
                kept.append(event)
        return Told(sums(kept, PRODUCT), sums(due, PRODUCT), sums(due, PRODUCT))

    @property
    def scrap_rate(self) -> Told:
        scrapped, started, orders = [], [], []
        for row in self.demo.production.values():
            done, product = on(row["finished_at"]), self._product(erp(row["product"]))
            if done is None:
                continue
            lost = row["qty_scrapped"] or Decimal(0)
            scrapped.append(Event(done, product, lost))
            started.append(Event(done, product, row["qty_finished"] + lost))
            orders.append(Event(done, product, Decimal(1)))
        return Told(sums(scrapped, PRODUCT), sums(started, PRODUCT), sums(orders, PRODUCT))

    # ---- quality ---------------------------------------------------------------------------------------------------
    @cached_property
    def inspected(self) -> list[Row]:
        """Inspections of what is made: day, product, lot, step, units that entered and that passed the first time."""
        found = []
        for row in self.demo.raw.service("inspections"):
            if row["kind"] == "incoming":
                continue
            order = self.demo.production[row["work_order"]]
            product = erp(order["product"])
            unharmed = row["qty_inspected"] - (row["qty_reworked"] or 0) - (row["qty_rejected"] or 0)
            found.append(
                {
                    "on": on(row["inspected_at"]),
                    "kind_step": (row["kind"], row["step"]),
                    "entered": row["qty_inspected"],
                    "passed": max(Decimal(0), min(row["qty_passed"], unharmed)),
                    "members": {
                        **self._product(product),
                        "lot": f"{product}|{order['lot_no']}",
                        "inspection_step": row["step"],
                    },
                }
            )
        return found

    @property
    def first_pass_yield(self) -> Told:
        cuts: tuple[Cut, ...] = (*PRODUCT, ("inspection_step",), ("lot",))
        passed = [Event(row["on"], row["members"], row["passed"]) for row in self.inspected]
        entered = [Event(row["on"], row["members"], row["entered"]) for row in self.inspected]
        one = [Event(row["on"], row["members"], Decimal(1)) for row in self.inspected]
        return Told(sums(passed, cuts), sums(entered, cuts), sums(one, cuts))

    @cached_property
    def rolled(self) -> dict[Cell, tuple[Decimal, int, int]]:
        """Product of the yields of the steps, number of steps, number of inspections."""
        found = {}
        for cell, rows in cells([Event(row["on"], row["members"], row) for row in self.inspected], PRODUCT).items():
            steps: dict[Any, list[Row]] = defaultdict(list)
            for row in rows:
                steps[row["kind_step"]].append(row)
            rolled = Fraction(1)
            for of_step in steps.values():
                rolled *= Fraction(total(row["passed"] for row in of_step))
                rolled /= Fraction(total(row["entered"] for row in of_step))
            found[cell] = (rounded(rolled, 8), len(steps), len(rows))
        return found

    @property
    def first_pass_yield_rolled(self) -> Told:
        told = self.rolled
        return Told(
            {cell: value for cell, (value, _, _) in told.items()},
            None,
            {cell: Decimal(count) for cell, (_, _, count) in told.items()},
        )

    # ---- cohorts of what was shipped -------------------------------------------------------------------------------
    @cached_property
    def _cohorts(self) -> list[tuple[date, dict[str, str | None], Row]]:
        return [
            (
                row["first_shipped_on"],
                {
                    "channel": row["origin_channel_id"],
                    "campaign": row["origin_campaign_id"],
                    "distributor": row["distributor_id"],
                    "account": row["account_id"],
                    **self._product(row["product_id"]),
                },
                row,
            )
            for row in shipped_line_rows(self.demo)
            if not row["is_excluded"]
        ]

    def _cohort(self, top: str, below: str) -> Told:
        def of(name: str) -> dict[Cell, Decimal]:
            return sums([Event(day, members, Decimal(row[name])) for day, members, row in self._cohorts], COHORT)

        lines = [Event(day, members, Decimal(1)) for day, members, _ in self._cohorts]
        return Told(of(top), of(below), sums(lines, COHORT))

    @property
    def return_rate(self) -> Told:
        return self._cohort("quantity_returned_in_window", "quantity_shipped")

    @property
    def repair_rate(self) -> Told:
        return self._cohort("units_repaired", "quantity_shipped")

    @property
    def after_sales_cost_ratio(self) -> Told:
        return self._cohort("after_sales", "net_invoiced")

    @property
    def return_rate_period(self) -> Told:
        cuts: tuple[Cut, ...] = (*PRODUCT, ("account",))
        shipped, back, times = [], [], []
        for row in self.demo.shipped:
            whose = self.demo.whose(row["order"])
            if not whose["is_excluded"]:
                members = {**self._product(erp(row["product"])), "account": whose["account_id"]}
                shipped.append(Event(row["shipped_on"], members, row["数量"]))
        for row in self.demo.raw.service("returns"):
            line = self.demo.lines[f"{row['order_no']}-{row['line_no']}"]
            whose = self.demo.whose(line["单号"])
            if not whose["is_excluded"]:
                members = {**self._product(erp(line["产品编码"])), "account": whose["account_id"]}
                back.append(Event(on(row["returned_at"]), members, row["qty"]))
                times.append(Event(on(row["returned_at"]), members, Decimal(1)))
        return Told(sums(back, cuts), sums(shipped, cuts), sums(times, cuts))

    @cached_property
    def _returned_for(self) -> list[Event]:
        """Units returned within the window, on the day that their line was first shipped."""
        first = {row["order_line_id"]: day for day, _, row in self._cohorts}
        found = []
        for row in self.demo.raw.service("returns"):
            line = self.demo.lines[f"{row['order_no']}-{row['line_no']}"]
            day = first.get(erp(line["line"]))
            if day is not None and (on(row["returned_at"]) - day).days <= RETURN_WINDOW:
                members = {**self._product(erp(line["产品编码"])), "return_reason": row["reason"]}
                found.append(Event(day, members, row["qty"]))
        return found

    @property
    def return_rate_by_reason(self) -> Told:
        """Whatever the reason, the denominator is all that was shipped."""
        reasons = {event.members["return_reason"] for event in self._returned_for}
        cuts: tuple[Cut, ...] = (("product_family",), ("return_reason",), ("product_family", "return_reason"))
        shipped = [
            Event(day, {**members, "return_reason": reason}, row["quantity_shipped"])
            for day, members, row in self._cohorts
            for reason in reasons
        ]
        below = sums(shipped, cuts)
        for cell in below:
            if "return_reason" not in cell.cut:
                below[cell] /= len(reasons)
        return Told(sums(self._returned_for, cuts), below, below)

    # ---- cost of poor quality --------------------------------------------------------------------------------------
    @cached_property
    def _invoiced(self) -> list[Event]:
        found = []
        for line, rows in OrderMoney(self.demo).invoice_lines.items():
            known = self.demo.lines.get(line)
            if known is None or self.demo.orders[known["单号"]]["reason"] is not None:
                continue
            found += [Event(row["on"], self._product(erp(known["产品编码"])), row["net"]) for row in rows]
        return found

    def _quality_cost(self, *kinds: str) -> Told:
        rows = [row for row in quality_cost_rows(self.demo) if not kinds or row["kind"] in kinds]
        cost = [Event(row["occurred_on"], self._product(row["product_id"]), row["amount"]) for row in rows]
        count = [Event(row["occurred_on"], self._product(row["product_id"]), Decimal(1)) for row in rows]
        return Told(sums(cost, PRODUCT), sums(self._invoiced, PRODUCT), sums(count, PRODUCT))

    @property
    def quality_cost_ratio(self) -> Told:
        return self._quality_cost()

    @property
    def quality_cost_ratio_scrap(self) -> Told:
        return self._quality_cost("scrap")

    @property
    def quality_cost_ratio_rework(self) -> Told:
        return self._quality_cost("rework")

    @property
    def quality_cost_ratio_return(self) -> Told:
        return self._quality_cost("return")

    @property
    def quality_cost_ratio_warranty(self) -> Told:
        return self._quality_cost("warranty")

    # ---- stock -----------------------------------------------------------------------------------------------------
    @property
    def inventory_days(self) -> Told:
        rows = self.inventory_periods.to_dict("records")
        where = {
            Cell(row["cut"], (row["product_family"],) if row["product_family"] else (), *_period(row)): row
            for row in rows
        }
        return Told(
            {cell: row["value_days"] for cell, row in where.items()},
            {cell: row["cogs"] for cell, row in where.items()},
            dict.fromkeys(where, Decimal(13)),
        )

    @cached_property
    def inventory_periods(self) -> pd.DataFrame:
        """Mean of 13 month ends, and the cost of goods of the 12 months between them."""
        stock: dict[tuple[str, date], Decimal] = defaultdict(Decimal)
        last: dict[tuple[Any, ...], date] = {}
        counts = [row for row in self.demo.raw.table("stock") if row["库存类型"] != "demo"]

        def place(row: Row) -> tuple[Any, ...]:
            return row["产品编码"], row["仓库"], row["库存类型"], row["盘点日"].replace(day=1)

        for row in counts:
            last[place(row)] = max(row["盘点日"], last.get(place(row), row["盘点日"]))
        for row in counts:
            if row["盘点日"] == last[place(row)]:
                family = self.family[erp(row["产品编码"])]
                for key in ("", family):
                    stock[key, row["盘点日"].replace(day=1)] += row["金额"]
        sold: dict[tuple[str, date], Decimal] = defaultdict(Decimal)
        for line, lines in OrderMoney(self.demo).invoice_lines.items():
            known = self.demo.lines.get(line)
            if known is None or self.demo.orders[known["单号"]]["reason"] is not None:
                continue
            for row in lines:
                for key in ("", self.family[erp(known["产品编码"])]):
                    sold[key, row["on"].replace(day=1)] += row["cost"]
        months = sorted({month for _, month in stock})
        found = []
        for end in months:
            window = [_back(end, number) for number in range(13)]
            if any(month not in months for month in window):
                continue
            for key in sorted({family for family, month in stock if month in window}):
                mean = rounded(Fraction(total(stock[key, month] for month in window)) / 13)
                kinds: dict[str, date | None] = {"month": end}
                kinds |= {
                    kind: _back(end, length - 1)
                    for kind, length in (("quarter", 3), ("half_year", 6), ("year", 12))
                    if end.month % length == 0
                }
                kinds |= {"all": None} if end == months[-1] else {}
                found += [
                    {
                        "cut": "product_family" if key else "total",
                        "period_kind": kind,
                        "period_start": start,
                        "product_family": key or None,
                        "closing_month": end,
                        "mean_value": mean,
                        "cogs": total(sold[key, month] for month in window[:-1]),
                        "value_days": mean * 365,
                    }
                    for kind, start in kinds.items()
                ]
        return frame(found)


def _period(row: Row) -> tuple[str, date | None]:
    return row["period_kind"], row["period_start"]


def _back(month: date, count: int) -> date:
    """The month so many months before."""
    number = month.year * 12 + month.month - 1 - count
    return date(number // 12, number % 12 + 1, 1)


def inventory_period(demo: OrderDemo) -> pd.DataFrame:
    """The period table of stock."""
    return FactoryMetrics(demo).inventory_periods


def rolled_yield_period(demo: OrderDemo) -> pd.DataFrame:
    """The period table of rolled yields."""
    return frame(
        [
            {
                "cut": cell.cut,
                "period_kind": cell.kind,
                "period_start": cell.start,
                "product_family": cell.members[0] if cell.cut == "product_family" else None,
                "product_id": cell.members[0] if cell.cut == "product" else None,
                "step_count": steps,
                "inspection_count": count,
                "rolled_yield": value,
            }
            for cell, (value, steps, count) in FactoryMetrics(demo).rolled.items()
        ]
    )


def return_reason_period(demo: OrderDemo) -> pd.DataFrame:
    """The period table of reasons, those of a cell with nothing returned included."""
    told = FactoryMetrics(demo).return_rate_by_reason
    assert told.below is not None
    rows = []
    for cell, shipped in told.below.items():
        named = dict(zip(cell.cut.split("+"), cell.members, strict=False))
        rows.append(
            {
                "cut": cell.cut,
                "period_kind": cell.kind,
                "period_start": cell.start,
                "product_family": named.get("product_family"),
                "return_reason": named.get("return_reason"),
                "units_returned": told.top.get(cell, Decimal(0)),
                "units_shipped": shipped,
            }
        )
    return frame(rows)
