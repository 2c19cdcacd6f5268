"""The service database."""

from __future__ import annotations

import pandas as pd

from orchestration.examples.demo.fields import Factory, moment_text, money_text
from orchestration.examples.demo.writers import Database

SERVICE_TABLES = {
    "production_orders": """
        work_order TEXT, product TEXT, lot_no TEXT, order_no TEXT, line_no INTEGER, planned_start TEXT,
        planned_finish TEXT, started_at TEXT, finished_at TEXT,
        qty_planned INTEGER, qty_finished INTEGER, qty_scrapped INTEGER,
        material_cost NUMERIC, labour_cost NUMERIC, overhead_cost NUMERIC""",
    "inspections": """
        inspection_id TEXT, lot_no TEXT, work_order TEXT, kind TEXT, step TEXT, inspected_at TEXT,
        qty_inspected INTEGER, qty_passed INTEGER, qty_reworked INTEGER, qty_rejected INTEGER, defect TEXT""",
    "returns": """
        return_id TEXT, order_no TEXT, line_no INTEGER, returned_at TEXT, qty INTEGER, amount NUMERIC,
        currency TEXT, reason TEXT""",
    "service_tickets": """
        ticket_id TEXT, customer TEXT, order_no TEXT, product TEXT, lot_no TEXT, serial_no TEXT, kind TEXT,
        opened_at TEXT, closed_at TEXT, parts_cost NUMERIC, labour_cost NUMERIC, travel_cost NUMERIC,
        recovered NUMERIC, is_warranty INTEGER""",
}


def service_database(factory: Factory) -> Database:
    """The service database."""
    return Database(SERVICE_TABLES, service_rows(factory))


def service_rows(factory: Factory) -> dict[str, pd.DataFrame]:
    """The tables of the service database, column for column as in ``SERVICE_TABLES``."""
    made, checks, back, ticket = (
        factory["production"],
        factory["inspection"],
        factory["sales_return"],
        factory["ticket"],
    )
    currency = back["order"].map(factory["order"].set_index("order")["currency"])
    day = "%Y-%m-%d"
    columns = {
        "production_orders": [
            made["work_order"],
            made["product"],
            made["lot"],
            made["order"],
            made["line"].where(made["line"] > 0).astype(object),
            moment_text(made["planned_start"], day),
            moment_text(made["planned_finish"], day),
            moment_text(made["started"]),
            moment_text(made["finished"]),
            made["planned"],
            made["made"],
            made["scrapped"],
            money_text(made["material"]),
            money_text(made["labour"]),
            money_text(made["overhead"]),
        ],
        "inspections": [
            checks["inspection"],
            checks["lot"],
            checks["work_order"],
            checks["kind"],
            checks["step"],
            moment_text(checks["at"]),
            checks["checked"],
            checks["passed"],
            checks["reworked"],
            checks["rejected"],
            checks["defect"],
        ],
        "returns": [
            back["return"],
            back["order"],
            back["line"],
            moment_text(back["returned"]),
            back["quantity"],
            money_text(back["quantity"] * back["unit_price"]),
            currency,
            back["reason"],
        ],
        "service_tickets": [
            ticket["ticket"],
            ticket["customer"],
            ticket["order"],
            ticket["product"],
            ticket["lot"],
            ticket["serial"],
            ticket["kind"],
            moment_text(ticket["opened"]),
            moment_text(ticket["closed"]),
            money_text(ticket["parts"]),
            money_text(ticket["labour"]),
            money_text(ticket["travel"]),
            money_text(ticket["recovered"]),
            ticket["warranty"],
        ],
    }
    names = {table: [part.split()[0] for part in spec.split(",")] for table, spec in SERVICE_TABLES.items()}
    return {
        table: pd.DataFrame({n: pd.Series(v).reset_index(drop=True) for n, v in zip(names[table], data, strict=True)})
        for table, data in columns.items()
    }
