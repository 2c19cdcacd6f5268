"""Any text of separators, quotes and line ends: its rows are those that a reader of its own finds, and no byte is lost.

The reader here goes through the text character by character and knows nothing of the array arithmetic. It follows the
reference: a row whose quotes are wrong ends at its first line break, and what follows is looked at afresh.
"""

from __future__ import annotations

import re
from collections import Counter
from itertools import count
from pathlib import Path
from typing import Any

import duckdb
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from orchestration.lib.errors import DataError
from orchestration.lib.landing import csv_load, csv_reader
from orchestration.lib.landing.csv_reader import read_csv
from orchestration.lib.landing.limits import Limits
from orchestration.lib.landing.scratch import Scratch
from orchestration.lib.mapping.model import Format
from tests.unit.landing_case import KEY
from tests.unit.test_landing_canonical import Chain

MANY = settings(
    max_examples=300,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
FEW = settings(MANY, max_examples=25)
TEXT = st.text(alphabet=st.sampled_from('ab1,,""\n\n\r中\0 '), max_size=40)
FIELD = st.sampled_from(["", "1", "x", "中", '"a,b"', '"a\nb"', '"a""b"', '"', 'a"b', '"a"b', "\0", "a,b", " "])
LINE = st.lists(FIELD, min_size=1, max_size=3).map(",".join)
STRUCTURED = st.lists(st.tuples(LINE, st.sampled_from(["\n", "\r\n", "\r"])), max_size=8).map(
    lambda lines: "".join(line + end for line, end in lines)
)
BODY = st.one_of(TEXT, STRUCTURED)
Row = tuple[int, str | None, str, str]
"""Spreadsheet row, what is wrong (None: nothing), and the two values, or the text and nothing."""
_END = re.compile(r"\r\n|\n|\r")
_FIELD = re.compile(r'"(?:[^"]|"")*"(?=[,\r\n]|$)|[^",\r\n]*(?=[,\r\n]|$)')


def expected(body: str) -> list[Row]:
    """The rows of a file of two columns below a header in row 1."""
    found: list[Row] = []
    at, row = 0, 1
    while at < len(body):
        row += 1
        fields, end = _record(body, at)
        line_end = _END.search(body, at)
        stop, after = (line_end.start(), line_end.end()) if line_end else (len(body), len(body))
        if fields is None:
            found.append((row, "stray_quote", body[at:stop], ""))
            at = after
            continue
        text = body[at:end]
        closing = _END.match(body, end)
        at = closing.end() if closing else end
        if not text:
            continue
        fault = "nul_byte" if "\0" in text else "ragged" if len(fields) != 2 else None
        found.append((row, fault, *((text, "") if fault else (fields[0], fields[1]))))
    return found


def _record(body: str, at: int) -> tuple[list[str] | None, int]:
    """The fields of the record that begins here and where it ends; None if its quotes are wrong."""
    fields: list[str] = []
    for _ in count():
        match = _FIELD.match(body, at)
        if match is None:
            return None, at
        text = match.group()
        fields.append(text[1:-1].replace('""', '"') if text.startswith('"') else text)
        at = match.end()
        if at == len(body) or body[at] != ",":
            return fields, at
        at += 1
    raise AssertionError


def read(folder: Path, body: str, **how: object) -> list[Row]:
    """The rows as landing reads them."""
    path = folder / "f.csv"
    path.write_bytes(("a,b\n" + body).encode())
    # how broken a file may be is judged elsewhere: here every row is looked at, also where all are broken
    with duckdb.connect() as connection, pytest.MonkeyPatch.context() as patch:
        patch.setattr(Limits, "too_broken", lambda *_: False)
        scratch = Scratch(folder, connection)
        read_csv(scratch, path, layout=Format(**how), shown="f.csv", table="raw")  # type: ignore[arg-type]
        told = "_fault, _raw" if "_fault" in scratch.columns("raw") else "null, null"
        rows = connection.execute(f"select _row, {told}, a, b from raw order by _row").fetchall()
    return [(row, fault, raw if fault else a, "" if fault else b) for row, fault, raw, a, b in rows]


@given(BODY)
@MANY
def test_rows_are_those_of_a_reader_of_its_own(tmp_path: Path, body: str) -> None:
    wanted = [(row, fault, text.replace("\0", "\u2400"), other) for row, fault, text, other in expected(body)]
    assert read(tmp_path, body) == wanted


@given(BODY)
@MANY
def test_parts_make_the_same_table(tmp_path: Path, body: str) -> None:
    """Loaded a few characters at a time: rows, their numbers and the broken ones are as of one part."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(csv_load, "PART", 1)
        patch.setattr(csv_reader, "_AT_ONCE", 5)
        in_parts = read(tmp_path, body)
    assert in_parts == [(row, fault, text.replace("\0", "\u2400"), other) for row, fault, text, other in expected(body)]


def test_a_part_that_cannot_be_loaded_stops_the_landing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An error of the loading thread is not lost, whichever part it came in."""
    monkeypatch.setattr(csv_load, "PART", 1)
    monkeypatch.setattr(csv_reader, "_AT_ONCE", 5)
    load = csv_load.CsvLoader._load

    def fails_once(self: csv_load.CsvLoader, sql: str, path: Path, *rest: Any) -> None:
        load(self, sql + " no sql" if path.name == "clean-1.csv" else sql, path, *rest)

    monkeypatch.setattr(csv_load.CsvLoader, "_load", fails_once)
    with pytest.raises(duckdb.ParserException):
        read(tmp_path, "1,2\n3,4\n5,6\n7,8\n")


@given(STRUCTURED)
@FEW
def test_every_character_is_in_a_row_or_is_a_line_end(tmp_path: Path, body: str) -> None:
    """By counting, without any reader: of what is no structure nothing goes away and nothing is added."""
    rows = read(tmp_path, body)
    kept = Counter("".join(text + other for _row, _fault, text, other in rows).replace("\u2400", "\0"))
    signs = set(',"\n\r')
    assert {char: n for char, n in kept.items() if char not in signs} == {
        char: n for char, n in Counter(body).items() if char not in signs
    }


@given(st.binary(max_size=60))
@MANY
def test_any_bytes_are_read_or_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "f.csv"
    path.write_bytes(b"a,b\n" + content)
    with duckdb.connect() as connection:
        scratch = Scratch(tmp_path, connection)
        refusal: DataError | None = None
        try:
            read_csv(scratch, path, layout=Format(), shown="f.csv", table="raw")
        except DataError as error:
            refusal = error
        if refusal is not None:
            assert "f.csv" in refusal.message
            assert refusal.hint
            return
        (rows, distinct) = connection.execute("select count(*), count(distinct _row) from raw").fetchall()[0]
        assert rows == distinct <= content.count(b"\n") + content.count(b"\r") + 1


VALUE = st.sampled_from(["P1", "P2", "P3", "", "2026-01-03", "2026-02-30", "1", "1.005", "-2", "#REF!", '"a', "合计"])
FILE = st.lists(st.lists(VALUE, min_size=2, max_size=4).map(",".join), max_size=6).map("\n".join)


@given(st.lists(FILE, min_size=1, max_size=3), st.sampled_from(["append", "upsert", "snapshot"]))
@FEW
def test_every_row_of_small_files_is_accounted_for(
    tmp_path_factory: pytest.TempPathFactory, files: list[str], load: str
) -> None:
    """Rows in are those of the reader above; each ends once: in its entity, in quarantine, or in a counted way out."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TRILOOP_VAULT_KEY", KEY)
        patch.setattr(Limits, "too_broken", lambda *_: False)
        chain = Chain(tmp_path_factory.mktemp("p") / "w")
        wanted: dict[str, int] = {}
        for number, body in enumerate(dict.fromkeys(files)):
            (chain.inbox / f"f{number}.csv").write_text("id,day,amount\n" + body, encoding="utf-8")
            wanted[f"inbox/f{number}.csv"] = len(expected(body))
        chain.run(ACCOUNTED.format(load=load))
        accounts = chain.query(
            "select source_file, rows_in, loaded, quarantined, merged, filtered, unchanged from canonical.row_account"
        )
        held = Counter(file for (file,) in chain.query("select source_file from canonical.quarantine"))
        loaded = Counter(file for (file,) in chain.query("select source_file from canonical.payment"))
        places = "select source_file, source_row from canonical.{}"
        both = chain.query(f"{places.format('quarantine')} intersect {places.format('payment')}")
    assert {file: rows for file, rows, *_ in accounts} == wanted
    assert all(rows == sum(fates) for _file, rows, *fates in accounts)
    assert {file: (loaded[file], held[file]) for file in wanted} == {file: (a, b) for file, _, a, b, *_ in accounts}
    assert both == []


ACCOUNTED = """\
  p:
    file: "f*.csv"
    load: {load}
    key: [id]
    feeds:
      payment:
        drop: [{{when: "id = 'P3'", reason: test}}]
        columns: {{payment_id: id, paid_on: day, amount: amount, currency: {{value: CNY}}}}
"""
