"""Business that ``fill.py`` never does, done through the ERP's own client: ``tryton_rare.py DATABASE_URI CONFIG_FILE``.

Not imported by any test: it runs in the Python that has trytond and proteus. Returns by the ERP's wizard, an invoice
credited by the wizard, a complaint about a whole invoice and one about a sale, a part payment, a refund, a payment
order that clears later and one that fails, a cancelled invoice, a draft, a lead entered by mistake, a contact.
"""

from __future__ import annotations

import datetime as dt
import os
import sys
from decimal import Decimal
from typing import Any

os.environ["TRYTOND_DATABASE_URI"], os.environ["TRYTOND_CONFIG"] = sys.argv[1], sys.argv[2]

from proteus import Model, Wizard  # noqa: E402  # trytond picks its database when it is first imported
from proteus import config as proteus_config  # noqa: E402
from trytond.ir.date import Date  # noqa: E402

TODAY = [dt.date(2026, 5, 1)]
Date.today = classmethod(lambda cls, timezone=None: TODAY[0])
TAG = {"marketing_campaign": "rare-campaign", "marketing_medium": "cpc", "marketing_source": "baidu"}
session = proteus_config.set_trytond(sys.argv[1], config_file=sys.argv[2])
session.skip_warning = True


def first(model: str, *domain: tuple[str, str, Any]) -> Any:
    return Model.get(model).find(list(domain), order=[("id", "ASC")], limit=1)[0]


def day(month: int, number: int) -> dt.date:
    TODAY[0] = dt.date(2026, month, number)
    return TODAY[0]


def customer(letter: str) -> Any:
    party = Model.get("party.party")(name=f"Rare Hospital {letter}")
    party.addresses[0].city = "Beijing"
    party.save()
    return party


def confirm(sale: Any) -> Any:
    sale.click("quote")
    sale.click("confirm")
    if sale.state == "confirmed":
        sale.click("process")
    sale.reload()
    return sale


def sell(letter: str, on: dt.date, currency: str, *lines: tuple[Any, float, str]) -> Any:
    with session.set_context(**TAG):
        sale = Model.get("sale.sale")()
    sale.party, sale.sale_date, sale.currency = customer(letter), on, currencies[currency]
    sale.invoice_method, sale.shipment_method = "order", "order"
    sale.payment_term = first("account.invoice.payment_term")
    for product, quantity, price in lines:
        sale.lines.new(product=product, quantity=quantity).unit_price = Decimal(price)
    return confirm(sale)


def post(invoice: Any, on: dt.date) -> Any:
    invoice.invoice_date = on
    invoice.save()
    invoice.click("post")
    return invoice


def pay(invoice: Any, amount: str, on: dt.date) -> None:
    wizard = invoice.click("pay")
    wizard.form.payment_method = first("account.invoice.payment.method")
    wizard.form.amount, wizard.form.currency, wizard.form.date = Decimal(amount), invoice.currency, on
    wizard.execute("choice")
    if wizard.state != "end":
        wizard.form.type = "partial"
        wizard.execute("pay")


def order_payment(invoice: Any, amount: str, on: dt.date) -> Any:
    payment = Model.get("account.payment")(kind="receivable", journal=first("account.payment.journal"))
    payment.party, payment.date = invoice.party, on
    payment.account, payment.line = None, invoice.lines_to_pay[0]
    payment.amount = Decimal(amount)
    payment.save()
    payment.click("submit")
    payment.click("process_wizard")
    return payment


def complain(about: Any, party: Any, kind: Any, on: dt.date) -> Any:
    complaint = Model.get("sale.complaint")(date=on, customer=party, type=kind)
    complaint.origin = about
    return complaint


def settle(complaint: Any) -> Any:
    complaint.save()
    complaint.click("wait")
    complaint.click("approve")
    if complaint.state == "approved":
        complaint.click("process")
    complaint.reload()
    return complaint.actions[0].result


currencies = {currency.code: currency for currency in Model.get("currency.currency").find()}
pump, oximeter, monitor = Model.get("product.product").find([("producible", "=", True)], order=[("id", "ASC")])

# A: two lines whose amounts lie halfway between two cents; a part is paid; one pump comes back by the ERP's own wizard,
# so that the return's sale names the sale; what was too much is paid back
sale_a = sell("A", day(5, 1), "EUR", (pump, 3, "600.0050"), (oximeter, 10, "47.7945"))
invoice_a = post(sale_a.invoices[0], day(5, 2))
wizard = Wizard("sale.return_sale", [sale_a])
wizard.execute("return_")
returned = wizard.actions[0][0]
returned.sale_date = day(5, 20)
for line in list(returned.lines):
    if line.product == oximeter:
        returned.lines.remove(line)
    else:
        line.quantity, line.unit_price = -1, Decimal("600.0050")
credit_a = post(confirm(returned).invoices[0], day(5, 21))

# B: the whole invoice credited by the wizard: the note's lines name the lines
sale_b = sell("B", day(5, 5), "USD", (monitor, 2, "1300"))
invoice_b = post(sale_b.invoices[0], day(5, 22))
pay(invoice_a, "500.00", day(6, 3))
credit = Wizard("account.invoice.credit", [invoice_b])
credit.form.with_refund = False
credit.form.invoice_date = day(6, 10)
credit.execute("credit")
(credit_b,) = Model.get("account.invoice").find([("party", "=", sale_b.party.id), ("id", "!=", invoice_b.id)])
post(credit_b, day(6, 10))

# C: a complaint about the whole invoice gives back a part of the price, one about the sale takes all goods back
sale_c = sell("C", day(5, 6), "CNY", (pump, 4, "4800"), (oximeter, 5, "390"))
invoice_c = post(sale_c.invoices[0], day(6, 11))
about_invoice = complain(
    invoice_c, sale_c.party, first("sale.complaint.type", ("name", "=", "Invoice error")), day(6, 20)
)
action = about_invoice.actions.new()
action.action = "credit_note"
given_back = action.invoice_lines.new()
given_back.line, given_back.quantity, given_back.unit_price = invoice_c.lines[0], 2, Decimal("300")
post(settle(about_invoice), day(6, 20))
wrong_goods = Model.get("sale.complaint.type")(name="Wrong goods", origin=first("ir.model", ("name", "=", "sale.sale")))
wrong_goods.save()
about_sale = complain(sale_c, sale_c.party, wrong_goods, day(6, 25))
about_sale.actions.new().action = "sale_return"
taken_back = settle(about_sale)
taken_back.sale_date = day(6, 25)
taken_back.save()
post(confirm(taken_back).invoices[0], day(6, 26))

pay(credit_a, str(credit_a.amount_to_pay), day(7, 1))

# E: a payment order for a part, cleared some days later, and one that fails
sale_e = sell("E", day(5, 7), "CNY", (oximeter, 2, "390"))
invoice_e = post(sale_e.invoices[0], day(7, 2))
succeeded = order_payment(invoice_e, "500", day(7, 5)).click("succeed_wizard")
succeeded.form.date = day(7, 6)
succeeded.execute("succeed")
order_payment(invoice_e, "280", day(7, 8)).click("fail")

# F: an invoice that is never posted; a quotation that has no date yet; a lead by mistake; one with a contact
sale_f = sell("F", day(5, 8), "CNY", (oximeter, 1, "390"))
sale_f.invoices[0].click("cancel")
draft = Model.get("sale.sale")(party=sale_f.party)
draft.lines.new(product=oximeter, quantity=1).unit_price = Decimal(390)
draft.save()
with session.set_context(**TAG):
    mistake, lead = Model.get("sale.opportunity")(), Model.get("sale.opportunity")()
mistake.start_date, mistake.description = day(5, 9), "entered by mistake"
mistake.save()
mistake.click("cancel")
contact = Model.get("party.contact_mechanism")(party=sale_f.party, type="mobile", value="+86 138 0013 8000")
contact.name = "Zhao Min"
contact.save()
lead.start_date, lead.party, lead.address, lead.contact = day(5, 10), sale_f.party, sale_f.party.addresses[0], contact
lead.employee, lead.amount = first("company.employee"), Decimal(390)
lead.save()
lead.click("opportunity")
