"""Tables read piece by piece, on real servers: late changes, deletions, returns, and a server that goes away."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb
import pytest
from sqlalchemy.exc import DBAPIError

from orchestration.lib.canonical import build_canonical
from orchestration.lib.errors import DataError
from orchestration.lib.landing import LandResult, land_object
from orchestration.lib.landing.away import AwayError
from orchestration.lib.landing.sql_connection import database_error, reading
from orchestration.lib.mapping import load_mappings
from orchestration.lib.mapping.load import load_mappings as load
from orchestration.lib.settings import load_settings
from orchestration.lib.workspace import Workspace
from tests.unit.landing_case import new_case

MAPPING = """source: erp
connection: {{type: sql, url: "${{ERP_URL}}"}}
objects:
  rows:
    {place}
    load: upsert
    key: [id]
    cursor: {cursor}
    keep: [changed, version]
    feeds:
      payment:
        columns: {{payment_id: id, paid_on: day, amount: amount, currency: {{value: CNY}}, method: note}}
"""
TABLE = (
    "create table pay (id int primary key, day date, amount decimal(18,2), note varchar(50), "
    "changed timestamp null, version bigint)"
)
Rows = list[tuple[Any, ...]]


class Source:
    """A workspace whose source is a table ``pay`` on one of the servers."""

    def __init__(self, workspace: Workspace, server: Any, name: str) -> None:
        self.workspace, self.server, self.name = workspace, server, name
        self.map()

    def map(
        self, cursor: str = "{column: changed, overlap: 2 hours, deletions: compare_keys}", place: str = "table: pay"
    ) -> None:
        self.workspace.mappings_dir.mkdir(exist_ok=True)
        text = MAPPING.format(place=place, cursor=cursor)
        (self.workspace.mappings_dir / "erp.yml").write_text(text, encoding="utf-8")

    def sql(self, *statements: str) -> None:
        self.server.execute(*statements, database=self.name)

    def put(self, number: int, amount: str, hour: str | None, note: str = "x") -> None:
        moment = "null" if hour is None else f"'2026-03-01 {hour}'"
        self.sql(
            f"delete from pay where id = {number}",
            f"insert into pay values ({number}, '2026-01-01', {amount}, '{note}', {moment}, {number})",
        )

    def land(self) -> LandResult:
        settings = load_settings(self.workspace)
        mapping = load_mappings(self.workspace, settings)[0]
        return land_object(self.workspace, settings, mapping, mapping.objects["rows"])

    def build(self) -> tuple[Rows, Rows]:
        """The payments, and the account of all files: loaded, quarantined, merged, filtered, unchanged."""
        settings = load_settings(self.workspace)
        build_canonical(self.workspace, settings, load(self.workspace, settings))
        with duckdb.connect(str(self.workspace.warehouse_file), read_only=True) as connection:
            rows = connection.execute("select payment_id, amount::varchar from canonical.payment order by 1").fetchall()
            account = connection.execute(
                "select sum(rows_in), sum(loaded), sum(quarantined), sum(merged), sum(filtered), sum(unchanged), "
                "min(filter_reasons) from canonical.row_account"
            ).fetchall()
        return rows, account


@pytest.fixture(params=["postgres_server", "mariadb_server"])
def source(tmp_path: Path, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Source:
    case = new_case(tmp_path / "w", monkeypatch)
    server = request.getfixturevalue(request.param)
    name = f"c{abs(hash(str(tmp_path))) % 10**12}"
    monkeypatch.setenv("ERP_URL", server.new_database(name))
    made = Source(case.workspace, server, name)
    made.sql(TABLE)
    for number, hour in ((1, "08:00:00"), (2, "09:00:00"), (3, "10:00:00")):
        made.put(number, f"{number}.10", hour)
    return made


def test_only_what_changed_is_landed(source: Source) -> None:
    assert (source.land().rows_in, source.land().rows_in) == (3, 0)
    source.put(2, "2.20", "11:00:00")
    source.put(4, "4.10", "11:00:00")
    result = source.land()
    assert (result.new, result.rows_in, len(result.batches)) == (1, 2, 2)
    assert source.land().new == 0
    rows, account = source.build()
    assert rows == [("erp:1", "1.10"), ("erp:2", "2.20"), ("erp:3", "3.10"), ("erp:4", "4.10")]
    assert account == [(5, 4, 0, 1, 0, 0, "{}")]


def test_a_change_that_was_committed_late_is_seen_within_the_overlap(source: Source) -> None:
    source.map("{column: changed, overlap: 2 hours}")
    source.land()
    source.put(5, "5.10", "08:30:00")  # before the highest seen (10:00), within two hours of it
    source.put(6, "6.10", "07:30:00")  # outside: nobody would ever ask for it
    assert source.land().rows_in == 1
    assert [row[0] for row in source.build()[0]] == ["erp:1", "erp:2", "erp:3", "erp:5"]


def test_comparing_keys_finds_what_no_overlap_reaches(source: Source) -> None:
    """Committed hours late, or restored as it was after its deletion: the key is there, so everything is read."""
    source.land()
    source.put(6, "6.10", "01:00:00")
    assert (source.land().rows_in, source.land().rows_in) == (1, 0)
    source.sql("delete from pay where id = 1")
    source.land()
    source.put(1, "1.10", "08:00:00")
    assert (source.land().rows_in, source.land().rows_in) == (1, 0)
    assert [row[0] for row in source.build()[0]] == ["erp:1", "erp:2", "erp:3", "erp:6"]


def test_a_time_of_the_future_hides_nothing(source: Source) -> None:
    source.map("{column: changed, overlap: 2 hours}")
    source.sql("insert into pay values (8, '2026-01-01', 8.10, 'x', '2037-12-31 00:00:00', 8)")
    assert source.land().rows_in == 4
    source.put(9, "9.10", "10:30:00")
    assert (source.land().rows_in, source.land().rows_in) == (1, 0)


def test_ties_and_fractions_at_the_highest_value(source: Source) -> None:
    source.map("{column: changed}")
    source.sql("alter table pay add column at_6 timestamp(6) null")
    source.map("{column: at_6}")
    source.sql("update pay set at_6 = '2026-03-01 10:00:00.123456'")
    assert source.land().rows_in == 3
    source.sql(
        "insert into pay values (4, '2026-01-01', 4, 'x', null, 4, '2026-03-01 10:00:00.123456'), "
        "(5, '2026-01-01', 5, 'x', null, 5, '2026-03-01 10:00:00.123455')"
    )
    assert source.land().rows_in == 1


def test_numbers_without_a_scale(source: Source, request: pytest.FixtureRequest) -> None:
    """A cursor of 10.5 is not rounded up to 11, and amounts come digit for digit."""
    size = "(38,10)" if "mariadb" in request.node.name else ""
    source.sql(
        f"alter table pay add column v numeric{size}", "update pay set v = 10.5", "alter table pay drop column amount"
    )
    source.sql(f"alter table pay add column amount numeric{size}", "update pay set amount = 0.30")
    source.map("{column: v}")
    assert source.land().rows_in == 3
    source.sql("update pay set amount = 12345678901234567890.10, v = 10.6 where id = 3")
    assert (source.land().rows_in, source.land().rows_in) == (1, 0)
    source.sql("update pay set amount = 5, v = 10.5 where id = 3")
    assert source.land().rows_in == 1


def test_a_table_that_is_emptied_and_filled_again(source: Source) -> None:
    source.land()
    source.sql("delete from pay")
    assert (source.land().rows_in, source.land().rows_in) == (3, 0)
    assert source.build()[0] == []
    for number in (1, 2):
        source.put(number, "7.00", "08:00:00")
    assert (source.land().rows_in, source.land().rows_in) == (2, 0)
    assert source.build()[0] == [("erp:1", "7.00"), ("erp:2", "7.00")]


def test_a_statement_that_takes_too_long_is_ended(source: Source) -> None:
    mapping = load_mappings(source.workspace, load_settings(source.workspace))[0]
    begun = time.monotonic()
    with reading(mapping, minutes=0.01) as connection:
        statement = "select pg_sleep(20)" if connection.dialect.name == "postgresql" else "select sleep(20)"
        try:
            outcome = connection.exec_driver_sql(statement).scalar()
        except DBAPIError as error:
            outcome = database_error(mapping, error, what="it", hint="")
    assert isinstance(outcome, AwayError) or outcome == 1  # MySQL's sleep is ended, and says 1
    assert time.monotonic() - begun < 10


def test_rows_without_a_time_of_change_are_always_looked_at(source: Source) -> None:
    source.put(7, "7.10", None)
    assert source.land().rows_in == 4
    assert source.land().rows_in == 0
    source.put(7, "7.20", None)
    assert source.land().rows_in == 1
    assert ("erp:7", "7.20") in source.build()[0]


def test_deleted_records_leave_and_may_come_back(source: Source) -> None:
    source.land()
    source.sql("delete from pay where id = 1")
    assert source.land().rows_in == 1
    assert source.land().rows_in == 0
    rows, account = source.build()
    assert [row[0] for row in rows] == ["erp:2", "erp:3"]
    assert account == [(4, 2, 0, 1, 1, 0, '{"deleted_at_source": 1}')]
    source.put(1, "1.10", "12:00:00")
    assert source.land().rows_in == 1
    assert [row[0] for row in source.build()[0]] == ["erp:1", "erp:2", "erp:3"]


def test_without_comparing_keys_nothing_is_buried(source: Source) -> None:
    source.map("{column: changed, overlap: 2 hours}")
    source.land()
    source.sql("delete from pay where id = 1")
    assert source.land().rows_in == 0


def test_a_table_that_empties_is_not_believed(source: Source) -> None:
    for number in range(10, 40):
        source.put(number, "1.00", "10:00:00")
    source.land()
    source.sql("delete from pay where id >= 20")
    with pytest.raises(DataError, match=r"20 of 33 records .* are gone"):
        source.land()
    assert len(source.build()[0]) == 33
    source.workspace.settings_file.write_text("limits: {max_deleted_share: 0.7}\n", encoding="utf-8")
    assert source.land().rows_in == 20
    assert len(source.build()[0]) == 13


def test_there_and_back_again(source: Source) -> None:
    source.land()
    for amount in ("9.90", "3.10", "9.90", "3.10"):
        source.put(3, amount, "10:30:00")
        source.land()
        assert ("erp:3", amount) in source.build()[0]


def test_a_number_as_cursor(source: Source) -> None:
    source.map("{column: version, overlap: 1}")
    source.land()
    source.sql("insert into pay values (10, '2026-01-01', 1, 'x', null, 10)", "update pay set amount = 7 where id = 3")
    assert source.land().rows_in == 2  # version 3 is read again; 1 and 2 are not
    source.sql("update pay set amount = 8 where id = 3")
    assert source.land().rows_in == 0


def test_a_query_has_a_cursor_too(source: Source) -> None:
    source.map(place="query: \"select id, day, amount, note, changed, version from pay where note <> '100%'\"")
    source.put(9, "9.10", "09:00:00", note="100%")
    assert source.land().rows_in == 3
    source.put(2, "2.20", "11:00:00")
    assert source.land().rows_in == 1


def test_a_server_that_is_away_leaves_what_it_brought(source: Source, monkeypatch: pytest.MonkeyPatch) -> None:
    waited: list[float] = []
    monkeypatch.setattr("orchestration.lib.landing.land.time.sleep", waited.append)
    source.land()
    url = source.server.url(source.name)
    monkeypatch.setenv("ERP_URL", url.replace(f":{source.server.port}/", ":1/"))
    result = source.land()
    assert "cannot be reached" in str(result.stale)
    assert (len(result.batches), waited) == (1, [1, 5])
    monkeypatch.setenv("ERP_URL", url)
    assert source.land().stale is None


def test_a_server_that_was_never_there_is_an_error(source: Source, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("orchestration.lib.landing.land.time.sleep", lambda seconds: None)
    monkeypatch.setenv("ERP_URL", source.server.url(source.name).replace(f":{source.server.port}/", ":1/"))
    with pytest.raises(DataError, match="cannot be reached"):
        source.land()


def test_asked_again_after_it_broke_off(source: Source, monkeypatch: pytest.MonkeyPatch) -> None:
    from orchestration.lib.landing import sql_reader

    monkeypatch.setattr("orchestration.lib.landing.land.time.sleep", lambda seconds: None)
    collect: Callable[..., Any] = sql_reader._collect
    broken: list[int] = []

    def breaking(scratch: Any, connection: Any, statement: str, into: str, shown: str, **how: Any) -> Any:
        found = collect(scratch, connection, statement, into, shown, **how)
        if not broken:
            broken.append(1)
            if "postgres" in str(connection.engine.url):
                connection.exec_driver_sql("select pg_terminate_backend(pg_backend_pid())")
            else:
                connection.exec_driver_sql("kill connection_id()")
        return found

    monkeypatch.setattr(sql_reader, "_collect", breaking)
    assert (source.land().rows_in, broken) == (3, [1])
