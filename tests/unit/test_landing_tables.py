"""Parquet in its own types, SQLite exactly, and what finding no source says."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from datetime import date
from decimal import Decimal
from pathlib import Path

import duckdb
import pytest

from orchestration.lib.errors import ConfigurationError, DataError
from orchestration.lib.mapping.model import Connection
from tests.unit.landing_case import Case, new_case, rows


@pytest.fixture
def case(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Case:
    return new_case(tmp_path / "w", monkeypatch)


def database(case: Case, *statements: str) -> Path:
    path = case.workspace.root / "crm.sqlite"
    with closing(sqlite3.connect(path)) as db, db:
        for statement in statements:
            db.execute(statement)
    return path


HERE = Connection("sqlite", "crm.sqlite")


def test_parquet_keeps_types(case: Case) -> None:
    path = case.inbox / "f.parquet"
    with duckdb.connect() as db:
        db.execute(f"copy (select 7::bigint as a, 1.10::decimal(18,2) as b, date '2026-01-31' as c) to '{path}'")
    result = case.land(used="abc", file="*.parquet")
    assert rows(result.batches[0]) == [(1, 7, Decimal("1.10"), date(2026, 1, 31))]
    assert case.land(used="abc", file="*.parquet").new == 0


def test_parquet_number_that_is_personal(case: Case) -> None:
    path = case.inbox / "f.parquet"
    with duckdb.connect() as db:
        db.execute(f"copy (select 1 as a, 13800138000::bigint as b union all select 2, null) to '{path}'")
    found = rows(case.land(used="ab", personal={"b": "phone"}, file="*.parquet").batches[0])
    assert str(found[0][2]).startswith("tok_phone_")
    assert found[1] == (2, 2, None)


def test_parquet_damaged(case: Case) -> None:
    case.put("f.parquet", b"PAR1 not really")
    with pytest.raises(DataError, match=r"inbox/crm/f\.parquet is not a sound Parquet file"):
        case.land(used="a", file="*.parquet")


def test_sqlite_decimals_are_exact(case: Case) -> None:
    # Files of real systems hold NUMERIC values as text, integer, real and blob, side by side.
    database(
        case,
        "create table leads (id integer primary key, price numeric(18,6), day date, n integer, r real, t text)",
        "insert into leads values (2, 12.10, '2026-01-31', 5, 0.5, 'x'), (1, 3, null, null, null, null)",
        "insert into leads values (3, cast('7.30' as blob), '2026-02-01', 6, 2, '')",
    )
    found = rows(case.land(used=["id", "price", "day", "n", "r", "t"], table="leads", connection=HERE).batches[0])
    assert found == [
        (1, 1, "3", None, None, None, None),
        (2, 2, "12.1", "2026-01-31", 5, 0.5, "x"),
        (3, 3, "7.30", "2026-02-01", 6, 2.0, ""),
    ]


def test_sqlite_integer_column_that_holds_text(case: Case) -> None:
    database(case, "create table leads (a integer, b)", "insert into leads values (1, x'00ff'), ('n/a', 'y')")
    found = rows(case.land(used="ab", table="leads", connection=HERE).batches[0])
    assert found == [(1, "1", "00FF"), (2, "n/a", "y")]


def test_sqlite_content_is_the_set_of_rows(case: Case) -> None:
    path = database(case, "create table leads (a text, b text)", "insert into leads values ('1','x'), ('2','y')")
    first = case.land(used="ab", table="leads", connection=HERE)
    assert (first.new, first.batches[0].source_file) == (1, "crm.sqlite#leads")
    path.unlink()
    database(
        case,
        "create table other (z)",
        "create table leads (a text, b text)",
        "insert into leads values ('2','y'), ('1','x')",
    )
    again = case.land(used="ab", table="leads", connection=HERE)
    assert (again.new, again.unchanged, len(again.batches)) == (0, 1, 1)
    database(case, "insert into leads values ('1','x')")  # the same row twice is another content
    assert case.land(used="ab", table="leads", connection=HERE).new == 1


def test_sqlite_write_ahead_log_is_read_too_and_nothing_is_left_beside(case: Case) -> None:
    path = case.workspace.root / "crm.sqlite"
    with closing(sqlite3.connect(path, isolation_level=None)) as writer:
        writer.execute("pragma journal_mode = wal")
        writer.execute("create table leads (a text)")
        writer.execute("insert into leads values ('in the log')")
        assert rows(case.land(used="a", table="leads", connection=HERE).batches[0]) == [(1, "in the log")]
    before = sorted(one.name for one in case.workspace.root.iterdir())
    assert case.land(used="a", table="leads", connection=HERE).unchanged == 1
    assert sorted(one.name for one in case.workspace.root.iterdir()) == before


def test_sqlite_names_the_nearest_table(case: Case) -> None:
    database(case, "create table crm_leads (a)")
    with pytest.raises(DataError) as caught:
        case.land(used="a", table="crm_lead", connection=HERE)
    assert "crm_leads" in (caught.value.hint or "")


def test_not_a_database(case: Case) -> None:
    (case.workspace.root / "crm.sqlite").write_text("just text, long enough to be read as a header of some kind")
    with pytest.raises(DataError, match="cannot be read"):
        case.land(used="a", table="leads", connection=HERE)


def test_nothing_matches_names_pattern_folder_and_nearest(case: Case) -> None:
    case.put("order_2026.csv", "a\n1\n")
    with pytest.raises(DataError) as caught:
        case.land(used="a", file="orders_2026.csv")
    error = caught.value
    assert "orders_2026.csv" in error.message
    assert str(case.inbox) in error.message
    assert "order_2026.csv" in (error.hint or "")
    assert error.line == 7


def test_missing_folder_and_unset_variable(case: Case) -> None:
    with pytest.raises(DataError, match="is not there"):
        case.land(used="a", connection=Connection("files", "nowhere"))
    with pytest.raises(ConfigurationError, match="OLIST_FOLDER_OF_TEST"):
        case.land(used="a", connection=Connection("files", "${OLIST_FOLDER_OF_TEST}"))


def test_nothing_outside_the_folder_is_read(case: Case) -> None:
    secret = case.workspace.root / "secret.csv"
    secret.write_text("a\n1\n")
    with pytest.raises(ConfigurationError, match="outside the folder"):
        case.land(used="a", file="../../secret.csv")
    (case.inbox / "f.csv").symlink_to(secret)
    with pytest.raises(DataError, match="a link to a file outside"):
        case.land(used="a")
