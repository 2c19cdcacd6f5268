"""A scratch project: some folders of dbt_project over hand-made tables that stand for the models above them.

Models, macros and contracts are copied as they are; each upstream model becomes a fixture table, and the gate guard
is taken out of the copy (its own tests prove it).
"""

from __future__ import annotations

import shutil
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import duckdb

from orchestration.lib.dbt_runner import DbtResult, DbtRunner
from orchestration.lib.workspace import DBT_PROJECT_DIR, Workspace

NO_GATE = "{% macro require_gate(gate) %}{% endmacro %}\n"
_FOLDERS = {"intermediate": "intermediate", "marts": "marts/shared", "attribution": "marts/attribution"}

Tables = Mapping[str, Mapping[str, str]]


class ScratchProject:
    """One warehouse file and one copied project: fill the upstream tables, ``build()``, then ``rows()``.

    Args:
        copied: folders under models/ to copy.
        upstream: ``schema.table`` → column → SQL type, of the models that the copied ones read.
        sources: the same of tables that no model makes.
        variables: dbt variables; the project's defaults for the rest.
    """

    def __init__(
        self,
        folder: Path,
        *,
        copied: Iterable[str],
        upstream: Tables,
        sources: Tables | None = None,
        variables: Mapping[str, Any] | None = None,
    ) -> None:
        self.workspace = Workspace(folder)
        self.project = folder / "project"
        self.variables = dict(variables or {})
        shutil.copytree(DBT_PROJECT_DIR / "macros", self.project / "macros")
        for name in ("dbt_project.yml", "profiles.yml"):
            shutil.copy(DBT_PROJECT_DIR / name, self.project / name)
        for path in copied:
            shutil.copytree(DBT_PROJECT_DIR / "models" / path, self.project / "models" / path, dirs_exist_ok=True)
        gates = self.project / "macros" / "gates"
        shutil.rmtree(gates)
        gates.mkdir()
        (gates / "require_gate.sql").write_text(NO_GATE, encoding="utf-8")
        self.workspace.state_dir.mkdir(parents=True)
        with self.connect() as connection:
            for name, columns in upstream.items():
                self._create(connection, name, columns)
                self._stand_in(name)
            for name, columns in (sources or {}).items():
                self._create(connection, name, columns)

    @staticmethod
    def _create(connection: duckdb.DuckDBPyConnection, name: str, columns: Mapping[str, str]) -> None:
        connection.execute(f"create schema if not exists {name.split('.', maxsplit=1)[0]}")
        connection.execute(f"create table {name} ({', '.join(f'{column} {kind}' for column, kind in columns.items())})")

    def _stand_in(self, name: str) -> None:
        schema, table = name.split(".")
        if schema in _FOLDERS:
            folder = self.project / "models" / _FOLDERS[schema]
            folder.mkdir(parents=True, exist_ok=True)
            file = folder / f"{table}.sql"
            if not file.exists():
                file.write_text("select 1 as stands_for_the_fixture_table\n", encoding="utf-8")

    @contextmanager
    def connect(self) -> Iterator[duckdb.DuckDBPyConnection]:
        connection = duckdb.connect(str(self.workspace.warehouse_file))
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

    def build(self, select: str, *, exclude: str | None = None, unit_tests: bool = False) -> DbtResult:
        """``dbt build`` with contracts and data tests; a failing node raises."""
        runner = DbtRunner(self.workspace, self, project_dir=self.project)
        return runner.run(select=select, exclude=exclude, unit_tests=unit_tests)

    def prepare(self) -> Path:
        """Parse; returns the folder of the manifests."""
        return DbtRunner(self.workspace, self, project_dir=self.project).prepare().parent

    def dbt_vars(self) -> dict[str, Any]:
        return self.variables

    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        with self.connect() as connection:
            return list(connection.execute(sql).fetchall())


def columns(text: str) -> dict[str, str]:
    """``"a b:date c:decimal(18,2)"`` → column → type; varchar when none is given."""
    parts = (part.partition(":") for part in text.split())
    return {name: kind or "varchar" for name, _, kind in parts}
