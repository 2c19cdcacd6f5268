"""The factory's half of the demo: orders, delivery, production, money and service, as steps and as files."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from orchestration.examples.demo.export_erp import erp_files
from orchestration.examples.demo.export_other import service_database
from orchestration.examples.demo.fields import Factory
from orchestration.examples.demo.money import build_invoices, build_order_costs, build_payments, build_tickets
from orchestration.examples.demo.orders import build_orders, build_production, build_shipments
from orchestration.examples.demo.writers import Content

STEPS: tuple[Callable[[Factory], None], ...] = (
    build_orders, build_shipments, build_production, build_invoices, build_payments, build_order_costs, build_tickets,
)  # fmt: skip


def files(factory: Factory) -> Iterator[tuple[str, Content]]:
    """Path below ``inbox/`` and content of each file, one after the other: no more than one is in memory at a time."""
    for name, frame in erp_files(factory).items():
        yield f"erp/{name}.csv", frame
    yield "service/service.sqlite", service_database(factory)
