"""A real PostgreSQL as a source: every type exactly, one state, no writes, and errors that name the fix."""

from __future__ import annotations

import random
import threading
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import psycopg
import pytest

from orchestration.lib.doctor import Doctor
from orchestration.lib.errors import ConfigurationError, DataError, TriloopError
from orchestration.lib.landing import land_object
from orchestration.lib.landing.scratch import scratch_space
from orchestration.lib.landing.sql_reader import read_sql
from orchestration.lib.mapping import load_mappings
from orchestration.lib.mapping.model import SourceMapping
from orchestration.lib.settings import load_settings
from orchestration.lib.workspace import Workspace
from tests.postgres import PostgresServer
from tests.unit.landing_case import KEY

TYPES = """
create table "订单" (
    "单号" text primary key, "金额" numeric(18,2), free numeric, huge numeric(50,20), i2 smallint, i8 bigint,
    f4 real, f8 double precision, flag boolean, d date, ts timestamp, tz timestamptz, t time, bytes bytea,
    j jsonb, js json, u uuid, list integer[], iv interval, mon char(5), "a b" varchar(10), inet inet)
"""
VALUES = r"""
insert into "订单" values
('甲', 12.10, 1.123456789012345678901234567890, 12345678901234567890.12345678901234567890, 5, 9223372036854775807,
 0.1, 0.1, true, '2024-02-29', '2024-01-02 03:04:05.678901', '2024-01-02 03:04:05+08', '03:04:05', '\x00ff',
 '{"x": 1.10, "n": 123456789012345678901234567890}', '{"x": 1.10}', 'c0ffee00-0000-0000-0000-000000000001',
 '{1,2}', '1 mon 2 days 03:00', 'ab', '', '10.0.0.1'),
('乙', null, null, null, null, null, null, null, null, null, null, null, null, null, null, null, null, null, null,
 null, null, null)
"""


class Source:
    """A workspace with one database as its source."""

    def __init__(self, root: Path, server: PostgresServer, monkeypatch: pytest.MonkeyPatch) -> None:
        root.mkdir()
        (root / "triloop.yml").write_text("company: {timezone: Asia/Shanghai}\n", encoding="utf-8")
        (root / "mappings").mkdir()
        self.workspace = Workspace(root)
        self.server = server
        self.name = f"t{abs(hash(str(root))) % 10**12}"
        self.url = server.new_database(self.name)
        self._monkeypatch = monkeypatch
        monkeypatch.setenv("TRILOOP_VAULT_KEY", KEY)
        monkeypatch.setenv("ERP_URL", self.url)

    def sql(self, *statements: str) -> list[tuple[Any, ...]]:
        return self.server.execute(*statements, database=self.name)

    def point_to(self, url: str) -> None:
        self._monkeypatch.setenv("ERP_URL", url)

    def mapping(self, place: str, used: list[str], connection: str = '{type: sql, url: "${ERP_URL}"}') -> SourceMapping:
        columns = [f"lead_id: {{expr: '{_quoted(used[0])}'}}", "created_at: {value: '2026-01-01'}"]
        columns += [f"{name}: {{expr: '{_quoted(one)}'}}" for name, one in zip(("region",), used[1:2], strict=False)]
        lines = [
            "source: erp", f"connection: {connection}", "objects:", "  rows:", f"    {place}", "    load: snapshot",
            f"    keep: [{', '.join(used)}]" if used else "", "    feeds:", "      lead:", "        columns:",
            "          status: {value: new}", *(f"          {one}" for one in columns),
        ]  # fmt: skip
        (self.workspace.mappings_dir / "erp.yml").write_text("\n".join(lines) + "\n", encoding="utf-8")
        return load_mappings(self.workspace, load_settings(self.workspace))[0]

    def land(self, place: str, used: list[str], **how: Any) -> Any:
        mapping = self.mapping(place, used, **how)
        return land_object(self.workspace, load_settings(self.workspace), mapping, mapping.objects["rows"])

    def read(self, place: str, used: list[str], **how: Any) -> tuple[dict[str, str], list[dict[str, Any]]]:
        """Types and rows as they are before tokens."""
        mapping = self.mapping(place, used, **how)
        with scratch_space(self.workspace) as scratch:
            read_sql(scratch, mapping, mapping.objects["rows"], table="raw")
            kinds = {row[0]: row[1] for row in scratch.connection.execute("describe raw").fetchall()}
            found = scratch.connection.execute("select * from raw order by _row")
            names = [one[0] for one in found.description]
            return kinds, [dict(zip(names, row, strict=True)) for row in found.fetchall()]

    def refusal(self, place: str, used: list[str], **how: Any) -> TriloopError:
        with pytest.raises(TriloopError) as caught:
            self.land(place, used, **how)
        assert self.server.password not in str(caught.value)
        return caught.value


def _quoted(name: str) -> str:
    return '"' + name + '"'


@pytest.fixture
def source(tmp_path: Path, postgres_server: PostgresServer, monkeypatch: pytest.MonkeyPatch) -> Source:
    return Source(tmp_path / "w", postgres_server, monkeypatch)


EXACT = {
    "单号": ("VARCHAR", "甲"),
    "金额": ("DECIMAL(18,2)", Decimal("12.10")),
    "free": ("VARCHAR", "1.123456789012345678901234567890"),
    "huge": ("VARCHAR", "12345678901234567890.12345678901234567890"),
    "i2": ("BIGINT", 5),
    "i8": ("BIGINT", 9223372036854775807),
    "f4": ("DOUBLE", 0.1),
    "f8": ("DOUBLE", 0.1),
    "flag": ("BOOLEAN", True),
    "d": ("DATE", date(2024, 2, 29)),
    "ts": ("TIMESTAMP", datetime(2024, 1, 2, 3, 4, 5, 678901)),
    "tz": ("TIMESTAMP WITH TIME ZONE", datetime(2024, 1, 1, 19, 4, 5, tzinfo=UTC)),
    "t": ("VARCHAR", "03:04:05"),
    "bytes": ("VARCHAR", "00FF"),
    "j": ("VARCHAR", '{"n": 123456789012345678901234567890, "x": 1.10}'),
    "js": ("VARCHAR", '{"x": 1.10}'),
    "u": ("VARCHAR", "c0ffee00-0000-0000-0000-000000000001"),
    "list": ("VARCHAR", "{1,2}"),
    "iv": ("VARCHAR", "P1M2DT3H"),
    "mon": ("VARCHAR", "ab   "),
    "a b": ("VARCHAR", ""),
    "inet": ("VARCHAR", "10.0.0.1"),
}


@pytest.mark.parametrize("place", ["table: 订单", "query: \"select * from \\\"订单\\\" where '%s' like '%'\""])
def test_every_type_is_exact_from_tables_and_queries(source: Source, place: str) -> None:
    source.sql(TYPES, VALUES)
    kinds, rows = source.read(place, ["单号"])
    one = next(row for row in rows if row["单号"] == "甲")
    assert {name: (kinds[name], one[name]) for name in EXACT} == EXACT
    empty = next(row for row in rows if row["单号"] == "乙")
    assert {value for name, value in empty.items() if name not in {"单号", "_row"}} == {None}
    assert {row["_row"] for row in rows} == {1, 2}


def test_values_that_a_type_cannot_hold_keep_their_text(source: Source) -> None:
    source.sql(
        "create table odd (n numeric(10,2), d date, ts timestamp, f double precision)",
        "insert into odd values ('NaN', '0044-03-15 BC', 'infinity', 'NaN'), (1.5, '2024-01-01', '2024-01-01', 0.5)",
    )
    kinds, rows = source.read("table: odd", ["n"])
    assert kinds["n"] == "VARCHAR"
    assert {row["n"] for row in rows} == {"NaN", "1.50"}
    assert {str(row["d"]) for row in rows} >= {"0044-03-15 BC"}
    assert len(rows) == 2


def test_numbers_against_decimals(source: Source) -> None:
    random.seed(5)
    values = [Decimal(random.randint(-(10**37), 10**37)).scaleb(-random.randint(0, 18)) for _ in range(2000)]
    source.sql("create table n (i integer, free numeric, fixed numeric(38,6))")
    with (
        psycopg.connect(source.url.replace("+psycopg", "")) as connection,
        connection.cursor() as cursor,
        cursor.copy("copy n from stdin") as copy,
    ):
        for number, value in enumerate(values):
            copy.write_row((number, value, Decimal(int(value % 10**12)).scaleb(-6)))
    kinds, rows = source.read("table: n", ["free"])
    assert kinds["fixed"] == "DECIMAL(38,6)"
    assert {row["i"]: (Decimal(row["free"]), row["fixed"]) for row in rows} == {
        number: (value, Decimal(int(value % 10**12)).scaleb(-6)) for number, value in enumerate(values)
    }


def test_an_unchanged_database_adds_nothing_in_whatever_order_it_answers(source: Source) -> None:
    source.sql("create table leads (id int, region text)", "insert into leads values (1,'华东'),(2,'华南'),(2,'华南')")
    first = source.land("table: leads", ["id", "region"])
    assert (first.new, first.rows_in, first.batches[0].source_file) == (1, 3, "erp#leads")
    source.sql("create table other as select * from leads order by id desc", "drop table leads")
    source.sql("alter table other rename to leads")
    again = source.land("table: leads", ["id", "region"])
    assert (again.new, again.unchanged, len(again.batches)) == (0, 1, 1)
    source.sql("update leads set region = '华北' where id = 1")
    changed = source.land("table: leads", ["id", "region"])
    assert (changed.new, len(changed.batches)) == (1, 2)


def test_schema_and_view(source: Source) -> None:
    source.sql("create schema sales", "create table sales.t (a int)", "insert into sales.t values (1)")
    source.sql('create view sales."视图" as select a, a * 2 as b from sales.t')
    connection = '{type: sql, url: "${ERP_URL}", schema: sales}'
    _, rows = source.read("table: 视图", ["a"], connection=connection)
    assert rows == [{"_row": 1, "a": 1, "b": 2}]
    assert source.land("table: 视图", ["a"], connection=connection).batches[0].source_file == "erp#sales.视图"
    error = source.refusal("table: t", ["a"], connection='{type: sql, url: "${ERP_URL}", schema: sale}')
    assert (error.message, error.hint) == (
        "the database of source 'erp' has no schema 'sale'", "did you mean 'sales'?",
    )  # fmt: skip


def test_names_that_are_not_there(source: Source) -> None:
    source.sql("create table sale_order (id int, region text)", "insert into sale_order values (1, 'x')")
    error = source.refusal("table: sale_orders", ["id"])
    assert "has no table 'sale_orders'" in error.message
    assert (error.hint or "").startswith("did you mean 'sale_order'?")
    assert error.line == 4
    error = source.refusal("table: sale_order", ["id", "regoin"])
    assert "erp#sale_order: there is no column 'regoin'" in error.message
    assert "did you mean 'region'?" in (error.hint or "")
    error = source.refusal("query: select regoin from sale_order", ["id"])
    assert 'column "regoin" does not exist' in error.message
    assert "sale_order.region" in (error.hint or "")
    assert "same name 'id'" in source.refusal("query: select id, id from sale_order", ["id"]).message


@pytest.mark.parametrize(
    "statement",
    [
        "with gone as (delete from t returning a) select a from gone",
        "select setval('s', 9)",
    ],
)
def test_nothing_is_ever_written(source: Source, statement: str) -> None:
    source.sql("create table t (a int)", "insert into t values (1)", "create sequence s")
    assert isinstance(source.refusal(f'query: "{statement}"', ["a"]), DataError)
    assert source.sql("select a, (select last_value from s) from t") == [(1, 1)]


def test_all_blocks_come_from_one_state(source: Source, monkeypatch: pytest.MonkeyPatch) -> None:
    source.sql("create table t (a int, b text)")
    source.sql("insert into t select one, repeat('x', 200) from generate_series(1, 50000) as one")
    from orchestration.lib.landing import columns

    added = columns.Collector.add_rows
    busy = threading.Event()

    def meanwhile(self: columns.Collector, block: Any) -> None:
        if not busy.is_set():
            busy.set()
            source.sql("update t set a = -a")
        added(self, block)

    monkeypatch.setattr(columns.Collector, "add_rows", meanwhile)
    _, rows = source.read("table: t", ["a"])
    assert (len(rows), sum(row["a"] for row in rows)) == (50_000, 50_000 * 50_001 // 2)


def test_server_password_and_database(source: Source) -> None:
    source.sql("create table t (a int)")
    source.point_to(source.server.url(source.name, password="wr0ng/p@ss".replace("/", "%2F").replace("@", "%40")))
    error = source.refusal("table: t", ["a"])
    assert isinstance(error, ConfigurationError)
    assert "refuses the login" in error.message
    assert "wr0ng" not in str(error)
    source.point_to("postgresql://triloop:s3cr3t@127.0.0.1:1/erp")
    error = source.refusal("table: t", ["a"])
    assert isinstance(error, DataError)
    assert "cannot be reached" in error.message
    assert "s3cr3t" not in str(error)
    source.point_to(source.server.url("nowhere"))
    assert 'database "nowhere" does not exist' in source.refusal("table: t", ["a"]).message


def test_addresses_that_are_none(source: Source, monkeypatch: pytest.MonkeyPatch) -> None:
    source.point_to("no address with s3cr3t")
    error = source.refusal("table: t", ["a"])
    assert "is not the address of a database" in error.message
    assert "s3cr3t" not in str(error)
    source.point_to("sqlite:///erp.sqlite")
    assert "type: sqlite" in (source.refusal("table: t", ["a"]).hint or "")
    source.point_to("oracle+oracledb://u:s3cr3t@h/db")
    assert "is not installed" in source.refusal("table: t", ["a"]).message
    monkeypatch.delenv("ERP_URL")
    assert "uses ${ERP_URL}, which is not set" in source.refusal("table: t", ["a"]).message


def test_a_password_of_its_own_is_taken_as_it_is(source: Source, monkeypatch: pytest.MonkeyPatch) -> None:
    source.sql("create table t (a int)", "insert into t values (1)")
    source.server.execute("drop role if exists reader", "create role reader login password 'p@ss/w:rd%'")
    source.sql("grant select on t to reader")
    monkeypatch.setenv("READER_PASSWORD", "p@ss/w:rd%")
    place = f"127.0.0.1:{source.server.port}/{source.name}"
    connection = f'{{type: sql, url: "postgresql://reader:${{READER_PASSWORD}}@{place}"}}'
    assert source.land("table: t", ["a"], connection=connection).rows_in == 1
    source.sql("create table secret (a int)")
    assert "permission denied" in source.refusal("table: secret", ["a"], connection=connection).message


def test_personal_columns_and_a_key_that_changes(source: Source) -> None:
    source.sql("create table t (a int, phone bigint)", "insert into t values (1, 13800138000)")
    batch = source.land("table: t", ["a"]).batches[0]
    with duckdb.connect() as connection:
        landed = connection.execute(f"select * from read_parquet('{batch.landed_path}')").fetchall()
    assert landed[0][:2] == (1, 1)
    assert landed[0][2].startswith("tok_text_")
    # what was a token is used now: landed again from the archived rows, without a look at the database
    assert source.land("table: t", ["a", "phone"]).relanded == 1


def test_doctor_looks_at_the_server(source: Source) -> None:
    source.sql("create table t (a int)")

    def finding() -> tuple[str, str]:
        found = {one.check: one for one in Doctor(source.workspace.root).examine()}["source:erp"]
        assert source.server.password not in f"{found.message} {found.fix}"
        return found.status, found.message

    source.mapping("table: t", ["a"])
    status, message = finding()
    assert status == "ok"
    assert message.startswith("postgresql ")
    assert message.endswith("answers; tables found: 1, queries not tried: 0")
    source.mapping("table: u", ["a"])
    assert finding() == ("warn", "the database of source 'erp' has no table 'u'")
    source.point_to("postgresql://triloop:s3cr3t@127.0.0.1:1/erp")
    status, message = finding()
    assert (status, "cannot be reached" in message, "s3cr3t" in message) == ("warn", True, False)
    source.point_to(source.server.url(source.name, password="wrong"))
    status, message = finding()
    assert (status, "refuses the login" in message) == ("fail", True)
