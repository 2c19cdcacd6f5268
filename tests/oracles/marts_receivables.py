"""What customers of the demo owe at the end of each month and period, by age, worked out from its raw files."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from datetime import date, timedelta
from decimal import Decimal

import pandas as pd

from tests.oracles.demo_documents import Documents
from tests.oracles.demo_facts import AS_OF
from tests.oracles.demo_rows import Row, erp, frame, lineage
from tests.oracles.exact import rounded, total
from tests.oracles.marts_books import month_end, month_of

AGES = ("not_due", "overdue_1", "overdue_2", "overdue_3", "overdue_4")
BUCKETS = ("not_due", "1-30", "31-60", "61-90", "90+")
PERIODS: dict[str, Callable[[date], date | None]] = {
    "month": lambda month: month,
    "quarter": lambda month: month.replace(month=(month.month - 1) // 3 * 3 + 1),
    "half_year": lambda month: month.replace(month=(month.month - 1) // 6 * 6 + 1),
    "year": lambda month: month.replace(month=1),
    "all": lambda month: None,
}
CUTS = {
    "total": (),
    "account": ("account_id",),
    "customer_segment": ("customer_segment",),
    "customer_region": ("customer_region",),
    "ageing_bucket": ("ageing_bucket",),
    "account+ageing_bucket": ("account_id", "ageing_bucket"),
}
SALES = ("advance_amount", "credit_sales", "open_day_amount", "dso_sales", "countback_amount", "countback_sales")
KEYS = ("account_id", "customer_segment", "customer_region", "ageing_bucket")


class Receivables:
    """Invoices of real orders, what settles them, payments and bad debts; all in CNY at the document's rate."""

    def __init__(self, documents: Documents) -> None:
        self.documents = documents
        self.heads = [
            row for row in documents.invoices.values() if documents.origin(row["单号"])["exclusion_reason"] != "test"
        ]
        self.payments = {row["收款单号"]: row for row in documents.rows("payments")}
        self.settled: dict[str, list[tuple[date, Decimal]]] = defaultdict(list)
        self.used: dict[str, list[tuple[date, Decimal]]] = defaultdict(list)
        for row in documents.rows("allocations"):
            payment, head = self.payments[row["收款单号"]], documents.invoices[row["发票号"]]
            assert payment["币种"] == head["币种"], "the demo pays each invoice in its own currency"
            on = max(payment["收款日期"], head["开票日期"])
            self.settled[row["发票号"]].append((on, row["核销金额"]))
            self.used[row["收款单号"]].append((on, row["核销金额"]))
        self.bad = [row for row in documents.rows("order_costs") if row["费用类型"] == "bad_debt"]

    def rate(self, row: Row, on: date) -> Decimal:
        return self.documents.demo.rows.rate(row["币种"], on)[0]

    def months(self) -> list[date]:
        first = min([row["开票日期"] for row in self.documents.invoices.values()])
        month, found = month_of(min(first, *(row["收款日期"] for row in self.payments.values()))), []
        while month <= AS_OF:
            found.append(month)
            month = month_end(month) + timedelta(days=1)
        return found

    def open(self, on: date) -> list[Row]:
        """Documents that are open on a day: account, order, due day, amount and what of it is written off."""
        found = []
        for row in self.heads:
            if row["开票日期"] > on:
                continue
            left = (
                row["不含税金额"]
                + row["税额"]
                - total(amount for day, amount in self.settled[row["发票号"]] if day <= on)
            )
            reversed_head = self.documents.invoices[row["冲销发票"]] if row["冲销发票"] else row
            if left:
                amount = rounded(left * self.rate(row, row["valued_on"]))
                found.append(
                    {
                        "account": self.documents.demo.account(row["客户编码"]),
                        "order": row["单号"],
                        "due": reversed_head["到期日"],
                        "number": row["发票号"],
                        "amount": amount,
                        "written_off": Decimal(0),
                    }
                )
        for order in {row["单号"] for row in self.bad}:
            lost = total(row["金额"] for row in self.bad if row["单号"] == order and row["发生日期"] <= on)
            own = sorted((row for row in found if row["order"] == order), key=lambda row: (row["due"], row["number"]))
            lost = min(lost, max(total(row["amount"] for row in own), Decimal(0)))
            for row in own:
                row["written_off"] = min(lost, max(row["amount"], Decimal(0)))
                lost -= row["written_off"]
        return found

    def advances(self, on: date) -> dict[str | None, Decimal]:
        """Account → what it paid by a day and no invoice of that day has used."""
        found: dict[str | None, Decimal] = defaultdict(Decimal)
        for number, row in self.payments.items():
            if row["收款日期"] <= on:
                left = row["金额"] - total(amount for day, amount in self.used[number] if day <= on)
                found[self.documents.demo.account(row["客户编码"])] += rounded(left * self.rate(row, row["收款日期"]))
        return found


def age(days: int) -> int:
    """Place of so many days overdue in AGES."""
    return 0 if days <= 0 else 1 if days <= 30 else 2 if days <= 60 else 3 if days <= 90 else 4


def receivable_month(documents: Documents) -> pd.DataFrame:
    """Accounts by month, where they have anything."""
    return frame(documents.once("receivable_month", _months))


def _months(documents: Documents) -> list[Row]:
    books = Receivables(documents)
    described: dict[str | None, Row] = {
        erp(row["客户编码"]): row for row in documents.demo.rows.erp("customers", "客户")
    }
    rows = []
    for month in books.months():
        closing = min(month_end(month), AS_OF)
        opened, advances = books.open(closing), books.advances(closing)
        sales: dict[str | None, Decimal] = defaultdict(Decimal)
        for head in books.heads:
            if month <= head["开票日期"] <= closing:
                gross = (head["不含税金额"] + head["税额"]) * books.rate(head, head["valued_on"])
                sales[documents.demo.account(head["客户编码"])] += rounded(gross)
        lost: dict[str | None, Decimal] = defaultdict(Decimal)
        for row in books.bad:
            if month <= row["发生日期"] <= closing:
                lost[documents.origin(row["单号"])["account_id"]] += row["金额"]
        paid_ahead = {account for account, amount in advances.items() if amount}
        for account in {row["account"] for row in opened} | sales.keys() | lost.keys() | paid_ahead:
            own = [row for row in opened if row["account"] == account]
            ages = [Decimal(0)] * 5
            for row in own:
                ages[age((closing - row["due"]).days)] += row["amount"] - row["written_off"]
            rows.append(
                {
                    "account_id": account,
                    "customer_segment": described[account]["客户分类"] or "unknown",
                    "customer_region": described[account]["区域"] or "unknown",
                    "month": month,
                    "closing_on": closing,
                    "open_document_count": len(own),
                    "receivable": total(row["amount"] for row in own),
                    "written_off": total(row["written_off"] for row in own),
                    "open_amount": total(ages),
                    **dict(zip(AGES, ages, strict=True)),
                    "overdue_amount": total(ages[1:]),
                    "advance_amount": advances.get(account, Decimal(0)),
                    "credit_sales": sales.get(account, Decimal(0)),
                    "bad_debt": lost.get(account, Decimal(0)),
                    **lineage(described[account]),
                }
            )
    return rows


def receivable_period(documents: Documents) -> pd.DataFrame:
    """Members of each cut by period: the last month's balances, the period's sales, and the count back."""
    monthly = documents.once("receivable_month", _months)
    months = Receivables(documents).months()
    rows: list[Row] = []
    for cut, columns in CUTS.items():
        members: dict[tuple[str, ...], dict[date, list[Row]]] = defaultdict(lambda: defaultdict(list))
        for row in _by_age(monthly) if "ageing_bucket" in columns else monthly:
            members[tuple(row[name] for name in columns)][row["month"]].append(row)
        for member, by_month in members.items():
            named = {**dict.fromkeys(KEYS), **dict(zip(columns, member, strict=True))}
            own = [month for month in months if month >= min(by_month)]
            for kind, start_of in PERIODS.items():
                for start in {start_of(month) for month in own}:
                    inside = [month for month in own if start_of(month) == start]
                    rows.append(
                        {
                            "cut": cut,
                            "period_kind": kind,
                            "period_start": start,
                            **named,
                            **_closed(by_month, own, inside, max(start or months[0], months[0]), columns),
                        }
                    )
    return frame([row for row in rows if row["open_amount"] or row["advance_amount"] or row["credit_sales"]])


def _by_age(monthly: list[Row]) -> list[Row]:
    return [
        {
            **row,
            "ageing_bucket": bucket,
            "open_amount": row[name],
            "overdue_amount": row[name] if name != "not_due" else Decimal(0),
        }
        for row in monthly
        for name, bucket in zip(AGES, BUCKETS, strict=True)
        if row[name]
    ]


def _closed(
    by_month: dict[date, list[Row]], own: list[date], inside: list[date], first: date, columns: tuple[str, ...]
) -> Row:
    last = max(inside)
    closing = min(month_end(last), AS_OF)
    balance = {name: total(row[name] for row in by_month.get(last, [])) for name in ("open_amount", "overdue_amount")}
    result: Row = {
        "closing_on": closing,
        "day_count": (closing - first).days + 1,
        "open_account_count": sum(row["open_amount"] != 0 for row in by_month.get(last, [])),
        **balance,
    }
    if "ageing_bucket" in columns:  # advances and sales have no age
        return result | dict.fromkeys(SALES) | {"advance_account_count": 0}
    sales = {month: total(row["credit_sales"] for row in by_month.get(month, [])) for month in own}
    sold = total(sales[month] for month in inside)
    days, of_sales = _counted_back(balance["open_amount"], sales, closing)
    return {
        **result,
        "advance_amount": total(row["advance_amount"] for row in by_month.get(last, [])),
        "advance_account_count": sum(row["advance_amount"] != 0 for row in by_month.get(last, [])),
        "credit_sales": sold,
        "open_day_amount": balance["open_amount"] * result["day_count"],
        "dso_sales": max(sold, Decimal(0)),
        "countback_amount": days,
        "countback_sales": of_sales,
    }


def _counted_back(owed: Decimal, sales: dict[date, Decimal], closing: date) -> tuple[Decimal | None, Decimal | None]:
    """Days × sales of the month in which sales, taken month by month from the closing day back, reach what is owed."""
    if owed <= 0:
        return None, None
    whole_days, rest = 0, owed
    for month in sorted((month for month in sales if month <= closing), reverse=True):
        days = (min(month_end(month), closing) - month).days + 1
        if sales[month] >= rest:
            return whole_days * sales[month] + rest * days, sales[month]
        whole_days, rest = whole_days + days, rest - sales[month]
    return None, None
