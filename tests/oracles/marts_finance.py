"""Marts of invoices, payments and the costs of orders, worked out from the demo's raw files."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from decimal import Decimal
from fractions import Fraction

import pandas as pd

from tests.oracles.demo_documents import Documents
from tests.oracles.demo_rows import LINEAGE, Row, erp, frame, lineage, ref
from tests.oracles.exact import rounded, shares, total

OF_ORDER = (
    "order_id",
    "origin_channel_id",
    "origin_campaign_id",
    "is_excluded",
    "exclusion_reason",
)


def _of_order(documents: Documents, order: str | None, *more: str) -> Row:
    known = documents.origin(order)
    return {name: known[name] for name in (*OF_ORDER, *more)}


def invoice_line_facts(documents: Documents) -> pd.DataFrame:
    """Cost: what the line says, else of the lots shipped for it, else standard; every invoice of the demo has lines."""
    demo = documents.demo
    standard = demo.facts.files.products().set_index("产品编码")["标准成本"].to_dict()
    rows = []
    for row in documents.rows("invoice_lines"):
        head = documents.invoices[row["发票号"]]
        of_rate = documents.day_rate(head["币种"], head["valued_on"])
        line = f"{head['单号']}-{row['订单行号']}"
        if row["成本"] is not None:
            basis, cogs = "invoice_line", rounded(row["成本"] * of_rate["rate"])
        elif lot := demo.postings.lot_cost.get(line):
            basis, cogs = "lot", rounded(lot[0] * Fraction(row["数量"]) / lot[1])
        else:
            basis, cogs = "standard", rounded(standard[row["产品编码"]] * row["数量"])
        net = rounded(row["不含税金额"] * of_rate["rate"])
        rows.append(
            {
                "invoice_line_id": erp(f"{row['发票号']}-{row['行号']}"),
                "invoice_id": erp(row["发票号"]),
                "document_no": row["发票号"],
                **_of_order(documents, head["单号"], "salesperson_id", "distributor_id"),
                "order_line_id": erp(line),
                "account_id": demo.account(head["客户编码"]),
                "customer_id": erp(head["客户编码"]),
                "product_id": erp(row["产品编码"]),
                "kind": head["发票类型"],
                "invoiced_on": head["开票日期"],
                "due_on": head["到期日"],
                "valued_on": head["valued_on"],
                "reverses_invoice_id": erp(head["冲销发票"]),
                "is_header_only": False,
                "quantity": row["数量"],
                "net_amount": row["不含税金额"],
                "tax_amount": row["税额"],
                "currency": head["币种"],
                **of_rate,
                "net_invoiced": net,
                "cogs": cogs,
                "gross_profit": net - cogs,
                "cost_basis": basis,
                **lineage(row),
            }
        )
    return frame(rows)


def _settled(documents: Documents) -> Iterable[tuple[Row, Row, Row, Decimal]]:
    """Allocation, payment, invoice, and the invoice's net settled after it, in the order in which they were paid."""
    payments = {row["收款单号"]: row for row in documents.rows("payments")}
    known = [(payments[row["收款单号"]], row) for row in documents.rows("allocations")]
    settled: dict[str, Decimal] = defaultdict(Decimal)
    for payment, row in sorted(known, key=lambda pair: (pair[0]["收款日期"], pair[1]["核销号"])):
        head = documents.invoices[row["发票号"]]
        settled[row["发票号"]] += row["核销金额"]
        gross = head["不含税金额"] + head["税额"]
        reached = rounded(Fraction(settled[row["发票号"]]) * Fraction(head["不含税金额"]) / Fraction(gross))
        yield row, payment, head, reached


def payment_facts(documents: Documents) -> pd.DataFrame:
    """Net of VAT on the invoice's running total. What is paid back on a credit note tells nothing of days."""
    before: dict[str, Decimal] = defaultdict(Decimal)
    rows = []
    for row, payment, head, reached in _settled(documents):
        paid, invoice = payment["收款日期"], row["发票号"]
        of_rate = documents.day_rate(payment["币种"], paid)
        net = reached - before[invoice]
        before[invoice] = reached
        collected = rounded(net * of_rate["rate"])
        days = (paid - head["开票日期"]).days
        counts = head["发票类型"] == "invoice"
        rows.append(
            {
                "allocation_id": erp(row["核销号"]),
                "payment_id": erp(row["收款单号"]),
                "document_no": payment["银行流水号"],
                "invoice_id": erp(invoice),
                **_of_order(documents, head["单号"]),
                "account_id": documents.demo.account(payment["客户编码"]),
                "customer_id": erp(payment["客户编码"]),
                "method": payment["方式"],
                "invoice_kind": head["发票类型"],
                "invoiced_on": head["开票日期"],
                "due_on": head["到期日"],
                "paid_on": paid,
                "days_to_pay": days,
                "days_overdue": (paid - head["到期日"]).days,
                "allocated_amount": row["核销金额"],
                "collected_amount": net,
                "currency": payment["币种"],
                **of_rate,
                "allocated": rounded(row["核销金额"] * of_rate["rate"]),
                "collected": collected,
                "collection_amount": collected if counts else None,
                "collection_day_amount": collected * days if counts else None,
                **lineage(row),
            }
        )
    return frame(rows)


PAYMENT_LINE = (
    *("allocation_id", "payment_id", "invoice_id", "order_id", "account_id", "invoice_kind", "invoiced_on", "paid_on"),
    *("days_to_pay", "is_excluded", "exclusion_reason", "currency", "rate", "rate_id", "has_rate", *LINEAGE),
)


def payment_line_facts(documents: Documents) -> pd.DataFrame:
    """Of what is settled of an invoice so far, each line has its share by net amount; a payment brings what is new."""
    lines: dict[str, list[Row]] = defaultdict(list)
    for row in documents.rows("invoice_lines"):
        lines[row["发票号"]].append(row)
    facts = {row["allocation_id"]: row for row in payment_facts(documents).to_dict("records")}
    rows = []
    before: dict[str, list[Decimal]] = {}
    for allocation, _, head, reached in _settled(documents):
        invoice = allocation["发票号"]
        bearers = sorted(lines[invoice], key=lambda row: row["行号"])
        weights = [row["不含税金额"] for row in bearers]
        parts = shares(reached, weights)
        fact = facts[erp(allocation["核销号"])]
        nets = [here - past for here, past in zip(parts, before.get(invoice, [Decimal(0)] * len(parts)), strict=True)]
        before[invoice] = parts
        # converted on the running total over the lines: the design says no more than that they add up to the payment
        running = [rounded(total(nets[: count + 1]) * fact["rate"]) for count in range(len(nets))]
        converted = [here - past for here, past in zip(running, [Decimal(0), *running], strict=False)]
        for row, net, functional in zip(bearers, nets, converted, strict=True):
            line = erp(f"{invoice}-{row['行号']}")
            rows.append(
                {
                    **{name: fact[name] for name in PAYMENT_LINE},
                    "payment_line_id": f"{fact['allocation_id']}|{line}",
                    "invoice_line_id": line,
                    "order_line_id": erp(f"{head['单号']}-{row['订单行号']}"),
                    "product_id": erp(row["产品编码"]),
                    "collected_amount": net,
                    "collected": functional,
                }
            )
    return frame(_with_contribution(documents, rows))


def _with_contribution(documents: Documents, rows: list[Row]) -> list[Row]:
    """A receipt brings as much of its order's contribution as it is of what was invoiced, on the running total."""
    earned: dict[str, Decimal] = defaultdict(Decimal)
    invoiced: dict[str, Decimal] = defaultdict(Decimal)
    for row in invoice_line_facts(documents).to_dict("records"):
        earned[row["order_id"]] += row["gross_profit"]
        invoiced[row["order_id"]] += row["net_invoiced"]
    for row in order_cost_facts(documents).to_dict("records"):
        if row["kind"] != "other" and row["order_id"]:
            earned[row["order_id"]] -= row["amount"]
    before: dict[str, Decimal] = defaultdict(Decimal)
    for row in sorted(rows, key=lambda row: (row["paid_on"], row["payment_line_id"])):
        order = row["order_id"]
        row["contribution_collected"] = None
        if invoiced[order]:
            share = Fraction(earned[order]) / Fraction(invoiced[order])
            reached = before[order] + row["collected"]
            now, past = rounded(share * Fraction(reached)), rounded(share * Fraction(before[order]))
            before[order], row["contribution_collected"] = reached, now - past
    return rows


def order_cost_facts(documents: Documents) -> pd.DataFrame:
    """Freight by the lines of the parcel, tickets by that of the serial number else the product's, others by all."""
    return frame([*_bills(documents), *_freight(documents), *_after_sales(documents)])


def _borne(documents: Documents, cost: Row, order: str | None, bearers: list[Row], amount: Decimal) -> Iterable[Row]:
    """One row per line that bears a share by net amount; one row without a line where none is known."""
    known = documents.origin(order)
    head = {**cost, "has_rate": True, **{name: known[name] for name in ("order_id", "is_excluded", "exclusion_reason")}}
    if not bearers:
        yield {**head, "cost_line_id": f"{cost['cost_id']}|", "order_line_id": None, "amount": amount}
        return
    for line, part in zip(bearers, shares(amount, [line["不含税金额"] for line in bearers]), strict=True):
        number = erp(line["line"])
        yield {**head, "cost_line_id": f"{cost['cost_id']}|{number}", "order_line_id": number, "amount": part}


def _bills(documents: Documents) -> Iterable[Row]:
    for row in documents.rows("order_costs"):
        cost = {
            "cost_id": f"order_cost:{erp(row['费用编号'])}",
            "document_kind": "order_cost",
            "document_id": erp(row["费用编号"]),
            "document_no": row["凭证号"],
            "kind": row["费用类型"],
            "split_scope": "order",
            "incurred_on": row["发生日期"],
            **lineage(row),
        }
        yield from _borne(documents, cost, row["单号"], documents.lines.get(row["单号"], []), row["金额"])


def _freight(documents: Documents) -> Iterable[Row]:
    shipped: dict[str, set[str]] = defaultdict(set)
    for row in documents.rows("shipment_lines"):
        shipped[row["发货单号"]].add(f"{row['单号']}-{row['行号']}")
    for row in documents.rows("shipments"):
        if row["运费"] is None:  # sea freight is billed as a cost of the order
            continue
        cost = {
            "cost_id": f"shipment:{erp(row['发货单号'])}",
            "document_kind": "shipment",
            "document_id": erp(row["发货单号"]),
            "document_no": None,
            "kind": "freight",
            "split_scope": "shipment",
            "incurred_on": row["发货时间"].date(),
            **lineage(row),
        }
        parcel = [line for line in documents.lines[row["单号"]] if line["line"] in shipped[row["发货单号"]]]
        yield from _borne(documents, cost, row["单号"], parcel, row["运费"])


def _after_sales(documents: Documents) -> Iterable[Row]:
    serials = {
        row["序列号"]: f"{row['单号']}-{row['行号']}" for row in documents.rows("shipment_lines") if row["序列号"]
    }
    for row in documents.tickets:
        own = serials.get(row["serial_no"])
        order = row["order_no"] or (own and own.split("-")[0])
        lines = documents.lines.get(order or "", [])
        of_product = [line for line in lines if line["产品编码"] == row["product"]]
        if own in {line["line"] for line in lines}:
            scope, bearers = "line", [line for line in lines if line["line"] == own]
        elif of_product:
            scope, bearers = "product", of_product
        else:
            scope, bearers = "order", lines
        cost = {
            "cost_id": f"ticket:{ref('service', row['ticket_id'])}",
            "document_kind": "service_ticket",
            "document_id": ref("service", row["ticket_id"]),
            "document_no": None,
            "kind": "after_sales",
            "split_scope": scope,
            "incurred_on": row["opened_at"].date(),
            **lineage(row),
        }
        amount = row["parts_cost"] + row["labour_cost"] + row["travel_cost"] - row["recovered"]
        yield from _borne(documents, cost, order, bearers, amount)
