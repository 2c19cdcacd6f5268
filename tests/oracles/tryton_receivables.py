"""What customers owe by Tryton's own books: its receivable accounts, invoice by invoice, at the end of any month.

Amounts are those of the ERP's moves. As everywhere, a credit note counts at the rate of the invoice that it credits,
and a receipt in foreign money takes off what it settles at the invoice's rate; the ERP books both at their own day's
and evens out with a move of the exchange difference, which belongs to no invoice and is left out here.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import date
from decimal import ROUND_HALF_UP, Decimal

from tests.oracles.tryton import _BILLED, _RATES, CENT, PAID_MOVES, Query

AGES = (30, 60, 90)
_RECEIVABLE = """
    join account_move_line l on l.move = m.id
    join account_account a on a.id = l.account
    join account_account_type t on t.id = a.type and t.receivable
"""
_AMOUNTS = "cast(l.debit as varchar), cast(l.credit as varchar), cast(l.amount_second_currency as varchar)"
_OWED = f"""
    select cast(i.id as varchar), cast(i.party as varchar), cast(m.date as varchar), cast(l.maturity_date as varchar), {_AMOUNTS}
    from account_invoice i
    join account_move m on m.id = i.move
    {_RECEIVABLE}
    join party_party p on p.id = i.party and p.name not like 'Rare Hospital%'
    where i.type = 'out' and i.state in ('posted', 'paid')
"""  # noqa: E501 - a statement
_PAID = f"""
    select cast(paid.invoice as varchar), cast(m.date as varchar), {_AMOUNTS}
    {PAID_MOVES}
    {_RECEIVABLE}
"""
# everything on receivable accounts, whatever it is for
_BOOKS = f"""
    select cast(m.date as varchar), cast(l.debit as varchar), cast(l.credit as varchar)
    from account_move m {_RECEIVABLE}
    left join party_party p on p.id = l.party
    where coalesce(p.name, '') not like 'Rare Hospital%'
"""


@dataclass
class Invoice:
    """One invoice or note: amounts in its own currency, what the ERP posted in the company's, and units of the one for
    one of the other."""

    party: str
    invoiced_on: date
    due_on: date
    amount: Decimal = Decimal(0)
    booked: Decimal = Decimal(0)
    rate: Decimal = Decimal(1)
    paid: list[tuple[date, Decimal]] = field(default_factory=list)

    def open_on(self, day: date) -> Decimal:
        """In the company's currency, to the cent."""
        if self.invoiced_on > day:
            return Decimal(0)
        left = self.amount - sum((amount for on, amount in self.paid if max(on, self.invoiced_on) <= day), Decimal(0))
        return self.valued(left)

    def valued(self, amount: Decimal) -> Decimal:
        return (amount / self.rate).quantize(CENT, ROUND_HALF_UP)


@dataclass
class Owed:
    """Of one customer at the end of one month: what is open by age (not due first), and the month's credit sales."""

    ages: list[Decimal] = field(default_factory=lambda: [Decimal(0)] * 5)
    sales: Decimal = Decimal(0)

    @property
    def open(self) -> Decimal:
        return sum(self.ages, Decimal(0))


def _invoices(query: Query) -> dict[str, Invoice]:
    rates = {invoice: Decimal(rate) for invoice, rate in query(_RATES)}
    credited: dict[str, str] = {}
    for invoice, valued_as, *_ in query(
        f"select cast(invoice as varchar), cast(valued_as as varchar) from ({_BILLED}) b"
    ):
        if invoice != valued_as:
            credited[invoice] = valued_as
    found: dict[str, Invoice] = {}
    for number, party, on, due, debit, credit, foreign in query(_OWED):
        known = found.setdefault(number, Invoice(party, date.fromisoformat(on), date.fromisoformat(due or on)))
        known.due_on = max(known.due_on, date.fromisoformat(due or on))
        known.booked += Decimal(debit) - Decimal(credit)
        known.amount += Decimal(debit) - Decimal(credit) if foreign is None else Decimal(foreign)
        if foreign is not None:
            known.rate = rates[credited.get(number, number)]
    for number, on, debit, credit, foreign in query(_PAID):
        if number in found:
            amount = Decimal(credit) - Decimal(debit) if foreign is None else -Decimal(foreign)
            found[number].paid.append((date.fromisoformat(on), amount))
    for number, corrected in credited.items():
        if number in found:  # it takes off the debt that it corrects
            found[number].due_on = found[corrected].due_on
    return found


def receivables(query: Query, closings: list[date]) -> dict[tuple[str, date], Owed]:
    """Party and month end (the day up to which the last month is told) → what is owed; nothing is left out."""
    found: dict[tuple[str, date], Owed] = defaultdict(Owed)
    for invoice in _invoices(query).values():
        for day in closings:
            left = invoice.open_on(day)
            if left:
                overdue = (day - invoice.due_on).days
                age = 0 if overdue <= 0 else 1 + sum(overdue > edge for edge in AGES)
                found[invoice.party, day].ages[age] += left
            if (invoice.invoiced_on.year, invoice.invoiced_on.month) == (day.year, day.month):
                assert invoice.invoiced_on <= day
                found[invoice.party, day].sales += invoice.valued(invoice.amount)
    return dict(found)


def book_balance(query: Query, day: date) -> Decimal:
    """The balance of all receivable accounts at the end of a day, as the ERP posted it."""
    return sum(
        (Decimal(debit) - Decimal(credit) for on, debit, credit in query(_BOOKS) if on <= day.isoformat()), Decimal(0)
    )


def restated(query: Query, day: date) -> Decimal:
    """What open documents count beside what the ERP posted of them: credit notes, at the rate of their invoice."""
    return sum(
        (one.valued(one.amount) - one.booked for one in _invoices(query).values() if one.open_on(day)), Decimal(0)
    )
