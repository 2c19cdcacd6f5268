"""A scratch project with the real attribution models over hand-made upstream tables.

The models, macros and their contracts are copied from dbt_project; what they read is a fixture table per upstream model,
and the gate guard is taken out of the copy (its own tests prove it).
"""

from __future__ import annotations

import shutil
from collections.abc import Iterable, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import duckdb

from orchestration.lib.dbt_runner import DbtResult, DbtRunner
from orchestration.lib.workspace import DBT_PROJECT_DIR, Workspace

NO_GATE = "{% macro require_gate(gate) %}{% endmacro %}\n"
UPSTREAM: dict[str, dict[str, dict[str, str]]] = {
    "intermediate": {
        "int_touch": {
            "touch_id": "varchar", "account_id": "varchar", "lead_id": "varchar", "campaign_id": "varchar",
            "channel_id": "varchar", "touched_at": "timestamp", "touched_on": "date", "effective_at": "timestamp",
            "precision": "varchar",
        },
        "int_spend": {
            "spend_id": "varchar", "campaign_id": "varchar", "channel_id": "varchar", "spent_on": "date",
            "service_from": "date", "service_to": "date", "cost_type": "varchar", "stage": "varchar",
            "objective": "varchar", "amount_functional": "decimal(18,2)",
        },
    },
    "marts": {
        "dim_channel": {"channel_id": "varchar", "channel_group": "varchar"},
        "order_facts": {
            "order_id": "varchar", "account_id": "varchar", "confirmed_at": "timestamp", "confirmed_on": "date", "is_excluded": "boolean",
            "is_first_order": "boolean", "origin_channel_id": "varchar", "origin_campaign_id": "varchar",
            "salesperson_id": "varchar", "distributor_id": "varchar",
        },
        "order_line_facts": {
            "order_id": "varchar", "order_line_id": "varchar", "ordered_on": "date", "is_excluded": "boolean",
            "product_id": "varchar", "net_booked": "decimal(18,2)",
        },
        "invoice_line_facts": {
            "order_id": "varchar", "order_line_id": "varchar", "invoice_line_id": "varchar", "invoiced_on": "date",
            "is_excluded": "boolean", "net_invoiced": "decimal(18,2)", "cogs": "decimal(18,2)",
            "gross_profit": "decimal(18,2)",
        },
        "order_cost_facts": {
            "order_id": "varchar", "order_line_id": "varchar", "cost_line_id": "varchar", "kind": "varchar",
            "incurred_on": "date", "is_excluded": "boolean", "amount": "decimal(18,2)",
        },
        "payment_line_facts": {
            "order_id": "varchar", "order_line_id": "varchar", "payment_line_id": "varchar", "paid_on": "date",
            "is_excluded": "boolean", "collected": "decimal(18,2)",
        },
    },
}  # fmt: skip


# Of the attribution floor itself: what the tests of credits give by hand instead of deriving it.
ORDER_MEASURE = {
    "order_id": "varchar", "order_line_id": "varchar", "posting_id": "varchar", "posted_on": "date", "measure": "varchar",
    "amount": "decimal(18,2)", "document_kind": "varchar", "document_id": "varchar",
}  # fmt: skip


class AttributionCase:
    """One warehouse file, one copied project; fill the upstream tables, ``build()``, then ``rows()``."""

    def __init__(self, folder: Path, *, variables: Mapping[str, Any] | None = None) -> None:
        self.folder = folder
        self.project = folder / "project"
        self.warehouse = Workspace(folder).warehouse_file
        self.warehouse.parent.mkdir(parents=True)
        self.variables = dict(variables or {})
        self._copy_project()
        with self.connect() as connection:
            for schema, tables in UPSTREAM.items():
                connection.execute(f"create schema {schema}")
                for table, columns in tables.items():
                    spec = ", ".join(f"{name} {kind}" for name, kind in columns.items())
                    connection.execute(f"create table {schema}.{table} ({spec})")
            connection.execute("create schema attribution")
            spec = ", ".join(f"{name} {kind}" for name, kind in ORDER_MEASURE.items())
            connection.execute(f"create table attribution.order_measure ({spec})")

    def _copy_project(self) -> None:
        shutil.copytree(DBT_PROJECT_DIR / "macros", self.project / "macros")
        shutil.copytree(DBT_PROJECT_DIR / "models" / "marts" / "attribution", self.project / "models/marts/attribution")
        for name in ("dbt_project.yml", "profiles.yml"):
            shutil.copy(DBT_PROJECT_DIR / name, self.project / name)
        gate = self.project / "macros/gates"
        shutil.rmtree(gate)
        gate.mkdir()
        (gate / "require_gate.sql").write_text(NO_GATE, encoding="utf-8")
        folders = {"intermediate": "intermediate", "marts": "marts/shared"}
        for schema, tables in UPSTREAM.items():
            folder = self.project / "models" / folders[schema]
            folder.mkdir(parents=True, exist_ok=True)
            for table in tables:
                (folder / f"{table}.sql").write_text("select 1 as stands_for_the_fixture_table\n", encoding="utf-8")

    @contextmanager
    def connect(self) -> Any:
        connection = duckdb.connect(str(self.warehouse))
        try:
            yield connection
        finally:
            connection.close()

    def load(self, table: str, rows: Iterable[Mapping[str, Any]]) -> None:
        """Insert rows given by column name; what a row leaves out is NULL."""
        with self.connect() as connection:
            for row in rows:
                names = ", ".join(row)
                marks = ", ".join("?" for _ in row)
                connection.execute(f"insert into {table} ({names}) values ({marks})", list(row.values()))

    def build(self, select: str = "path:models/marts/attribution", *, exclude: str | None = None) -> DbtResult:
        """Build the attribution floor with its contracts and data tests; a failing node raises."""
        runner = DbtRunner(Workspace(self.folder), self, project_dir=self.project)
        return runner.run(select=select, exclude=exclude)

    def dbt_vars(self) -> dict[str, Any]:
        return self.variables

    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        with self.connect() as connection:
            return list(connection.execute(sql).fetchall())
