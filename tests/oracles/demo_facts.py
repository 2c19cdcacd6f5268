"""What the demo's rows mean: accounts, leads, origins, orders - following metrics.md and gates.md, from raw files."""

from __future__ import annotations

from bisect import bisect_right
from datetime import date, datetime, timedelta
from decimal import Decimal
from functools import cached_property
from pathlib import Path

import pandas as pd

from tests.oracles.demo_names import companies_meant
from tests.oracles.demo_raw import DemoFiles
from tests.oracles.exact import rounded

UNKNOWN = "unknown"
AS_OF = date(2025, 12, 31)
DEDUP_DAYS = 30
MAX_RATE_AGE = 7


class DemoFacts:
    """Facts by name, each computed once."""

    def __init__(self, workspace: Path) -> None:
        self.files = DemoFiles(workspace / "inbox")

    # ---- reference -------------------------------------------------------------------------------------------------
    @cached_property
    def rates(self) -> dict[str, list[tuple[date, Decimal]]]:
        return self.files.rates()

    def functional(self, amount: Decimal, currency: str, on: date) -> Decimal:
        """In CNY at the nearest earlier rate, to the cent."""
        if currency == "CNY":
            return rounded(amount)
        table = self.rates[currency]
        place = bisect_right(table, (on, Decimal("Infinity"))) - 1
        rate_day, rate = table[place]
        assert place >= 0, f"no {currency} rate by {on}"
        assert (on - rate_day).days <= MAX_RATE_AGE, f"no {currency} rate near {on}"
        return rounded(amount * rate)

    @cached_property
    def campaigns(self) -> pd.DataFrame:
        return self.files.crm("campaigns").set_index("campaign_id")

    def channel_of(self, channel: str, campaign: str) -> str:
        """Own channel, else the campaign's, else unknown."""
        return channel or (self.campaigns.at[campaign, "channel"] if campaign else "") or UNKNOWN

    @cached_property
    def account_of(self) -> dict[str, str]:
        """Customer number → account: same tax id is one account; without one, same name."""
        customers = self.files.erp("客户")
        key = customers["统一社会信用代码"].where(customers["统一社会信用代码"] != "", "name:" + customers["客户名称"])
        return dict(zip(customers["客户编码"], key, strict=True))

    @cached_property
    def company_account(self) -> dict[str, str]:
        """Company as the CRM writes it → account of the customer that it means."""
        return {company: self.account_of[number] for company, number in self._companies.items()}

    @cached_property
    def _companies(self) -> dict[str, str]:
        customers = self.files.erp("客户")
        first: dict[str, tuple[str, str]] = {}
        for row in customers.itertuples():
            first.setdefault(self.account_of[row.客户编码], (row.客户编码, row.客户名称))
        return companies_meant(dict(first.values()))

    def contact_account(self, contact: str) -> str | None:
        """That of the contact's customer, else of the customer that its company means."""
        if contact not in self.contacts.index:
            return None
        told = self.contacts.loc[contact]
        if told["customer_code"]:
            return self.account_of[told["customer_code"]]
        return self.company_account.get(told["company"])

    # ---- leads -----------------------------------------------------------------------------------------------------
    @cached_property
    def survivor_of(self) -> dict[str, str]:
        """Lead → the lead that stands for it: same phone or e-mail, no more than 30 days after the one before."""
        leads = self.files.leads().sort_values(["created_at", "lead_id"], kind="stable")
        survivor: dict[str, str] = {}
        last: dict[str, tuple[date, str]] = {}
        for lead in leads.itertuples():
            marks = self._marks(lead)
            known = [last[mark] for mark in marks if mark in last]
            recent = [found for found in known if (lead.created_at.date() - found[0]).days <= DEDUP_DAYS]
            survivor[lead.lead_id] = min(recent)[1] if recent else lead.lead_id
            for mark in marks:
                last[mark] = (lead.created_at.date(), survivor[lead.lead_id])
        return survivor

    @cached_property
    def leads(self) -> pd.DataFrame:
        """One row per surviving lead: created, channel, campaign, valid, account."""
        raw = self.files.leads().sort_values(["created_at", "lead_id"], kind="stable")
        raw["survivor"] = raw["lead_id"].map(self.survivor_of)
        rows = []
        for survivor, group in raw.groupby("survivor", sort=False):
            own = group[group["lead_id"] == survivor].iloc[0]
            named = group[(group["channel"] != "") | (group["campaign"] != "")]
            origin = named.iloc[0] if len(named) else own
            rows.append(
                {
                    "lead": survivor,
                    "created": own["created_at"],
                    "valid": own["status"] not in {"无效", "测试"},
                    "channel": self.channel_of(origin["channel"], origin["campaign"]),
                    "campaign": origin["campaign"],
                    "account": self._lead_account(group),
                    "person": self._person_of[survivor],
                }
            )
        self._by_person(rows)
        return pd.DataFrame(rows).set_index("lead", drop=False).rename_axis(None)

    def _lead_account(self, group: pd.DataFrame) -> str | None:
        """Its own customer, its contact's account, its opportunity's customer, that of a contact with the same phone
        or e-mail, and last what its company's name means."""
        found = [self.account_of[customer] for customer in group["customer_code"] if customer]
        found += [account for contact in group["contact_id"] if (account := self.contact_account(contact))]
        for lead in group["lead_id"]:
            found += [self.account_of[customer] for customer in self._deal_customers.get(lead, []) if customer]
        for column, clean in (("phone", _digits), ("email", str.lower)):
            for text in filter(None, group[column]):
                known = self._known_people.get(clean(text), set())
                found += known if len(known) == 1 else ()
        for company in group["company"]:
            found += filter(None, [self.company_account.get(company)])
        return found[0] if found else None

    @staticmethod
    def _by_person(rows: list[dict[str, object]]) -> None:
        """A lead without an account has that of the same person's other leads, if they agree."""
        known: dict[object, set[object]] = {}
        for row in rows:
            if row["account"]:
                known.setdefault(row["person"], set()).add(row["account"])
        for row in rows:
            accounts = known.get(row["person"], set())
            if not row["account"] and len(accounts) == 1:
                row["account"] = next(iter(accounts))

    @cached_property
    def _person_of(self) -> dict[str, str]:
        """Lead → one lead of its person: leads that share a phone or an e-mail, also over a third; spam with nobody."""
        leader: dict[str, str] = {}

        def first(mark: str) -> str:
            while leader.setdefault(mark, mark) != mark:
                mark = leader[mark]
            return mark

        for lead in self.files.leads().itertuples():
            first(lead.lead_id)
            for mark in self._marks(lead):
                leader[first(mark)] = first(lead.lead_id)
        return {lead: first(lead) for lead in self.files.leads()["lead_id"]}

    def _marks(self, lead: object) -> list[str]:
        """Phone and e-mail of a lead, else of its contact."""
        if lead.status in {"无效", "测试"}:
            return []
        contact = self.contacts.loc[lead.contact_id] if lead.contact_id in self.contacts.index else None
        phone = lead.phone or ("" if contact is None else contact["phone"])
        email = lead.email or ("" if contact is None else contact["email"])
        marks = (_digits(phone), email.strip().lower(), f"contact {lead.contact_id}" if lead.contact_id else "")
        return [mark for mark in marks if mark]

    @cached_property
    def _deal_customers(self) -> dict[str, list[str]]:
        return dict(self.files.opportunities().groupby("lead_id")["customer_code"].agg(list))

    @cached_property
    def _known_people(self) -> dict[str, set[str]]:
        """Phone or e-mail → accounts of the contacts that have it."""
        people: dict[str, set[str]] = {}
        for contact in self.contacts.itertuples():
            account = self.contact_account(contact.Index)
            if account:
                for mark in (_digits(contact.phone), contact.email.lower()):
                    people.setdefault(mark, set()).add(account)
        return people

    @cached_property
    def contacts(self) -> pd.DataFrame:
        return self.files.crm("contacts").set_index("contact_id")

    @cached_property
    def first_lead_channel(self) -> dict[str, str]:
        """Account → channel of its earliest valid lead."""
        known = self.leads[self.leads["valid"] & self.leads["account"].notna()].sort_values(["created", "lead"])
        return dict(known.groupby("account")["channel"].first())

    @cached_property
    def opportunities(self) -> pd.DataFrame:
        """Opportunities with surviving lead, account, origin, and amount in CNY on the day closed, else opened."""
        rows = self.files.opportunities().rename(columns={"opp_id": "opportunity"})
        # some have no lead: old customers' purchases that their salespeople brought in
        rows["lead"] = pd.Series([self.survivor_of.get(lead) for lead in rows["lead_id"]], dtype=object)
        rows["account"] = rows["customer_code"].map(self.account_of)
        rows["channel"] = [
            self._origin("", lead, account) for lead, account in zip(rows["lead"], rows["account"], strict=True)
        ]
        rows["value"] = [
            self.functional(row.amount, row.currency, (row.closed_at or row.created_at).date())
            for row in rows.itertuples()
        ]
        return rows.set_index("opportunity", drop=False).rename_axis(None)

    def _origin(self, tag: str, lead: str | None, account: str | None) -> str:
        """The order's own campaign → its opportunity's lead → the account's earliest lead → unknown."""
        if tag:
            return self.channel_of("", tag)
        if lead and self.leads.at[lead, "channel"] != UNKNOWN:
            return str(self.leads.at[lead, "channel"])
        return self.first_lead_channel.get(account or "", UNKNOWN)

    # ---- orders ----------------------------------------------------------------------------------------------------
    @cached_property
    def orders(self) -> pd.DataFrame:
        """Orders that count: not cancelled, draft, sample, test or internal."""
        rows = self.files.orders().rename(columns={"单号": "order", "币种": "currency"})
        rows["account"] = rows["客户编码"].map(self.account_of)
        excluded = (
            (rows["测试"] == "是")
            | (rows["样品"] == "是")
            | (rows["内部往来"] == "是")
            | rows["状态"].isin(["已取消", "草稿"])
        )
        rows = rows[~excluded].reset_index(drop=True)
        deals = self.opportunities["lead"].to_dict()
        rows["channel"] = [self._origin(row.市场活动, deals.get(row.商机号), row.account) for row in rows.itertuples()]
        rows["ordered_on"] = [moment.date() for moment in rows["下单时间"]]
        rows["converted"] = [
            confirmed or ordered for confirmed, ordered in zip(rows["确认时间"], rows["下单时间"], strict=True)
        ]
        return rows.set_index("order", drop=False).rename_axis(None)

    @cached_property
    def order_lines(self) -> pd.DataFrame:
        """Lines of orders that count, with net in CNY at the order's date."""
        rows = self.files.order_lines()
        rows = rows[rows["单号"].isin(self.orders.index)].reset_index(drop=True)
        rows["line"] = rows["单号"] + "-" + rows["行号"]
        rows["net"] = [
            self.functional(
                row.不含税金额, self.orders.at[row.单号, "currency"], self.orders.at[row.单号, "ordered_on"]
            )
            for row in rows.itertuples()
        ]
        return rows

    @cached_property
    def deliveries(self) -> pd.DataFrame:
        """Per order line: what was shipped by when."""
        shipped = self.files.shipped()
        shipped["line"] = shipped["单号"] + "-" + shipped["行号"]
        shipped["on"] = [moment.date() for moment in shipped["发货时间"]]
        return shipped

    def month(self, on: date | datetime) -> date:
        """First day of the month."""
        return date(on.year, on.month, 1)

    def within(self, earlier: datetime, later: datetime | None, days: int) -> bool:
        """Whether ``later`` comes at or after ``earlier``, at most so many days of the calendar."""
        return later is not None and timedelta(0) <= later.date() - earlier.date() <= timedelta(days=days)


def _digits(phone: str) -> str:
    """A number without blanks, dashes and China's country code."""
    figures = "".join(sign for sign in phone if sign.isdigit())
    return figures[2:] if len(figures) == 13 and figures.startswith("86") else figures
