"""What Tryton's own tables say per campaign: SQL on the very database that triloop reads, and sums in Decimal.

Written from metrics.md and the ERP's tables, by other ways than the mapping goes: revenue and cash are what the ERP
posted in its books (moves and their origin), not documents times rates; only a credit note is valued anew, at the rate
of the invoice that it credits, since the ERP books it at its own day's. SQLite has no decimals, so each amount leaves
the database as text and is summed here.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

Query = Callable[[str], list[tuple[Any, ...]]]
CENT = Decimal("0.01")


@dataclass
class CampaignFigures:
    """One campaign, from lead to cash; money in the company's currency, net of VAT."""

    leads: int = 0
    opportunities: int = 0
    won: int = 0
    sales: int = 0
    invoiced_sales: set[str] = field(default_factory=set)
    revenue: Decimal = Decimal(0)
    cost: Decimal = Decimal(0)
    collected: Decimal = Decimal(0)
    collected_days: Decimal = Decimal(0)
    returned_quantity: Decimal = Decimal(0)
    complaints: int = 0

    @property
    def collection_days(self) -> Decimal | None:
        return self.collected_days / self.collected if self.collected else None


# the opportunity and campaign behind each sale
_SOLD = """
    select cast(s.id as varchar) as sale, c.name as campaign
    from sale_sale s
    join sale_opportunity o on s.origin = 'sale.opportunity,' || cast(o.id as varchar)
    join marketing_campaign c on c.id = o.marketing_campaign
    where s.state in ('confirmed', 'processing', 'done')
"""
# every bill to a customer that is in the books, with its sale, the line it is about, and the invoice that it credits
_BILLED = """
    select i.id as invoice, i.id as valued_as,
      cast(l.id as varchar) as line, cast(sl.id as varchar) as sale_line, cast(sl.sale as varchar) as sale
    from account_invoice i
    join account_invoice_line l on l.invoice = i.id
    join sale_line sl on l.origin = 'sale.line,' || cast(sl.id as varchar)
    where i.type = 'out' and i.state in ('posted', 'paid')
    union all
    select i.id, credited.invoice, cast(l.id as varchar), cast(sl.id as varchar), cast(sl.sale as varchar)
    from account_invoice i
    join account_invoice_line l on l.invoice = i.id
    join sale_complaint c on l.origin = 'sale.complaint,' || cast(c.id as varchar)
    join account_invoice_line credited on c.origin = 'account.invoice.line,' || cast(credited.id as varchar)
    join sale_line sl on credited.origin = 'sale.line,' || cast(sl.id as varchar)
    where i.type = 'out' and i.state in ('posted', 'paid')
"""
_REVENUE = f"""
    select sold.campaign, billed.sale, cast(billed.invoice as varchar), cast(billed.valued_as as varchar),
      cast(p.credit as varchar), cast(p.debit as varchar), cast(p.amount_second_currency as varchar)
    from ({_BILLED}) billed
    join ({_SOLD}) sold on sold.sale = billed.sale
    join account_move_line p on p.origin = 'account.invoice.line,' || billed.line
    join account_account a on a.id = p.account
    join account_account_type t on t.id = a.type and t.revenue
"""
# the rate of the month in which each invoice was made, in foreign units for one of the company's
_RATES = """
    select cast(i.id as varchar), cast(r.rate as varchar)
    from account_invoice i
    join currency_currency_rate r on r.currency = i.currency
    where r.date = (
      select max(q.date) from currency_currency_rate q where q.currency = i.currency and q.date <= i.invoice_date
    )
"""
# what one piece of the lot that was shipped had cost to make
_COST = f"""
    select sold.campaign, cast(l.quantity as varchar), cast(made.cost_price as varchar)
    from ({_BILLED}) billed
    join ({_SOLD}) sold on sold.sale = billed.sale
    join account_invoice_line l on cast(l.id as varchar) = billed.line
    join stock_move shipped on shipped.origin = 'sale.line,' || billed.sale_line and shipped.state = 'done'
    join stock_move made on made.lot = shipped.lot and made.production_output is not null and made.state = 'done'
"""
# moves of the bank that say which invoice, or which payment order, they are for
PAID_MOVES = """from (
      select m.id as move, i.id as invoice
      from account_move m
      join account_invoice i on m.origin = 'account.invoice,' || cast(i.id as varchar) and m.id <> i.move
      union all
      select m.id, i.id
      from account_move m
      join account_payment o on m.origin = 'account.payment,' || cast(o.id as varchar) and o.state = 'succeeded'
      join account_move_line owed on owed.id = o.line
      join account_invoice i on i.move = owed.move
    ) paid
    join account_move m on m.id = paid.move"""
_CASH = f"""
    select sold.campaign, cast(p.credit as varchar), cast(p.debit as varchar),
      cast(m.date as varchar), cast(i.invoice_date as varchar)
    {PAID_MOVES}
    join account_invoice i on i.id = paid.invoice
    join account_move_line p on p.move = m.id
    join account_account a on a.id = p.account
    join account_account_type t on t.id = a.type and t.receivable
    join (select distinct invoice, sale from ({_BILLED}) b) billed on billed.invoice = i.id
    join ({_SOLD}) sold on sold.sale = billed.sale
"""
# goods taken back by a sale that quotes the number of the one it undoes
_RETURNED = f"""
    select sold.campaign, cast(m.quantity as varchar)
    from stock_move m
    join sale_line l on m.origin = 'sale.line,' || cast(l.id as varchar) and l.quantity < 0
    join sale_sale back on back.id = l.sale
    join sale_sale s on s.number = back.reference and s.party = back.party
    join ({_SOLD}) sold on sold.sale = cast(s.id as varchar)
    where m.state = 'done' and m.shipment like 'stock.shipment.out.return,%'
"""
_COMPLAINTS = f"""
    select sold.campaign, count(*)
    from sale_complaint c
    join account_invoice_line l on c.origin = 'account.invoice.line,' || cast(l.id as varchar)
    join sale_line sl on l.origin = 'sale.line,' || cast(sl.id as varchar)
    join ({_SOLD}) sold on sold.sale = cast(sl.sale as varchar)
    group by sold.campaign
"""
# lots with a measured leakage outside the tolerance of the control: they cannot have passed at the first go
_MEASURED = """
    select t.number, q.points
    from quality_inspection q
    join stock_move made on q.origin = 'production,' || cast(made.production_output as varchar)
    join stock_lot t on t.id = made.lot
"""
_LEADS = """
    select c.name, o.state, (select count(*) from sale_opportunity_line l where l.opportunity = o.id)
    from sale_opportunity o join marketing_campaign c on c.id = o.marketing_campaign
"""


def figures(query: Query) -> dict[str, CampaignFigures]:
    """Every campaign's figures out of the ERP's database."""
    found: dict[str, CampaignFigures] = defaultdict(CampaignFigures)
    for campaign, state, line_count in query(_LEADS):
        if state == "cancelled":  # the ERP's word for what should never have been entered
            continue
        one = found[campaign]
        one.leads += 1
        # only who works on an opportunity says what might be bought
        one.opportunities += state in {"opportunity", "converted", "won"} or line_count > 0
        one.won += state == "won"
    for _, campaign in query(_SOLD):
        found[campaign].sales += 1
    _add_revenue(found, query)
    for campaign, quantity, unit_cost in query(_COST):
        found[campaign].cost += (Decimal(quantity) * Decimal(unit_cost)).quantize(CENT, ROUND_HALF_UP)
    for campaign, credit, debit, paid_on, invoiced_on in query(_CASH):
        amount = Decimal(credit) - Decimal(debit)
        days = (date.fromisoformat(paid_on) - date.fromisoformat(invoiced_on)).days
        found[campaign].collected += amount
        found[campaign].collected_days += amount * days
    for campaign, quantity in query(_RETURNED):
        found[campaign].returned_quantity += Decimal(quantity)
    for campaign, count in query(_COMPLAINTS):
        found[campaign].complaints = count
    return dict(found)


def _add_revenue(found: dict[str, CampaignFigures], query: Query) -> None:
    rate = {invoice: Decimal(value) for invoice, value in query(_RATES)}
    for campaign, sale, invoice, valued_as, credit, debit, foreign in query(_REVENUE):
        one = found[campaign]
        one.invoiced_sales.add(sale)
        posted = Decimal(credit) - Decimal(debit)
        if invoice != valued_as and foreign is not None:
            posted = (-Decimal(foreign) / rate[valued_as]).quantize(CENT, ROUND_HALF_UP)
        one.revenue += posted


def lots_that_failed_first(query: Query, tolerance: float) -> set[str]:
    """Numbers of lots whose inspection measured more leakage than the control allows."""
    found = set()
    for lot, points in query(_MEASURED):
        measured = json.loads(points) if isinstance(points, str) else points
        if measured["leakage"] > tolerance:
            found.add(lot)
    return found
