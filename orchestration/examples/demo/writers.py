"""Writes frames the way the systems would: CSV of office software, Parquet, SQLite."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from orchestration.examples.demo.export_other import SERVICE_TABLES


def write_csv(path: Path, frame: pd.DataFrame, encoding: str) -> None:
    """A CSV as office software writes it: CRLF, quotes where needed, and a BOM if the encoding says so."""
    path.parent.mkdir(parents=True, exist_ok=True)
    frame.to_csv(path, index=False, encoding=encoding, lineterminator="\r\n")


def write_tables(path: Path, tables: dict[str, pa.Table]) -> None:
    """Parquet files, one per entry."""
    path.mkdir(parents=True, exist_ok=True)
    for name, table in tables.items():
        pq.write_table(table, path / f"{name}.parquet")


def write_service(path: Path, tables: dict[str, pd.DataFrame]) -> None:
    """The service database. SQLite's NUMERIC keeps a decimal as a number where it can and as text where it cannot."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.unlink(missing_ok=True)
    with closing(sqlite3.connect(path)) as connection, connection:
        for table, spec in SERVICE_TABLES.items():
            connection.execute(f"CREATE TABLE {table} ({spec})")
            rows = tables[table].astype(object).itertuples(index=False, name=None)
            marks = ", ".join("?" * len(tables[table].columns))
            connection.executemany(f"INSERT INTO {table} VALUES ({marks})", rows)
