"""SQL Server without one: its real driver against a few bytes of TDS on the loopback.

This proves what we send, what the driver makes of the types, and what is said of faults. It does not prove that a real
SQL Server answers so.
"""

from __future__ import annotations

import re
import socket
import threading
import time
from collections.abc import Iterator
from datetime import date, datetime, timedelta, timezone
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy.exc import DBAPIError

from orchestration.lib.errors import ConfigurationError, DataError, TriloopError
from orchestration.lib.landing import land_object, sql_connection
from orchestration.lib.landing.away import AwayError, LoginError
from orchestration.lib.landing.probe import probe_sql
from orchestration.lib.landing.scratch import scratch_space
from orchestration.lib.landing.sql_reader import read_sql
from orchestration.lib.mapping import SourceMapping, load_mappings
from orchestration.lib.settings import load_settings
from tests.tds_server import Fault, Result, Tds, listening, serving
from tests.unit.landing_case import Case, new_case

VERSION = "Microsoft SQL Server 2016 (SP3) - 13.0.6300.2 (X64)"
ENTRIES = [
    ("FInterID", "int"),
    ("FAmount", "money"),
    ("FDate", "datetime"),
    ("FNote", "varchar"),
    ("FChanged", "datetime2(7)"),
]
ROWS = [
    (1, Decimal("1.1000"), datetime(2026, 1, 1), "金蝶", datetime(2026, 3, 1, 10, 0, 0, 123456)),
    (2, Decimal("922337203685477.5807"), datetime(2026, 1, 2, 23, 59, 59, 997000), None, datetime(2026, 3, 1, 9)),
]
SNAPSHOT = "snapshot_isolation_state"
ALLOWED = re.compile(
    r"\s*(SELECT|SET (ARITHABORT|TRANSACTION)|use \[|BEGIN TRAN$|COMMIT TRAN$|ROLLBACK TRAN$)",
    re.IGNORECASE,
)


def meta(snapshot: int = 1) -> list[tuple[str, Result | Fault]]:
    """What SQLAlchemy asks of each server, answered as SQL Server documents it."""
    one_table = Result([("TABLE_NAME", "nvarchar")], [("ICSaleEntry",)])
    return [
        (r"select @@version", Result([("v", "nvarchar")], [(VERSION,)])),
        (r"schema_name\(\)", Result([("s", "nvarchar")], [("dbo",)])),
        (r"sys\.system_views", Result([("name", "nvarchar")], [("dm_exec_sessions",)])),
        (r"transaction_isolation_level", Result([("level", "varchar")], [("READ COMMITTED",)])),
        (r"test max support", Result([("t", "nvarchar")], [("test max support",)])),
        (r"fn_listextendedproperty", Result([("n", "int")], [])),
        (SNAPSHOT, Result([("state", "int")], [(snapshot,)])),
        (r"TABLE_NAME\] = CAST\(N'ICSaleEntry' AS|BASE TABLE' AS NVARCHAR\(max\)\) ORDER", one_table),
        (r"INFORMATION_SCHEMA", Result(one_table.columns, [])),
    ]


@pytest.fixture
def tds() -> Iterator[Tds]:
    with serving() as found:
        found.answers = [
            (r"^SELECT FInterID|^SELECT \[FInterID\]", Result(ENTRIES[:1], [row[:1] for row in ROWS])),
            (r"FROM \[?(dbo\]?\.\[?)?\[?ICSaleEntry", Result(ENTRIES, ROWS)),
            *meta(),
        ]
        yield found


@pytest.fixture
def case(tmp_path: Path, tds: Tds, monkeypatch: pytest.MonkeyPatch) -> Case:
    monkeypatch.setenv("ERP_PASSWORD", "right")
    return new_case(tmp_path / "w", monkeypatch)


def mapped(case: Case, port: int, place: str = "table: ICSaleEntry", cursor: str = "") -> SourceMapping:
    case.workspace.mappings_dir.mkdir(exist_ok=True)
    (case.workspace.mappings_dir / "erp.yml").write_text(
        f"""source: erp
connection: {{type: sql, url: "mssql://reader:${{ERP_PASSWORD}}@127.0.0.1:{port}/AIS2026"}}
timezone: Asia/Shanghai
objects:
  rows:
    {place}
    load: upsert
    key: [FInterID]
    {cursor}
    keep: [FChanged]
    feeds:
      payment:
        columns: {{payment_id: FInterID, paid_on: FDate, amount: FAmount, currency: {{value: CNY}}, method: FNote}}
""",
        encoding="utf-8",
    )
    return load_mappings(case.workspace, load_settings(case.workspace))[0]


def read(case: Case, mapping: SourceMapping) -> tuple[dict[str, str], list[tuple[Any, ...]]]:
    with scratch_space(case.workspace) as scratch:
        read_sql(scratch, mapping, mapping.objects["rows"], table="raw")
        kinds = {row[0]: row[1] for row in scratch.connection.execute("describe raw").fetchall()}
        return kinds, scratch.connection.execute("select * from raw order by _row").fetchall()


def refused(case: Case, port: int) -> TriloopError:
    with pytest.raises(TriloopError) as caught:
        read(case, mapped(case, port))
    return caught.value


def test_rows_in_one_state_and_nothing_but_reading(case: Case, tds: Tds) -> None:
    assert read(case, mapped(case, tds.port))[1] == [
        (1, 1, "1.1000", datetime(2026, 1, 1), "金蝶", datetime(2026, 3, 1, 10, 0, 0, 123456)),
        (2, 2, "922337203685477.5807", datetime(2026, 1, 2, 23, 59, 59, 997000), None, datetime(2026, 3, 1, 9)),
    ]
    strange = [one for one in tds.heard if not ALLOWED.match(one) or re.search(r"\b(INSERT|UPDATE|DELETE|INTO)\b", one)]
    assert strange == []
    level = tds.heard.index("SET TRANSACTION ISOLATION LEVEL SNAPSHOT")
    rows = next(number for number, one in enumerate(tds.heard) if one == "SELECT * FROM [ICSaleEntry]")
    # the level holds for transactions that begin after it
    assert "BEGIN TRAN" in tds.heard[level:rows]
    assert "COMMIT TRAN" not in tds.heard[rows:]


def test_every_type_is_exact(case: Case, tds: Tds) -> None:
    moment = datetime(2026, 2, 28, 23, 59, 59, 123456)
    wide = "1234567890123456789012345678.1234567890"
    values: list[tuple[str, Any, str, str]] = [
        ("int", 5, "BIGINT", "5"),
        ("bigint", 2**63 - 1, "BIGINT", "9223372036854775807"),
        ("bit", True, "BOOLEAN", "True"),
        ("float", 0.1, "DOUBLE", "0.1"),
        ("money", Decimal("-922337203685477.5808"), "VARCHAR", "-922337203685477.5808"),
        ("smallmoney", Decimal("1.1"), "VARCHAR", "1.1000"),
        ("decimal(38,10)", Decimal(wide), "VARCHAR", wide),
        ("decimal(38,10)", Decimal("-0.0000000001"), "VARCHAR", "-0.0000000001"),
        ("date", date(2026, 2, 28), "DATE", "2026-02-28"),
        ("datetime", datetime(2026, 2, 28, 23, 59, 59, 997000), "TIMESTAMP", "2026-02-28 23:59:59.997000"),
        ("datetime2(7)", moment, "TIMESTAMP", "2026-02-28 23:59:59.123456"),
        (
            "datetimeoffset(7)", moment.replace(tzinfo=timezone(timedelta(hours=8))), "TIMESTAMP WITH TIME ZONE",
            "2026-02-28 15:59:59.123456+00:00",
        ),
        ("nvarchar", "𠮷田 '", "VARCHAR", "𠮷田 '"),
        ("varchar", "金蝶", "VARCHAR", "金蝶"),
        (
            "uniqueidentifier", "01234567-89ab-cdef-0123-456789abcdef", "VARCHAR",
            "01234567-89ab-cdef-0123-456789abcdef",
        ),
        ("binary(8)", bytes.fromhex("00000000000007D1"), "VARCHAR", "00000000000007D1"),
    ]  # fmt: skip
    columns = [("FInterID", "int"), ("FAmount", "money"), ("FDate", "datetime"), ("FNote", "varchar")]
    columns += [(f"c{number:02d}", kind) for number, (kind, *_) in enumerate(values)]
    fixed = [1, None, None, None]
    tds.answers.insert(0, ("FROM everything", Result(columns, [[*fixed, *(value for _, value, *_ in values)]])))
    kinds, (row,) = read(case, mapped(case, tds.port, place='query: "SELECT * FROM everything"'))
    found = [(kinds[name], str(value)) for name, value in zip(kinds, row, strict=True) if name.startswith("c")]
    assert found == [(kind, text) for *_, kind, text in values]


def test_only_what_changed(case: Case, tds: Tds) -> None:
    cursor = "cursor: {column: FChanged, overlap: 1 hour, deletions: compare_keys}"
    mapping = mapped(case, tds.port, cursor=cursor)
    settings = load_settings(case.workspace)
    assert land_object(case.workspace, settings, mapping, mapping.objects["rows"]).rows_in == 2
    assert land_object(case.workspace, settings, mapping, mapping.objects["rows"]).rows_in == 0
    changed = (
        "SELECT * FROM (SELECT * FROM [ICSaleEntry]) triloop_rows "
        "WHERE [FChanged] >= CAST('2026-03-01T09:00:00' AS datetime2(0)) OR [FChanged] IS NULL"
    )
    assert changed in tds.heard
    assert "SELECT [FInterID] FROM (SELECT * FROM [ICSaleEntry]) triloop_rows" in tds.heard


def test_a_rowversion_has_no_order_of_its_own(case: Case, tds: Tds) -> None:
    columns = [*ENTRIES, ("FVersion", "binary(8)")]
    tds.answers.insert(0, ("FROM v", Result(columns, [(*ROWS[0], bytes(8))])))
    mapping = mapped(case, tds.port, place='query: "SELECT * FROM v"', cursor="cursor: {column: FVersion}")
    with pytest.raises(DataError, match="cursor column 'FVersion' of erp#rows holds bytes") as caught:
        read(case, mapping)
    assert "AS bigint" in str(caught.value.hint)


def test_a_database_that_gives_no_one_state(case: Case, tds: Tds) -> None:
    tds.answers = [*meta(snapshot=0)]
    error = refused(case, tds.port)
    assert error.message == "the database of source 'erp' allows no reading of one state"
    assert "SET ALLOW_SNAPSHOT_ISOLATION ON" in str(error.hint)
    assert not [one for one in tds.heard if "ICSaleEntry" in one]


def test_doctor_logs_in_and_looks_for_the_table(case: Case, tds: Tds) -> None:
    found = probe_sql(mapped(case, tds.port))
    assert (found.server, found.tables) == ("mssql 13.0", 1)
    with pytest.raises(DataError, match="has no table 'ICSaleEntries'") as caught:
        probe_sql(mapped(case, tds.port, place="table: ICSaleEntries"))
    assert caught.value.hint == "did you mean 'ICSaleEntry'?"


def test_a_wrong_password(case: Case, tds: Tds, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ERP_PASSWORD", "secret-9")
    error = refused(case, tds.port)
    assert isinstance(error, LoginError)
    assert error.message == "the database of source 'erp' refuses the login: Login failed for user 'reader'."


@pytest.mark.parametrize(
    ("number", "away"),
    [(1205, True), (3960, True), (208, False), (229, False)],
    ids=["deadlock", "snapshot", "name", "right"],
)
def test_faults_of_a_statement(case: Case, tds: Tds, number: int, away: bool) -> None:
    tds.answers.insert(0, (r"SELECT \* FROM \[ICSaleEntry\]", Fault(number, "what the server says.")))
    error = refused(case, tds.port)
    assert isinstance(error, AwayError) is away
    assert isinstance(error, DataError)
    assert "what the server says." in error.message
    assert "DB-Lib" not in error.message


def test_a_port_that_is_closed(case: Case) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        error = refused(case, free.getsockname()[1])
    assert isinstance(error, AwayError)
    assert error.message == (
        "the database of source 'erp' cannot be reached: "
        "Unable to connect: TDS server is unavailable or does not exist (127.0.0.1)"
    )


def test_something_else_listens_there(case: Case) -> None:
    def web(client: socket.socket) -> None:
        client.recv(4096)
        client.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")
        client.close()

    with listening(web) as port:
        error = refused(case, port)
    assert isinstance(error, AwayError)
    assert "cannot be reached: Unexpected EOF from the server" in error.message


def test_something_that_says_nothing(case: Case, monkeypatch: pytest.MonkeyPatch) -> None:
    """The driver tries more than once: 9 s for a limit of 2, and 35 s for the 15 that are allowed in earnest."""
    monkeypatch.setattr(sql_connection, "CONNECT_SECONDS", 1)
    begun = time.monotonic()
    with listening(lambda client: threading.Event().wait(60) and None) as port:
        error = refused(case, port)
    assert isinstance(error, AwayError)
    assert time.monotonic() - begun < 30


def test_a_server_that_goes_silent_while_it_is_read(case: Case, tds: Tds) -> None:
    tds.answers.insert(0, ("WAITFOR", Result([("n", "int")], [(1,)])))
    hear = tds.answer

    def silent(statement: str) -> Any:
        if "WAITFOR" in statement:
            threading.Event().wait(60)
        return hear(statement)

    tds.answer = silent  # type: ignore[method-assign]
    begun = time.monotonic()
    mapping = mapped(case, tds.port)
    with pytest.raises(DBAPIError) as caught, sql_connection.reading(mapping, minutes=0.03) as connection:
        connection.exec_driver_sql("SELECT 1 WAITFOR")
    assert isinstance(sql_connection.database_error(mapping, caught.value, what="it", hint=""), AwayError)
    assert time.monotonic() - begun < 30


def test_a_driver_that_is_not_there(case: Case, monkeypatch: pytest.MonkeyPatch) -> None:
    mapping = mapped(case, 1)
    monkeypatch.setitem(__import__("sys").modules, "pymssql", None)
    with pytest.raises(ConfigurationError, match=r"the driver of source 'erp' \(mssql\+pymssql\) is not installed"):
        read(case, mapping)
