"""A real MariaDB as a source: every value as it is stored, one consistent state, and clear refusals."""

from __future__ import annotations

import threading
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pytest

from orchestration.lib.errors import ConfigurationError, DataError
from orchestration.lib.landing import land_object
from orchestration.lib.landing.scratch import scratch_space
from orchestration.lib.landing.sql_connection import reading
from orchestration.lib.landing.sql_reader import read_sql
from orchestration.lib.mapping import SourceMapping, load_mappings
from orchestration.lib.settings import load_settings
from tests.mariadb import MariaServer
from tests.unit.landing_case import Case, new_case

TABLE = """
create table `订单` (
  id bigint unsigned primary key, `金额` decimal(18,2), rate decimal(30,20), n int, big bigint unsigned, f double,
  d date, dt datetime(6), ts timestamp(3) null, t time, y year, b bit(1), ok boolean, s varchar(50), j json,
  kind enum('甲','乙'), tags set('x','y'), raw varbinary(10), txt text
) character set utf8mb4
"""
ROW = """
insert into `订单` values (18446744073709551615, 1234567890123456.78, 0.12345678901234567890, -5, 18446744073709551615,
  0.1, '2026-02-28', '2026-02-28 23:59:59.123456', '2026-03-01 07:00:00.5', '-11:30:00', 2026, b'1', true, '𠮷田 张',
  '{"a": 1.10}', '乙', 'x,y', x'00FF', 'l1\\nl2')
"""


class Source:
    """A workspace whose source ``erp`` is a database of its own on the server."""

    def __init__(self, case: Case, server: MariaServer, monkeypatch: pytest.MonkeyPatch) -> None:
        self.case, self.server = case, server
        self.name = f"t{abs(hash(str(case.workspace.root))) % 10**12}"
        self._monkeypatch = monkeypatch
        self.point_to(server.new_database(self.name))

    def point_to(self, url: str) -> None:
        self._monkeypatch.setenv("ERP_URL", url)

    def sql(self, *statements: str) -> list[tuple[Any, ...]]:
        return self.server.execute(*statements, database=self.name)

    def mapping(self, place: str = "table: 订单", keep: str = "") -> SourceMapping:
        file = self.case.workspace.mappings_dir / "erp.yml"
        file.parent.mkdir(exist_ok=True)
        file.write_text(
            f"""source: erp
connection: {{type: sql, url: "${{ERP_URL}}"}}
objects:
  rows:
    {place}
    load: snapshot
    keep: [{keep}]
    feeds:
      payment:
        columns: {{payment_id: id, paid_on: d, amount: 金额, currency: {{value: CNY}}}}
""",
            encoding="utf-8",
        )
        return load_mappings(self.case.workspace, load_settings(self.case.workspace))[0]

    def read(self, place: str = "table: 订单") -> list[dict[str, Any]]:
        mapping = self.mapping(place)
        with scratch_space(self.case.workspace) as scratch:
            read_sql(scratch, mapping, mapping.objects["rows"], table="raw")
            found = scratch.connection.execute("select * from raw order by _row")
            names = [one[0] for one in found.description]
            return [dict(zip(names, row, strict=True)) for row in found.fetchall()]

    def land(self) -> Any:
        mapping = self.mapping()
        return land_object(self.case.workspace, load_settings(self.case.workspace), mapping, mapping.objects["rows"])


@pytest.fixture
def source(tmp_path: Path, mariadb_server: MariaServer, monkeypatch: pytest.MonkeyPatch) -> Source:
    return Source(new_case(tmp_path / "w", monkeypatch), mariadb_server, monkeypatch)


def test_every_value_as_it_is_stored(source: Source) -> None:
    source.sql(TABLE, "set time_zone = '+08:00'", "set names utf8mb4")
    source.server.execute("set global time_zone = '+08:00'")
    source.sql(ROW)
    (row,) = source.read()
    told = {name: str(value) if value is not None else None for name, value in row.items()}
    assert told == {
        "_row": "1",
        "id": "18446744073709551615",
        "金额": "1234567890123456.78",
        "rate": "0.12345678901234567890",
        "n": "-5",
        "big": "18446744073709551615",
        "f": "0.1",
        "d": "2026-02-28",
        "dt": "2026-02-28 23:59:59.123456",  # without a zone, as it stands
        "ts": "2026-02-28 23:00:00.500000",  # a moment: UTC
        "t": "-11:30:00",
        "y": "2026",
        "b": "01",
        "ok": "1",
        "s": "𠮷田 张",
        "j": '{"a": 1.10}',
        "kind": "乙",
        "tags": "x,y",
        "raw": "00FF",
        "txt": "l1\nl2",
    }
    assert isinstance(row["d"], date)
    assert isinstance(row["dt"], datetime)


def test_nothing_and_dates_that_are_none(source: Source) -> None:
    source.sql(TABLE, "set sql_mode = ''")
    source.server.execute(
        "set sql_mode = ''",
        f"insert into `{source.name}`.`订单` (id, d, `金额`) values (1, '0000-00-00', 1), (2, null, null)",
    )
    rows = source.read()
    assert [str(row["d"]) for row in rows] == ["0000-00-00", "None"]
    assert [row["金额"] for row in rows] in ([1, None], ["1.00", None])


def test_landing_twice_changes_nothing_and_a_change_is_seen(source: Source) -> None:
    source.sql(TABLE, "insert into `订单` (id, d, `金额`) values (1, '2026-01-01', 1.10), (2, '2026-01-02', 2.20)")
    first = source.land()
    assert (first.new, first.rows_in) == (1, 2)
    assert (source.land().new, source.land().unchanged) == (0, 1)
    source.sql("update `订单` set `金额` = 2.21 where id = 2")
    assert source.land().new == 1


def test_one_state_however_long_reading_takes(source: Source) -> None:
    source.sql(TABLE, "insert into `订单` (id) select seq from seq_1_to_1000")
    with reading(source.mapping()) as connection:
        before = connection.exec_driver_sql("select count(*) from `订单`").scalar()
        other = threading.Thread(target=lambda: source.sql("delete from `订单` where id <= 500"))
        other.start()
        other.join()
        after = connection.exec_driver_sql("select count(*) from `订单`").scalar()
    assert (before, after, source.sql("select count(*) from `订单`")) == (1000, 1000, [(500,)])


def test_it_only_reads(source: Source) -> None:
    source.sql("create sequence counter")
    with pytest.raises(DataError, match=r"(?i)read.only"):
        source.read('query: "select nextval(counter) as id, null as d, null as `金额`"')
    assert source.sql("select nextval(counter)") == [(1,)]


def test_a_query_with_signs_that_drivers_know(source: Source) -> None:
    source.sql(TABLE, "insert into `订单` (id, s) values (1, 'a%b'), (2, 'c')")
    (row,) = source.read("query: \"select id, d, `金额`, s from `订单` where s like '%\\\\%%' and s <> ':x'\"")
    assert row["s"] == "a%b"


def test_a_wrong_password_is_told_without_it(source: Source) -> None:
    source.point_to(source.server.url(source.name, password="secret-9"))
    with pytest.raises(ConfigurationError, match="refuses the login") as caught:
        source.land()
    assert "secret-9" not in str(caught.value)


def test_a_server_that_is_not_there(source: Source) -> None:
    source.point_to(source.server.url(source.name, port=1))
    with pytest.raises(DataError, match="cannot be reached"):
        source.land()


def test_a_table_that_is_not_there_names_the_nearest(source: Source) -> None:
    source.sql("create table `订单s` (id int, d date, `金额` decimal(18,2))")
    with pytest.raises(DataError, match="has no table '订单'") as caught:
        source.land()
    assert "订单s" in str(caught.value)
