"""Receivables, their ages, DSO and collection equal Tryton's own books, and what it does not carry is not available; on
the workspace that test_tryton.py makes."""

from __future__ import annotations

from calendar import monthrange
from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest

from tests.integration.test_tryton import Trial, in_sqlite, trial, tryton_data
from tests.oracles.exact import rounded, total
from tests.oracles.tryton import Query
from tests.oracles.tryton_receivables import Owed, book_balance, receivables, restated
from tests.published import Published, bare

__all__ = ["trial", "tryton_data"]  # the fixtures: one workspace for both files
pytestmark = [pytest.mark.slow, pytest.mark.realdata]

AGES = ("not_due", "overdue_1", "overdue_2", "overdue_3", "overdue_4")
WHEN = pytest.mark.parametrize("when", ["before", "after"])


def books(trial: Trial, when: str) -> Query:
    return in_sqlite(trial.before if when == "before" else trial.after)


def by_party(published: Published) -> dict[tuple[str, date], dict[str, Any]]:
    """Rows of receivable_month without the rare business, which test_tryton.py compares by hand."""
    rare = {row["account_id"] for row in published.rows("customer_facts") if row["name"].startswith("Rare Hospital")}
    return {
        (bare(row["account_id"]), row["closing_on"]): row
        for row in published.rows("receivable_month")
        if row["account_id"] not in rare
    }


def closings(published: Published) -> list[date]:
    """The end of each month that has anything, or the day up to which it is told."""
    days = sorted({row["closing_on"] for row in published.rows("receivable_month")})
    assert all(day.day == monthrange(day.year, day.month)[1] for day in days[:-1])
    return days


@WHEN
def test_what_each_customer_owes_by_age(trial: Trial, when: str) -> None:
    published = trial.published(when)
    rows = by_party(published)
    expected = receivables(books(trial, when), closings(published))
    have = {at: [row[name] for name in AGES] + [row["credit_sales"]] for at, row in rows.items()}
    have = {at: amounts for at, amounts in have.items() if any(amounts)}
    want = {at: [*owed.ages, owed.sales] for at, owed in expected.items() if any(owed.ages) or owed.sales}
    assert have == want
    assert all(row["open_amount"] == total(row[name] for name in AGES) for row in rows.values())
    assert any(amounts[4] for amounts in want.values()), "nothing is more than 90 days late"


@WHEN
def test_receivables_are_the_balance_of_the_books(trial: Trial, when: str) -> None:
    published, query = trial.published(when), books(trial, when)
    rows = by_party(published)
    different = 0
    for day in closings(published):
        ours = total(row["open_amount"] for (_, closing), row in rows.items() if closing == day)
        apart = restated(query, day)
        assert ours == book_balance(query, day) + apart, day
        different += apart != 0
    assert 0 < different < len(closings(published))  # a note in foreign money, from the day it was made


def test_dso_and_overdue_rate(trial: Trial) -> None:
    """Months of the ready-made file, where no business is rare: both sides, days by the calendar."""
    published, query = trial.published("before"), books(trial, "before")
    days = closings(published)
    known = receivables(query, days)
    by_day = {day: [owed for (_, closing), owed in known.items() if closing == day] for day in days}
    values: dict[tuple[str, str], dict[date, tuple[Any, ...]]] = {}
    for row in published.rows("metric_value"):
        if row["cut"] == "total" and row["period_kind"] == "month" and (row["numerator"] or row["denominator"]):
            cell = (row["numerator"], row["denominator"], row["value"])
            values.setdefault((row["metric_id"], row["variant"]), {})[row["period_start"]] = cell
    balances, dso, overdue = {}, {}, {}
    for day, owed in by_day.items():
        month = day.replace(day=1)
        left, late, sales = sums(owed)
        if left:
            balances[month] = (left, None, left)
            overdue[month] = (late, left, rounded(Fraction(late) / Fraction(left), 8))
        if left or sales:
            sold = max(sales, Decimal(0))  # nothing is told of a month that credits more than it sells
            dso[month] = (left * day.day, sold, rounded(Fraction(left * day.day) / Fraction(sold), 8) if sold else None)
    assert len(dso) > 5
    assert values["receivables", "standard"] == balances
    assert values["dso", "standard"] == dso
    assert values["overdue_rate", "standard"] == overdue


def sums(owed: list[Owed]) -> tuple[Decimal, Decimal, Decimal]:
    return total(one.open for one in owed), total(total(one.ages[1:]) for one in owed), total(one.sales for one in owed)


def test_what_the_erp_does_not_carry_is_not_available(trial: Trial) -> None:
    published = trial.published("after")
    availability = {(row["metric_id"], row["variant"]): row for row in published.rows("metric_availability")}
    for metric in (
        ("sell_through_rate", "standard"), ("distributor_stock_months", "standard"), ("cac", "direct"),
        ("ltv_cac_ratio", "12m"), ("distributor_stability", "trend"),
    ):  # fmt: skip
        assert not availability[metric]["is_available"], metric
        assert availability[metric]["reason_en"], metric
        assert availability[metric]["reason_zh"], metric
    assert availability["dso", "standard"]["is_available"]
    assert published.rows("distributor_matrix") == []
