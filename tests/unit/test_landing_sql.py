"""Database servers without a server: the address, and values of a driver that tells no types."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import make_url
from sqlalchemy.exc import OperationalError

from orchestration.lib.contract import Label
from orchestration.lib.errors import ConfigurationError, DataError
from orchestration.lib.landing import sql_connection
from orchestration.lib.landing.scratch import scratch_space
from orchestration.lib.landing.sql_reader import read_sql, sql_name
from orchestration.lib.mapping.model import Connection, SourceMapping, SourceObject
from orchestration.lib.workspace import Workspace
from tests.unit.landing_case import source_object


def mapping(url: str, obj: SourceObject | None = None, schema: str | None = None) -> SourceMapping:
    return SourceMapping(
        source="erp", label=Label(en="ERP", zh="ERP"), file=Path("erp.yml"),
        connection=Connection("sql", url=url, schema=schema), timezone="UTC", references={}, utm_rules=(),
        objects={"leads": obj} if obj else {},
    )  # fmt: skip


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("${WHOLE}", "postgresql+psycopg://u:p%40ss@h:5432/d"),
        ("postgresql://u:${SECRET}@h/d", "postgresql+psycopg://u:p%40s%2Fs%3A%25@h/d"),
        ("postgres://${USER_NAME}:${SECRET}@${HOST}/d", "postgresql+psycopg://reader:p%40s%2Fs%3A%25@db/d"),
        ("mysql+pymysql://u:${SECRET}@h/d?charset=utf8mb4", "mysql+pymysql://u:p%40s%2Fs%3A%25@h/d?charset=utf8mb4"),
    ],
)
def test_address(monkeypatch: pytest.MonkeyPatch, url: str, expected: str) -> None:
    for name, value in {
        "WHOLE": "postgresql://u:p%40ss@h:5432/d",
        "SECRET": "p@s/s:%",
        "USER_NAME": "reader",
        "HOST": "db",
    }.items():
        monkeypatch.setenv(name, value)
    assert sql_connection.database_url(mapping(url)) == make_url(expected)


def test_a_variable_that_is_not_set(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SECRET", raising=False)
    with pytest.raises(ConfigurationError, match=r"uses \$\{SECRET\}, which is not set"):
        sql_connection.database_url(mapping("postgresql://u:${SECRET}@h/d"))


@pytest.mark.parametrize("password", ["p@s/s:%", "plain", "a+b c"])
def test_no_word_of_a_driver_tells_the_password(password: str) -> None:
    url = make_url("mysql+pymysql://h/d").set(username="u", password=password)
    for said in (
        f"cannot use {password} at h",
        f"cannot use {url.render_as_string(hide_password=False)}",
        f"dsn mysql://u:{password}@h/d is wrong",
    ):
        assert password not in sql_connection._told(OperationalError("select", {}, Exception(said)), url)


@pytest.fixture
def database(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[sqlite3.Connection]:
    """A database whose driver gives Python values and tells no types, as many drivers do."""
    path = tmp_path / "d.sqlite"
    monkeypatch.setattr(sql_connection, "database_url", lambda mapping: make_url(f"sqlite:///{path}"))
    with closing(sqlite3.connect(path, isolation_level=None)) as db:
        yield db


def read(tmp_path: Path, **how: Any) -> tuple[list[tuple[str, str]], list[tuple[Any, ...]]]:
    obj = source_object(**how)
    with scratch_space(Workspace(tmp_path)) as scratch:
        read_sql(scratch, mapping("x://", obj), obj, table="raw")
        kinds = scratch.connection.execute("describe raw").fetchall()
        return [row[:2] for row in kinds], scratch.connection.execute("select * from raw order by _row").fetchall()


def test_values_of_a_driver_without_types(tmp_path: Path, database: sqlite3.Connection) -> None:
    database.execute('create table "行" (a, b, "列 c", d)')
    database.executemany(
        'insert into "行" values (?, ?, ?, ?)', [(2, 0.5, b"\x00", "x"), (1, None, None, 7), (1, 2, b"a", "")]
    )
    kinds, found = read(tmp_path, used=["a", "列 c"], table="行")
    assert kinds == [("_row", "BIGINT"), ("a", "BIGINT"), ("b", "VARCHAR"), ("列 c", "VARCHAR"), ("d", "VARCHAR")]
    assert found == [(1, 1, "2", "61", ""), (2, 1, None, None, "7"), (3, 2, "0.5", "00", "x")]


def test_query_and_no_rows(tmp_path: Path, database: sqlite3.Connection) -> None:
    database.execute("create table t (a)")
    kinds, found = read(tmp_path, used=["a"], query="select a, '100%' as p from t where a like '%s'")
    assert (kinds, found) == ([("_row", "BIGINT"), ("a", "VARCHAR"), ("p", "VARCHAR")], [])


def test_what_is_not_there(tmp_path: Path, database: sqlite3.Connection) -> None:
    database.execute("create table sale_order (a)")
    with pytest.raises(DataError, match="has no table 'sale_orders'") as caught:
        read(tmp_path, used=["a"], table="sale_orders")
    assert "did you mean 'sale_order'?" in (caught.value.hint or "")
    with pytest.raises(DataError, match="the query of erp#leads cannot be read: no such column: c"):
        read(tmp_path, used=["b"], query="select c from sale_order")
    with pytest.raises(DataError, match="gives no rows"):
        read(tmp_path, used=["b"], query="insert into sale_order values (1)")
    assert database.execute("select count(*) from sale_order").fetchone() == (0,)  # whatever was done is rolled back


def test_names_of_batches() -> None:
    assert sql_name(mapping("x", schema="public"), source_object(table="t")) == "erp#public.t"
    assert sql_name(mapping("x"), source_object(table="t")) == "erp#t"
    assert sql_name(mapping("x", schema="public"), source_object(query="select 1")) == "erp#leads"
