"""Exchange rates, and the books against our own documents, worked out from the demo's raw files."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction

import pandas as pd

from tests.oracles.demo_documents import LEDGER, Documents
from tests.oracles.demo_facts import AS_OF, MAX_RATE_AGE
from tests.oracles.demo_rows import FUNCTIONAL, Row, erp, frame, lineage
from tests.oracles.exact import rounded, total
from tests.oracles.marts_market import marketing_spend_facts

NUMBER = {account: number for number, account in LEDGER.items()}
TURNOVER = {"revenue": "本期贷方", "marketing_expense": "本期借方", "cost_of_sales": "本期借方"}


def month_of(on: date) -> date:
    """First day of the month."""
    return on.replace(day=1)


def month_end(month: date) -> date:
    """Last day of the month."""
    return month_of(month + timedelta(days=31)) - timedelta(days=1)


def exchange_rate_facts(documents: Documents) -> pd.DataFrame:
    """Every quote of the demo is of another currency in CNY, one a day: each serves until the next, or a week."""
    quotes: dict[str, list[Row]] = defaultdict(list)
    for row in documents.rows("exchange_rates"):
        assert (row["本位币"], row["汇率"] > 0) == (FUNCTIONAL, True), "the demo quotes the CNY price of others"
        quotes[row["原币"]].append(row)
    rows = []
    for name, group in quotes.items():
        ordered = sorted(group, key=lambda row: row["日期"])
        for row, later in zip(ordered, [*ordered[1:], None], strict=True):
            oldest = row["日期"] + timedelta(days=MAX_RATE_AGE)
            rows.append(
                {
                    "rate_id": erp(f"{name}-{row['日期']:%Y/%m/%d}"),
                    "from_currency": name,
                    "to_currency": FUNCTIONAL,
                    "quoted_on": row["日期"],
                    "rate": row["汇率"],
                    "rate_type": row["类型"],
                    "rate_source": row["来源"],
                    "is_used": True,
                    "is_inverted": False,
                    "functional_rate": row["汇率"],
                    "served_from": row["日期"],
                    "served_to": min(oldest, later["日期"] - timedelta(days=1)) if later else oldest,
                    **lineage(row),
                }
            )
    return frame(rows)


Own = dict[tuple[str, date], tuple[Decimal, int]]
"""Account and month → our own amount and the number of documents behind it."""


def _own(documents: Documents) -> Own:
    return {**_expense(documents), **_revenue(documents), **_receivable(documents)}


def _expense(documents: Documents) -> Own:
    months: dict[date, list[Decimal]] = defaultdict(list)
    for row in marketing_spend_facts(documents.demo).to_dict("records"):
        months[month_of(row["spent_on"])].append(row["cost_functional"])
    return {("marketing_expense", month): (total(found), len(found)) for month, found in months.items()}


def _real(documents: Documents) -> list[Row]:
    """Invoices and credit notes, without those of test orders."""
    return [row for row in documents.invoices.values() if documents.origin(row["单号"])["exclusion_reason"] != "test"]


def _revenue(documents: Documents) -> Own:
    months: dict[date, list[Decimal]] = defaultdict(list)
    for row in _real(documents):
        rate, _ = documents.demo.rows.rate(row["币种"], row["valued_on"])
        months[month_of(row["开票日期"])].append(rounded(row["不含税金额"] * rate))
    return {("revenue", month): (total(found), len(found)) for month, found in months.items()}


def _receivable(documents: Documents) -> Own:
    """Open at the end of each month, invoice by invoice; the days so far on which an invoice's balance moved."""
    paid = {row["收款单号"]: row["收款日期"] for row in documents.rows("payments")}
    moves: dict[str, list[tuple[date, Decimal]]] = defaultdict(list)
    for row in documents.rows("allocations"):
        on = max(paid[row["收款单号"]], documents.invoices[row["发票号"]]["开票日期"])
        moves[row["发票号"]].append((on, -row["核销金额"]))
    heads = _real(documents)
    for row in heads:
        moves[row["发票号"]].append((row["开票日期"], row["不含税金额"] + row["税额"]))
    days = {row["发票号"]: sorted({on for on, _ in moves[row["发票号"]]}) for row in heads}
    result: Own = {}
    for month in _months(min(row["开票日期"] for row in heads), AS_OF):
        end, found, changed = month_end(month), [], 0
        for row in heads:
            number = row["发票号"]
            rate, _ = documents.demo.rows.rate(row["币种"], row["valued_on"])
            found.append(rounded(total(amount for on, amount in moves[number] if on <= end) * rate))
            changed += sum(on <= end for on in days[number])
        result["receivable", month] = total(found), changed
    return result


def _months(first: date, last: date) -> Iterable[date]:
    month = month_of(first)
    while month <= last:
        yield month
        month = month_end(month) + timedelta(days=1)


def ledger_balance_facts(documents: Documents) -> pd.DataFrame:
    """Turnover of revenue and expense, closing balance of the rest; the demo's books are in CNY."""
    return frame(
        [
            {
                "balance_id": erp(f"{row['会计期间']:%Y-%m}-{NUMBER[row['科目编码']]}"),
                "account": row["科目编码"],
                "month": row["会计期间"],
                "balance_amount": row[TURNOVER.get(row["科目编码"], "期末余额")],
                "currency": FUNCTIONAL,
                **documents.day_rate(FUNCTIONAL, month_end(row["会计期间"])),
                "book_amount": row[TURNOVER.get(row["科目编码"], "期末余额")],
                **lineage(row),
            }
            for row in documents.rows("ledger")
        ]
    )


def ledger_tie_out(documents: Documents) -> pd.DataFrame:
    """The books against our own; each account and month is one line of the books."""
    own = _own(documents)
    starts = {account: min(month for name, month in own if name == account) for account, _ in own}
    rows = []
    for row in ledger_balance_facts(documents).to_dict("records"):
        account, month, book = row["account"], row["month"], row["book_amount"]
        amount, count = own.get((account, month), (Decimal(0), 0))
        known = account in starts and month >= starts[account]
        difference = book - amount if known else None
        share = None if difference is None or book == 0 else rounded(Fraction(difference) / abs(Fraction(book)), 8)
        rows.append(
            {
                "tie_out_id": f"{account}|{month}",
                "account": account,
                "month": month,
                "first_balance_id": row["balance_id"],
                "balance_count": 1,
                "document_count": count,
                "book_amount": book,
                "own_amount": amount if known else None,
                "difference": difference,
                "difference_share": share,
                "is_closed": month_end(month) <= AS_OF,
                **lineage(row),
            }
        )
    return frame(rows)
