"""Everything that the oracles of the demo's marts share, computed once."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from functools import cache, cached_property
from pathlib import Path

from tests.oracles.demo_attribution import DemoAttribution
from tests.oracles.demo_facts import DemoFacts
from tests.oracles.demo_postings import DemoPostings
from tests.oracles.demo_rows import DemoRows, Row, crm, erp
from tests.oracles.exact import total


class Demo:
    """One workspace of the demo: its raw rows, and what they mean."""

    def __init__(self, workspace: Path) -> None:
        self.workspace = workspace
        self.rows = DemoRows(workspace)
        self.facts = DemoFacts(workspace)
        self.postings = DemoPostings(self.facts)
        self.attribution = DemoAttribution(self.facts)

    @cached_property
    def account_of(self) -> dict[str, str]:
        """Customer number → account as published: the legal entity's customer record that is known the longest."""
        oldest: dict[str, str] = {}
        for row in sorted(self.rows.erp("customers", "客户"), key=lambda row: (row["建档日期"], row["客户编码"])):
            oldest.setdefault(self.facts.account_of[row["客户编码"]], row["客户编码"])
        return {customer: f"erp:{oldest[key]}" for customer, key in self.facts.account_of.items()}

    @cached_property
    def account_by_key(self) -> dict[str, str]:
        """What DemoFacts calls an account → account as published."""
        return {key: self.account_of[customer] for customer, key in self.facts.account_of.items()}

    @cached_property
    def customers(self) -> dict[str, Row]:
        """Customer as published → its record; that of an account is the one it is called after."""
        return {f"erp:{row['客户编码']}": row for row in self.rows.erp("customers", "客户")}

    @cached_property
    def teams(self) -> dict[str, str | None]:
        """Salesperson as published → team; who is in no list has none."""
        return {f"crm:{row['sales_id']}": row["team"] for row in self.rows.crm("salespeople")}

    @cached_property
    def campaigns(self) -> dict[str, Row]:
        """Campaigns by number."""
        return {row["campaign_id"]: row for row in self.rows.crm("campaigns")}

    @cached_property
    def contacts(self) -> dict[str, Row]:
        """Contacts by number."""
        return {row["contact_id"]: row for row in self.rows.crm("contacts")}

    @cached_property
    def leads(self) -> dict[str, Row]:
        """Lead rows by number, those that gave way too."""
        return {row["lead_id"]: row for row in self.rows.crm("leads")}

    def channel(self, own: str | None, campaign: str | None) -> str:
        """Own channel, else the campaign's, else unknown."""
        known = own or (self.campaigns[campaign]["channel"] if campaign in self.campaigns else None)
        return crm(known) or "unknown"

    def account(self, customer: str | None) -> str | None:
        """The account of a customer number."""
        return self.account_of[customer] if customer else None

    def contact_account(self, contact: str | None) -> str | None:
        """The account of a contact, by its customer number or its company's name."""
        key = self.facts.contact_account(contact) if contact else None
        return self.account_by_key[key] if key else None

    @cached_property
    def _lead_accounts(self) -> dict[str, str]:
        known = self.facts.leads["account"].dropna()
        return {lead: self.account_by_key[key] for lead, key in known.items()}

    def lead_account(self, lead: str | None) -> str | None:
        """The account of a surviving lead."""
        return self._lead_accounts.get(lead) if lead else None

    def survivor(self, lead: str | None) -> str | None:
        """The surviving lead of a lead that is known."""
        return self.facts.survivor_of.get(lead) if lead else None

    @cached_property
    def opportunities(self) -> dict[str, Row]:
        """Opportunities by number."""
        return {row["opp_id"]: row for row in self.rows.crm("opportunities")}

    @cached_property
    def counted_orders(self) -> list[Row]:
        """Orders that count, with when they were confirmed, and the opportunity that the order or its quote names."""
        quotes = {row["quote_id"]: row["opp_id"] for row in self.rows.crm("quotes")}
        return [
            row
            | {
                "confirmed_at": row["确认时间"] or row["下单时间"],
                "opportunity": row["商机号"] or quotes.get(row["报价单号"]),
            }
            for row in self.rows.erp("orders", "订单")
            if row["单号"] in self.facts.orders.index
        ]

    @cached_property
    def booked(self) -> dict[str, Decimal]:
        """Order → net amount of its lines in CNY."""
        lines = self.facts.order_lines
        return {order: total(group) for order, group in lines.groupby("单号")["net"]}

    @cached_property
    def contribution(self) -> dict[str, Decimal]:
        """Order → what it contributed."""
        sums: dict[str, Decimal] = {}
        for posting in self.postings.contribution:
            sums[posting.order] = sums.get(posting.order, Decimal(0)) + posting.amount
        return sums

    @cached_property
    def first_orders(self) -> dict[str, Row]:
        """Account → its first order, the first by confirmation whose lines sum to more than 0."""
        positive = [row for row in self.counted_orders if self.booked.get(row["单号"], Decimal(0)) > 0]
        first: dict[str, Row] = {}
        for row in sorted(positive, key=lambda row: (row["confirmed_at"], row["单号"])):
            first.setdefault(self.account_of[row["客户编码"]], row)
        return first

    @cached_property
    def first_lead(self) -> dict[str, str]:
        """Account → its earliest valid lead."""
        leads = self.facts.leads
        known = leads[leads["valid"] & leads["account"].notna()].sort_values(["created", "lead"])
        return {self.account_by_key[key]: lead for key, lead in known.groupby("account")["lead"].first().items()}

    @cached_property
    def stage_reached(self) -> dict[tuple[str, str], datetime]:
        """(Lead, stage) → the first moment at which its history says so."""
        found: dict[tuple[str, str], datetime] = {}
        for row in self.rows.crm("stage_history"):
            key = (row["object_id"], row["stage"])
            if row["object"] == "lead":
                found[key] = min(row["entered_at"], found.get(key, row["entered_at"]))
        return found

    def customer(self, number: str | None) -> str | None:
        """A customer as documents name it."""
        return erp(number)


@cache
def demo_of(workspace: Path) -> Demo:
    """One for all tests of a process."""
    return Demo(workspace)
