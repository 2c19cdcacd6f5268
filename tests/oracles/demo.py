"""Everything that the oracles of the demo's marts share, computed once."""

from __future__ import annotations

from functools import cache, cached_property
from pathlib import Path

from tests.oracles.demo_attribution import DemoAttribution
from tests.oracles.demo_facts import DemoFacts
from tests.oracles.demo_postings import DemoPostings
from tests.oracles.demo_rows import DemoRows, Row, crm, erp


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
        """Customer number → account as published: the smallest customer number of the legal entity."""
        smallest: dict[str, str] = {}
        for customer, key in sorted(self.facts.account_of.items()):
            smallest.setdefault(key, customer)
        return {customer: f"erp:{smallest[key]}" for customer, key in self.facts.account_of.items()}

    @cached_property
    def account_by_key(self) -> dict[str, str]:
        """What DemoFacts calls an account → account as published."""
        return {key: self.account_of[customer] for customer, key in self.facts.account_of.items()}

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

    def customer(self, number: str | None) -> str | None:
        """A customer as documents name it."""
        return erp(number)


@cache
def demo_of(workspace: Path) -> Demo:
    """One for all tests of a process."""
    return Demo(workspace)
