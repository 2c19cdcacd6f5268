"""The factory's half of the demo: orders, delivery, production, money and service, as steps and as files."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from orchestration.examples.demo.catalogue import build_catalogue
from orchestration.examples.demo.distributors import build_sell_out
from orchestration.examples.demo.export_erp import erp_files
from orchestration.examples.demo.export_office import office_files
from orchestration.examples.demo.export_other import service_database
from orchestration.examples.demo.fields import Factory
from orchestration.examples.demo.labour import build_work_hours
from orchestration.examples.demo.ledger import build_ledger
from orchestration.examples.demo.money import build_invoices
from orchestration.examples.demo.orders import build_orders
from orchestration.examples.demo.payments import build_order_costs, build_payments
from orchestration.examples.demo.production import build_production
from orchestration.examples.demo.service import build_returns, build_tickets
from orchestration.examples.demo.shipping import build_shipments
from orchestration.examples.demo.stock import build_capacity, build_stock
from orchestration.examples.demo.writers import Content

STEPS: tuple[Callable[[Factory], None], ...] = (
    build_catalogue, build_orders, build_shipments, build_production, build_returns, build_invoices, build_payments,
    build_order_costs, build_tickets, build_stock, build_capacity, build_sell_out, build_work_hours, build_ledger,
)  # fmt: skip


def files(factory: Factory) -> Iterator[tuple[str, Content]]:
    """Path below ``inbox/`` and content of each file, one after the other: no more than one is in memory at a time."""
    for name, frame in erp_files(factory):
        yield f"erp/{name}", frame
    for name, workbook in office_files(factory):
        yield f"office/{name}", workbook
    yield "service/service.sqlite", service_database(factory)
