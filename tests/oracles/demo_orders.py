"""What the demo's orders, shipments, lots and tickets have to do with each other; every order, counted or not."""

from __future__ import annotations

from collections import defaultdict
from datetime import date, datetime
from decimal import Decimal
from functools import cached_property
from pathlib import Path

from tests.oracles.demo import Demo
from tests.oracles.demo_rows import LINEAGE, Row, crm, erp, ref
from tests.oracles.raw_factory import FactoryRows

AS_OF = date(2025, 12, 31)
YUAN: Row = {"currency": "CNY", "rate": Decimal(1), "rate_id": None, "has_rate": True}
"""Every amount of the factory and of service is in the functional currency."""
NO_ORDER: Row = {"account": None, "reason": None}


def service(number: str | None) -> str | None:
    """A number of the service database."""
    return ref("service", number)


def standing(row: Row) -> Row:
    """Where a row stands, as far as the oracle knows it."""
    return {name: row[name] for name in LINEAGE if name in row}


def on(moment: datetime | None) -> date | None:
    """The business day of a moment that was written down in Shanghai."""
    return None if moment is None else moment.date()


def days(start: date | None, end: date | None) -> int | None:
    """Days from one to the other."""
    return None if start is None or end is None else (end - start).days


class OrderDemo(Demo):
    """Orders with all that belongs to them."""

    def __init__(self, workspace: Path) -> None:
        super().__init__(workspace)
        self.raw = FactoryRows(workspace)

    # ---- orders ----------------------------------------------------------------------------------------------------
    @cached_property
    def orders(self) -> dict[str, Row]:
        """Sales orders by number; stock transfers are none."""
        found: dict[str, Row] = {}
        for row in self.raw.table("orders"):
            if row["单据类型"] != "调拨单":
                found[row["单号"]] = {
                    **row,
                    "account": self.account(row["客户编码"]),
                    "reason": _reason(row),
                    "ordered_on": row["下单时间"].date(),
                    "confirmed": row["确认时间"] or row["下单时间"],
                    **self._origin(row),
                }
        return found

    def _origin(self, order: Row) -> Row:
        """Opportunity and how it was found, lead, and where the order came from by which rule."""
        quote = self.quotes.get(order["报价单号"] or "")
        opportunity = order["商机号"] or (quote["opp_id"] if quote else None)
        # the demo's ERP names opportunities, so none is guessed from the account
        rule = "order" if order["商机号"] else "quote" if opportunity else None
        deal = self.opportunities.get(opportunity or "")
        known: Row = {"opportunity": opportunity, "opportunity_rule": rule, "lead": None}
        lead = self.survivor(deal["lead_id"]) if deal else None
        account_lead = self.first_leads.get(self.account(order["客户编码"]))
        known["lead"] = lead or account_lead
        if order["市场活动"]:
            tag = order["市场活动"]
            return known | {"channel": self.channel(None, tag), "campaign": crm(tag), "origin_rule": "order_tag"}
        for rule_name, candidate in (("opportunity_lead", lead), ("account_lead", account_lead)):
            if candidate:
                from_lead = self.facts.leads.loc[candidate]
                if from_lead["channel"] != "unknown":
                    campaign = crm(from_lead["campaign"]) or "unknown"
                    return known | {
                        "channel": crm(from_lead["channel"]),
                        "campaign": campaign,
                        "origin_rule": rule_name,
                    }
        return known | {"channel": "unknown", "campaign": "unknown", "origin_rule": "unknown"}

    @cached_property
    def quotes(self) -> dict[str, Row]:
        """Quotes by number."""
        return {row["quote_id"]: row for row in self.rows.crm("quotes")}

    @cached_property
    def first_leads(self) -> dict[str | None, str]:
        """Account → its earliest valid lead."""
        leads = self.facts.leads
        known = leads[leads["valid"] & leads["account"].notna()].sort_values(["created", "lead"])
        first = known.drop_duplicates("account")
        return {
            self.account_by_key[account]: lead for account, lead in zip(first["account"], first["lead"], strict=True)
        }

    def whose(self, order: str | None) -> Row:
        """Account and exclusion of an order, as every document that belongs to it shows them."""
        known = self.orders.get(order or "", NO_ORDER)
        reason = known["reason"]
        return {"account_id": known["account"], "is_excluded": reason is not None, "exclusion_reason": reason}

    @cached_property
    def lines(self) -> dict[str, Row]:
        """Lines of sales orders by order and line number, in the order of their numbers."""
        found = [
            {**row, "line": f"{row['单号']}-{row['行号']}", "no": int(row["行号"])}
            for row in self.raw.table("order_lines")
            if row["单号"] in self.orders
        ]
        return {row["line"]: row for row in sorted(found, key=lambda row: (row["单号"], row["no"]))}

    @cached_property
    def lines_of(self) -> dict[str, list[Row]]:
        """Order → its lines."""
        found: dict[str, list[Row]] = defaultdict(list)
        for row in self.lines.values():
            found[row["单号"]].append(row)
        return found

    # ---- shipments and lots ----------------------------------------------------------------------------------------
    @cached_property
    def shipments(self) -> dict[str, Row]:
        """Shipments by number."""
        return {row["发货单号"]: row for row in self.raw.table("shipments")}

    @cached_property
    def shipped(self) -> list[Row]:
        """Shipment lines with their order line, shipment and lot."""
        found = []
        for row in self.raw.table("shipment_lines"):
            line = self.lines.get(f"{row['单号']}-{row['行号']}")
            head = self.shipments.get(row["发货单号"])
            product = line["产品编码"] if line else None
            found.append(
                {
                    **row,
                    "line": f"{row['单号']}-{row['行号']}",
                    "order": line["单号"] if line else head["单号"] if head else None,
                    "product": product,
                    "lot_id": self.lot(product, row["批号"]),
                    "shipped_on": on(head["发货时间"]) if head else None,
                    "delivered_on": on(head["签收时间"]) if head else None,
                }
            )
        return found

    @cached_property
    def parcels(self) -> dict[str, list[Row]]:
        """Order line → what was shipped of it."""
        found: dict[str, list[Row]] = defaultdict(list)
        for row in self.shipped:
            found[row["line"]].append(row)
        return found

    @cached_property
    def production(self) -> dict[str, Row]:
        """Production orders by number."""
        return {row["work_order"]: row for row in self.raw.service("production_orders")}

    @cached_property
    def made(self) -> dict[tuple[str, str], list[Row]]:
        """Product and lot number → the production orders that made it."""
        found: dict[tuple[str, str], list[Row]] = defaultdict(list)
        for row in self.production.values():
            found[row["product"], row["lot_no"] or service(row["work_order"])].append(row)
        return found

    def lot(self, product: str | None, lot_no: str | None) -> str | None:
        """The lot, if it was made here."""
        return f"{erp(product)}|{lot_no}" if (product, lot_no) in self.made else None

    # ---- service ---------------------------------------------------------------------------------------------------
    @cached_property
    def _serials(self) -> dict[str, list[Row]]:
        found: dict[str, dict[str, Row]] = defaultdict(dict)
        for row in self.shipped:
            if row["序列号"]:
                found[row["序列号"]].setdefault(row["line"], row)
        return {serial: list(by_line.values()) for serial, by_line in found.items()}

    @cached_property
    def tickets(self) -> list[Row]:
        """Tickets; what they leave out is found by the serial number."""
        found = []
        for row in self.raw.service("service_tickets"):
            parcels = self._serials.get(row["serial_no"] or "", [])
            parcel = parcels[0] if len(parcels) == 1 else None
            if parcel and row["order_no"] not in (None, parcel["order"]):
                parcel = None
            order = row["order_no"] or (parcel["order"] if parcel else None)
            product = row["product"] or (parcel["product"] if parcel else None)
            lot_no = row["lot_no"] or (parcel["批号"] if parcel else None)
            found.append(
                {
                    **row,
                    "order": order,
                    "line": parcel["line"] if parcel else None,
                    "of_product": product,
                    "of_lot": lot_no,
                    "lot_id": self.lot(product, lot_no),
                }
            )
        return found


def _reason(order: Row) -> str | None:
    """Why an order does not count."""
    if order["状态"] in ("cancelled", "draft"):
        return str(order["状态"])
    flags = {"样品": "sample", "内部往来": "intercompany", "测试": "test"}
    found = [reason for flag, reason in flags.items() if order[flag]]
    assert len(found) < 2, "which of two reasons is told is not for the demo to say"
    return found[0] if found else None
