"""Planting faults in the sound company: in a transaction that is rolled back, on tables that dbt really built."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import duckdb
import pytest

from expectations import registry
from expectations.model import Inputs
from orchestration.lib.settings import Settings
from tests.conftest import made_once
from tests.unit.gates_case import TODAY, Company

FLOORS = ("canonical", "staging", "loops", "attribution")


@pytest.fixture(scope="session")
def sound(tmp_path_factory: pytest.TempPathFactory) -> Company:
    """Built once for all test processes; nobody may change it."""

    def make(root: Path) -> None:
        company = Company.found(root)
        for floor in FLOORS:
            if floor != "canonical":
                company.build(floor)
            verdict = company.gate(floor)
            assert verdict.status == "passed", verdict.explain()
            assert not verdict.counts()["warned"], verdict.checks

    return Company(made_once(tmp_path_factory, "sound-company", make))


@pytest.fixture(scope="module")
def warehouse(sound: Company, tmp_path_factory: pytest.TempPathFactory) -> Iterator[duckdb.DuckDBPyConnection]:
    company = sound.copy(tmp_path_factory.mktemp("checks") / "ws")
    with duckdb.connect(str(company.workspace.warehouse_file)) as connection:
        yield connection


class Fault(NamedTuple):
    """What is done to the data, which check must see it, and what the first violation must name."""

    check: str
    plant: str
    key: str
    place: tuple[str | None, int | None]
    detail: str


def copy_row(table: str, where: str, **changes: str) -> str:
    """The statement that adds rows of a table once more, with some columns changed."""
    replaced = ", ".join(f"{value} as {column}" for column, value in changes.items())
    return f"insert into {table} select * replace ({replaced}) from {table} where {where}"


def violations(connection: duckdb.DuckDBPyConnection, check_id: str, settings: Settings) -> list[tuple[Any, ...]]:
    """Key, file, row and detail of what a check finds, in order of the places."""
    columns: dict[str, dict[str, str]] = {}
    for table, column, sql_type in connection.execute(
        "select schema_name || '.' || table_name, column_name, data_type from duckdb_columns() where not internal"
    ).fetchall():
        columns.setdefault(table, {})[column] = sql_type
    sql = registry.check(check_id).sql(Inputs(settings=settings, today=TODAY, columns=columns))
    return connection.execute(
        f"select key, source_file, source_row, detail from ({sql}) order by source_file, source_row, key, detail"
    ).fetchall()


def found_and_named(connection: duckdb.DuckDBPyConnection, fault: Fault) -> list[tuple[Any, ...]]:
    """The check finds nothing before the fault and names it after; a fault without a key names some file and row.

    Returns:
        All violations that the planted fault makes.
    """
    assert violations(connection, fault.check, Settings()) == []
    connection.begin()
    try:
        connection.execute(fault.plant)
        found = violations(connection, fault.check, Settings())
    finally:
        connection.rollback()
    assert found, "the fault was not found"
    key, file, row, detail = found[0]
    if fault.key:
        assert (key, (file, row)) == (fault.key, fault.place)
    else:
        assert file is not None
        assert row is not None
    assert fault.detail in detail
    return found
