"""Customers and distributors: what they bought, paid and sold on, worked out from the demo's raw files."""

from __future__ import annotations

from calendar import monthrange
from collections import defaultdict
from collections.abc import Iterable
from datetime import date
from decimal import Decimal
from functools import cache

import pandas as pd

from tests.oracles.demo import Demo
from tests.oracles.demo_facts import AS_OF
from tests.oracles.demo_rows import Row, crm, erp, frame, lineage
from tests.oracles.exact import total

UNKNOWN = "unknown"
Dated = tuple[str, date, Decimal]
"""Order, day, amount in CNY."""


def sell_out_facts(demo: Demo) -> pd.DataFrame:
    """The distributors' reports, at the rate of the month's last day."""
    rows = []
    for row in demo.rows.reports:
        month = row["月份"]
        valued_on = min(_last_day(month), AS_OF)
        number = f"{row['经销商编码']}|{month:%Y-%m}|{row['产品编码']}"
        rows.append(
            {
                "sell_out_id": f"office:{number}",
                "distributor_id": erp(row["经销商编码"]),
                "product_id": erp(row["产品编码"]),
                "month": month,
                "valued_on": valued_on,
                "quantity": row["本月销售"],
                "amount": row["销售金额"],
                "currency": "CNY",
                **demo.rows.valued("CNY", valued_on, amount_functional=row["销售金额"]),
                **lineage(row),
            }
        )
    return frame(rows)


def _last_day(month: date) -> date:
    return month.replace(day=monthrange(month.year, month.month)[1])


@cache
def _collected(demo: Demo) -> list[Dated]:
    """Receipts, and what was paid back against credit notes, net of VAT."""
    files = demo.facts.files
    notes = files.invoices().set_index("发票号")
    notes = notes[notes["发票类型"] == "红字发票"]
    paid = files.payments().set_index("收款单号")["收款日期"]
    back = []
    for row in files.allocations().itertuples():
        if row.发票号 in notes.index and notes.at[row.发票号, "单号"] in demo.facts.orders.index:
            note = notes.loc[row.发票号]
            assert note["币种"] == "CNY", "the demo pays back no foreign money"
            assert row.核销金额 == note["不含税金额"] + note["税额"], "the demo pays credit notes back whole"
            back.append((note["单号"], paid[row.收款单号], note["不含税金额"]))
    return back + [(order, on, amount) for order, on, _, amount in demo.postings.collected]


def _measures(demo: Demo) -> dict[str, list[Dated]]:
    """Every posting of the orders that count; each of their invoice lines has a known cost."""
    postings = demo.postings
    measures = {
        name: [(posting.order, posting.on, posting.amount) for posting in getattr(postings, kind) if posting.order]
        for name, kind in {
            "net_booked": "booked",
            "net_invoiced": "invoiced",
            "cogs": "cogs",
            "contribution": "contribution",
        }.items()
    }
    return {**measures, "collected": _collected(demo)}


def distributor_month(demo: Demo) -> pd.DataFrame:
    """Months without a gap from the first with a figure; orders by the distributor that they name."""
    seller = {row["单号"]: row["经销商"] for row in demo.counted_orders}
    sums: dict[tuple[str, date], dict[str, list[Decimal]]] = defaultdict(lambda: defaultdict(list))
    for name, postings in _measures(demo).items():
        for order, on, amount in postings:
            if seller[order]:
                sums[seller[order], on.replace(day=1)][name].append(amount)
    for order in demo.counted_orders:
        if order["经销商"]:
            sums[order["经销商"], order["下单时间"].date().replace(day=1)]["order_count"].append(Decimal(1))
    for report in demo.rows.reports:
        there = sums[report["经销商编码"], report["月份"]]
        there["sell_out_quantity"].append(report["本月销售"])
        there["sell_out_amount"].append(report["销售金额"])
    rows = []
    for distributor in demo.rows.erp("distributors", "经销商"):
        number = distributor["经销商编码"]
        months = [month for seller_no, month in sums if seller_no == number]
        for month in _months(min(months), max(*months, AS_OF.replace(day=1))) if months else []:
            here = sums.get((number, month), {})
            rows.append(
                {
                    "distributor_id": erp(number),
                    "month": month,
                    "order_count": len(here.get("order_count", [])),
                    **{
                        name: total(here.get(name, []))
                        for name in ("net_booked", "net_invoiced", "contribution", "collected")
                    },
                    **{
                        name: total(here[name]) if name in here else None
                        for name in ("sell_out_quantity", "sell_out_amount")
                    },
                    **lineage(distributor),
                }
            )
    return frame(rows)


def _months(first: date, last: date) -> Iterable[date]:
    while first <= last:
        yield first
        first = date(first.year + first.month // 12, first.month % 12 + 1, 1)


def customer_facts(demo: Demo) -> pd.DataFrame:
    """Accounts, described by their customer record that is known the longest. Every customer of the demo is listed."""
    buyer = {row["单号"]: demo.account_of[row["客户编码"]] for row in demo.counted_orders}
    sums: dict[str, dict[str, Decimal]] = {
        name: _by_account(buyer, postings) for name, postings in _measures(demo).items()
    }
    after_sales = _by_account(buyer, _tickets(demo))
    records: dict[str, list[Row]] = defaultdict(list)
    for row in demo.rows.erp("customers", "客户"):
        records[demo.account_of[row["客户编码"]]].append(row)
    sent: dict[str | None, list[Row]] = defaultdict(list)
    for lead in demo.facts.leads.to_dict("records"):
        if lead["valid"]:
            sent[demo.lead_account(lead["lead"])].append(lead)
    rows = []
    for account, customers in records.items():
        own = next(row for row in customers if erp(row["客户编码"]) == account)
        leads = sent[account]
        bought = [row for row in demo.counted_orders if buyer[row["单号"]] == account]
        positive = [row for row in bought if demo.booked.get(row["单号"], Decimal(0)) > 0]
        first = demo.first_orders.get(account)
        profit = sums["net_invoiced"].get(account, Decimal(0)) - sums["cogs"].get(account, Decimal(0))
        rows.append(
            {
                "account_id": account,
                "name": own["客户名称"],
                "is_declared": True,
                "customer_count": len(customers),
                "customer_type": own["客户类型"],
                "segment": own["客户分类"],
                "region": own["区域"],
                "group_id": own["所属集团"],
                "parent_account_id": None,  # the only branches of the demo have the tax id of their firm
                "is_distributor": own["客户类型"] == "distributor",
                "distributor_id": erp(own["所属经销商"]),
                "created_on": own["建档日期"],
                "lead_count": len(leads),
                "first_lead_on": min((lead["created"].date() for lead in leads), default=None),
                "won_opportunity_count": sum(
                    deal["result"] is True and demo.account(deal["customer_code"]) == account
                    for deal in demo.opportunities.values()
                ),
                "order_count": len(positive),
                "first_order_id": erp(first and first["单号"]),
                "first_order_on": first and first["confirmed_at"].date(),
                "last_order_on": max((row["confirmed_at"].date() for row in positive), default=None),
                **_origin(demo, first, account),
                **{name: sums[name].get(account, Decimal(0)) for name in ("net_booked", "net_invoiced", "collected")},
                "gross_profit": profit,
                "contribution": sums["contribution"].get(account, Decimal(0)),
                "after_sales": after_sales.get(account, Decimal(0)),
                **lineage(own),
            }
        )
    return frame(rows)


def _by_account(buyer: dict[str, str], postings: Iterable[Dated]) -> dict[str, Decimal]:
    sums: dict[str, Decimal] = defaultdict(Decimal)
    for order, _, amount in postings:
        sums[buyer[order]] += amount
    return sums


def _tickets(demo: Demo) -> list[Dated]:
    """What service cost, less what was recovered, of orders that count; a ticket may know only the serial number."""
    serials = demo.facts.deliveries
    order_of = dict(zip(serials["序列号"], serials["单号"], strict=True))
    found = []
    for ticket in demo.facts.files.tickets().itertuples():
        order = ticket.order_no or order_of.get(ticket.serial_no or None, "")
        if order in demo.facts.orders.index:
            net = ticket.parts_cost + ticket.labour_cost + ticket.travel_cost - ticket.recovered
            found.append((order, ticket.opened_at.date(), net))
    return found


def _origin(demo: Demo, order: Row | None, account: str) -> Row:
    """Of the first order: its own campaign, its opportunity's lead, the account's earliest lead."""
    none = {"origin_channel_id": UNKNOWN, "origin_campaign_id": UNKNOWN}
    if order is None:
        return none
    if order["市场活动"]:
        campaign = order["市场活动"]
        return {"origin_channel_id": demo.channel(None, campaign), "origin_campaign_id": crm(campaign)}
    deal = demo.opportunities.get(order["opportunity"])
    for lead in (demo.survivor(deal and deal["lead_id"]), demo.first_lead.get(account)):
        if lead and demo.facts.leads.at[lead, "channel"] != UNKNOWN:
            known = demo.facts.leads.loc[lead]
            return {
                "origin_channel_id": crm(known["channel"]),
                "origin_campaign_id": crm(known["campaign"]) or UNKNOWN,
            }
    return none
