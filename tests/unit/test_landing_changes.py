"""Reading piece by piece without a server: where the cursor stands, and what a change of type or of key does."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import duckdb
import pytest

from orchestration.lib.errors import DataError
from orchestration.lib.landing import land
from orchestration.lib.landing.away import AwayError
from orchestration.lib.landing.changes import Known, read_changes
from orchestration.lib.landing.limits import Limits
from orchestration.lib.landing.scratch import Scratch, scratch_space
from orchestration.lib.landing.sql_source import _since
from orchestration.lib.mapping.model import Cursor, SourceObject
from orchestration.lib.workspace import Workspace

MOMENT = datetime(2026, 6, 1)


@pytest.fixture
def scratch(tmp_path: Path) -> Iterator[Scratch]:
    with scratch_space(Workspace(tmp_path)) as found:
        yield found


def since(scratch: Scratch, values: str, overlap: str = "0", zone: str = "UTC") -> str | None:
    scratch.connection.execute(
        "create or replace temp table state as select *, false as _deleted, timestamptz '2026-06-01 00:00:00+00' as "
        f"__landed_at from (values {values}) as v(c)"
    )
    return _since(scratch, Cursor("c", overlap), zone, "erp#t")


@pytest.mark.parametrize(
    ("values", "overlap", "expected"),
    [
        ("(timestamp '2026-03-01 10:00:00.25'), (null)", "2 hours", "2026-03-01 08:00:00.250000"),
        ("(timestamptz '2026-03-01 10:00:00+08'), (null)", "1 day", "2026-02-28 02:00:00.000000+00:00"),
        ("(date '2026-03-01')", "1 day", "2026-02-28 00:00:00.000000"),
        ("('2026-03-01 9:00:00'), ('2026-03-01 10:00:00')", "0", "2026-03-01 10:00:00.000000"),  # 9 is the highest text
        ("('2026-03-01 10:00:00+08:00'), ('2026-03-01 03:00:00+00:00')", "0", "2026-03-01 03:00:00.000000+00:00"),
        ("(timestamp '2026-03-01'), (timestamp '2099-01-01')", "0", "2026-03-01 00:00:00.000000"),
        ("(timestamp '2099-01-01')", "0", None),
        ("(null::timestamp)", "0", None),
        ("(7), (12)", "5", "7"),
        ("('9'), ('10')", "1", "9"),
        ("(10.5), (10.6)", "0", "10"),
        ("('10.6')", "0", "10"),
        ("(10.6::double)", "0", "10"),
        ("(18446744073709551615::ubigint)", "0", "18446744073709551615"),
    ],
)
def test_where_the_cursor_stands(scratch: Scratch, values: str, overlap: str, expected: str | None) -> None:
    assert since(scratch, values, overlap) == expected


def test_now_is_that_of_the_source(scratch: Scratch) -> None:
    """It landed at 08:00 of Shanghai: 07:00 without a zone is past, 09:00 would be the future."""
    values = "(timestamp '2026-06-01 07:00:00'), (timestamp '2026-06-01 09:00:00')"
    assert since(scratch, values, zone="Asia/Shanghai") == "2026-06-01 07:00:00.000000"


@pytest.mark.parametrize(
    ("values", "overlap", "told"),
    [
        ("('soon')", "0", "neither a time nor a number"),
        ("(1)", "2 hours", "is a number, and its overlap is a time"),
        ("(timestamp '2026-03-01')", "5", "is a time, and its overlap is a bare number"),
    ],
)
def test_cursors_that_say_nothing(scratch: Scratch, values: str, overlap: str, told: str) -> None:
    with pytest.raises(DataError, match=told):
        since(scratch, values, overlap)


class Server:
    """A server whose table is a query; it remembers from where it was read."""

    name, one_state, sparse = "erp#t", True, False

    def __init__(self, query: str) -> None:
        self.query = query
        self.asked: list[str | None] = []

    def read(self, scratch: Scratch, *, table: str, since: str | None = None) -> tuple[str, ...]:
        self.asked.append(since)
        query = f"select row_number() over () as _row, * from ({self.query})"
        scratch.connection.execute(f"create temp table {table} as {query}")
        scratch.connection.execute(f"create temp table {table}_keys as select id from {table}")
        return tuple(one for one in scratch.columns(table) if one != "_row")

    def read_keys(self, scratch: Scratch, *, table: str) -> None:
        raise NotImplementedError

    def since(self, scratch: Scratch) -> str | None:
        return "1"


def changes(scratch: Scratch, path: Path, before: str, now: str, key: str = "id") -> list[tuple[Any, ...]]:
    with duckdb.connect() as connection:
        connection.execute(
            f"copy (select row_number() over () as _row, * from ({before})) to '{path / 'o.parquet'}' (format parquet)"
        )
    obj = SourceObject("t", "upsert", 1, table="t", key=(key,), cursor=Cursor("c", "0", compare_keys=True))
    read_changes(scratch, Server(now), obj, [Known(path / "o.parquet", MOMENT)])
    return scratch.connection.execute("select * from raw order by _row").fetchall()


def test_a_key_that_changed_its_type(scratch: Scratch, tmp_path: Path) -> None:
    """A1 is gone and is no number: its tombstone takes the type that holds both."""
    before = "select * from (values ('1', 1), ('A1', 1)) as v(id, c)"
    assert changes(scratch, tmp_path, before, "select 1 as id, 1 as c") == [(1, "A1", None, True)]


def test_the_mapping_names_another_key_now(scratch: Scratch, tmp_path: Path) -> None:
    """What landed knows nothing of it: everything is read, and nothing buried."""
    assert changes(scratch, tmp_path, "select 1 as no, 1 as c", "select 7 as id, 1 as c") == [(1, 7, 1)]


def test_tombstones_come_last_and_rows_keep_their_order(scratch: Scratch, tmp_path: Path) -> None:
    before = "select * from (values (1, 1, 'a'), (2, 1, 'b'), (3, 1, 'c')) as v(id, c, t)"
    now = "select * from (values (3, 2, 'x'), (4, 2, 'y')) as v(id, c, t)"
    assert changes(scratch, tmp_path, before, now) == [
        (1, 3, 2, "x", False), (2, 4, 2, "y", False), (3, 1, None, None, True), (4, 2, None, None, True)
    ]  # fmt: skip


def test_asking_again_ends_when_the_time_is_over(monkeypatch: pytest.MonkeyPatch) -> None:
    """A statement that was ended after the allowed time is not begun twice more."""
    clock, tried = [0.0], []
    monkeypatch.setattr(land.time, "monotonic", lambda: clock[0])
    monkeypatch.setattr(land.time, "sleep", lambda seconds: None)
    monkeypatch.setattr(land, "_server", lambda *_: None)

    class Landing:
        _obj, _limits, _place, _source = SourceObject("t", "upsert", 1, table="t"), Limits(), "erp.t", "erp"
        tell = staticmethod(lambda text: None)
        _ledger = type("Empty", (), {"batches": lambda self, *_: []})()

        def _take_from(self, server: object) -> None:
            tried.append(clock[0])
            clock[0] += 3600
            raise AwayError("too slow")

    connection = type("C", (), {"type": "sql"})()
    with pytest.raises(AwayError):
        land._Landing.ask(Landing(), type("M", (), {"connection": connection})())  # type: ignore[arg-type]
    assert tried == [0.0]
