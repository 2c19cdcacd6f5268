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


def test_sqlite_query_joins_and_is_exact(case: Case) -> None:
    path = database(
        case,
        "create table head (id integer, party text)",
        "create table line (head integer, amount blob, rate real, mixed, raw blob, n integer)",
        "insert into head values (1, '甲'), (2, '乙')",
        "insert into line values (2, cast('7.30' as blob), 0.1, 5, x'00ff', null), (1, '12.10', 1e22, 2.5, null, 7)",
        "insert into line values (1, 3, 1.5e-7, 'x', x'', 8)",
    )
    query = (
        "select party as 客户, cast(amount as text) as amount, rate, mixed, raw, n, n is null as empty "
        "from line join head on head.id = line.head"
    )
    columns = ["客户", "amount", "rate", "mixed", "raw", "n", "empty"]
    result = case.land(used=columns, query=query, connection=HERE)
    assert result.batches[0].source_file == "crm.sqlite#leads"
    assert rows(result.batches[0]) == [
        (1, "乙", "7.30", "0.1", "5", "00FF", None, 1),
        (2, "甲", "12.10", "10000000000000000000000", "2.5", None, 7, 0),
        (3, "甲", "3", "0.00000015", "x", "", 8, 0),
    ]
    again = case.land(used=columns, query=query, connection=HERE)
    assert (again.new, again.unchanged) == (0, 1)
    with closing(sqlite3.connect(path)) as db, db:  # the same rows in another order are the same content
        db.execute("create table other as select * from line order by n desc")
        db.execute("drop table line")
        db.execute("alter table other rename to line")
    assert case.land(used=columns, query=query + " order by n", connection=HERE).new == 0
    other = case.land(used=columns, query=query + " where n = 7", connection=HERE)  # the file is untouched
    assert (other.new, other.rows_in) == (1, 1)


@pytest.mark.parametrize(
    ("query", "message", "hint"),
    [
        ("select * from crm_lead", "no such table: crm_lead", "did you mean 'crm_leads'?"),
        ("select b from crm_leads", "no such column: b", "correct the query"),
        ("selekt 1", "syntax error", "correct the query"),
        ("delete from crm_leads", "not authorized", "one SELECT"),
        ("attach 'other.sqlite' as o", "not authorized", "one SELECT"),
        ("pragma journal_mode = wal", "not authorized", "one SELECT"),
        ("select 1 as a; select 2", "one statement", "one SELECT"),
        ("select a, a from crm_leads", "same name 'a'", ""),
    ],
)
def test_sqlite_query_is_one_select(case: Case, query: str, message: str, hint: str) -> None:
    path = database(case, "create table crm_leads (a)", "insert into crm_leads values (1)")
    before = path.read_bytes()
    with pytest.raises(DataError) as caught:
        case.land(used="a", query=query, connection=HERE)
    assert message in caught.value.message
    assert hint in (caught.value.hint or "")
    assert path.read_bytes() == before


def test_sqlite_query_without_rows(case: Case) -> None:
    database(case, "create table crm_leads (a)")
    result = case.land(used="a", query="select a from crm_leads", connection=HERE)
    assert (result.new, result.rows_in, result.batches[0].columns) == (1, 0, ("a",))
