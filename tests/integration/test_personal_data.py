"""No phone, e-mail or name of a person stands anywhere after landing, but in the vault and the closed archive."""

from __future__ import annotations

import csv
import re
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest

pytestmark = pytest.mark.slow

CLOSED = {"vault.sqlite", "archive"}  # the two places that may hold what a person is called


def canaries(workspace: Path) -> set[str]:
    """Every phone and e-mail of the CRM export, and every name long enough not to be part of another word."""
    found: set[str] = set()
    for file, columns in (("leads.csv", ("phone", "email", "name")), ("contacts.csv", ("phone", "email", "name"))):
        with (workspace / "inbox" / "crm" / file).open(encoding="utf-8-sig", newline="") as handle:
            for row in csv.DictReader(handle):
                found |= {_plain(column, row[column]) for column in columns if len(row[column].strip()) >= 3}
    with (workspace / "inbox" / "crm" / "salespeople.csv").open(encoding="utf-8-sig", newline="") as handle:
        known = {value for row in csv.DictReader(handle) for value in row.values()}  # employees stay in clear
    return found - known


def _plain(column: str, value: str) -> str:
    """A phone as its last 11 digits, however it was typed; anything else as it is."""
    return re.sub("[^0-9]", "", value)[-11:] if column == "phone" else value.strip()


def texts_of(path: Path) -> Iterator[str]:
    """What a file says, decoded: a compressed column would hide a name from a plain search."""
    head = path.read_bytes()[:16]
    if head[:4] == b"PAR1":
        with duckdb.connect() as connection:
            rows = connection.execute("select t::varchar from read_parquet(?) as t", [str(path)]).fetchall()
        yield from (row[0] for row in rows)
    elif head.startswith(b"SQLite format 3"):
        with sqlite3.connect(f"file:{path}?mode=ro", uri=True) as connection:
            connection.text_factory = lambda raw: raw.decode("utf-8", "replace")
            for (table,) in connection.execute("select name from sqlite_master where type = 'table'").fetchall():
                for row in connection.execute(f'select * from "{table}"'):
                    yield "\x1f".join(
                        value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value) for value in row
                    )
    elif path.name == "work.duckdb":
        with duckdb.connect(str(path), read_only=True) as connection:
            tables = connection.execute(
                "select schema_name, table_name from duckdb_tables() where not internal"
            ).fetchall()
            for schema, table in tables:
                for row in connection.execute(f'select t::varchar from "{schema}"."{table}" as t').fetchall():
                    yield row[0]
    else:
        yield path.read_bytes().decode("utf-8", "replace")


RUNS = re.compile(r"(?:[0-9][ -]?){10,}[0-9]|[0-9A-Za-z.+_-]+@[0-9A-Za-z.-]+|[\u4e00-\u9fff]{3,}")


def found_in(path: Path, wanted: set[str]) -> list[str]:
    """Up to three of the wanted values that occur anywhere in the file, also inside longer digits or words."""
    lengths = sorted({len(value) for value in wanted if "@" not in value})
    found: set[str] = set()
    runs = {run for text in texts_of(path) for run in RUNS.findall(text)}
    for run in (re.sub("[ -]", "", each) if "@" not in each else each for each in runs):
        if "@" in run:
            found |= {run.strip(".")} & wanted
        else:
            found |= {run[at : at + size] for size in lengths for at in range(len(run) - size + 1)} & wanted
    return sorted(found)[:3]


def test_no_canary_is_found_outside_the_vault(demo_workspace: Path, tmp_path: Path) -> None:
    wanted = canaries(demo_workspace)
    assert len(wanted) > 1000
    assert found_in(demo_workspace / "inbox" / "crm" / "leads.csv", wanted)  # the search itself can find them
    kinds = ("@", "1", "王")
    for kind in kinds:  # a phone, an e-mail and a name, each also when it stands inside other text
        one = next(value for value in sorted(wanted) if (kind in value if kind == "@" else value.startswith(kind)))
        planted = tmp_path / f"planted{kinds.index(kind)}.txt"
        planted.write_text(f"甲{one}乙" if "@" not in one else f"({one})", encoding="utf-8")
        assert found_in(planted, wanted), one
    state = demo_workspace / ".triloop"
    files = [
        path
        for path in sorted(state.rglob("*"))
        if path.is_file() and path.stat().st_size and path.relative_to(state).parts[0] not in CLOSED
    ]
    assert any(path.suffix == ".parquet" for path in files)
    assert any(path.name == "work.duckdb" for path in files)
    assert {str(path): hits for path in files if (hits := found_in(path, wanted))} == {}


def test_the_vault_is_closed_and_holds_no_value_in_clear(demo_workspace: Path) -> None:
    vault = demo_workspace / ".triloop" / "vault.sqlite"
    assert vault.stat().st_mode & 0o077 == 0
    assert found_in(vault, canaries(demo_workspace)) == []
