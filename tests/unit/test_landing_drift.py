"""A column under another name, or gone: refused with what to write, and what is written is enough."""

from __future__ import annotations

import csv
import io
import json
import sqlite3
from collections.abc import Callable, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

import duckdb
import pytest

from orchestration.lib.errors import ConfigurationError, DataError
from orchestration.lib.mapping import load_mappings
from orchestration.lib.settings import load_settings
from tests.unit.excel_case import write_sheets
from tests.unit.landing_case import KEY
from tests.unit.test_landing_canonical import Chain

MAPPING = """\
  orders:
    {place}
    load: {load}
    key: [单号]
    feeds:
      lead:
        columns: {{lead_id: 单号, created_at: {{from: 日, formats: ["%Y-%m-%d"]}}, company: 公司,
                  phone: 手机, region: 区}}
"""
NAMES = ["单号", "日", "公司", "手机", "区"]
ROWS = [[f"S{n}", "2026-01-05", f"公司{n}", f"1380000{n:04d}", "东"] for n in range(20)]
Rows = Sequence[Sequence[str]]


def put_csv(path: Path, names: Sequence[str], rows: Rows) -> None:
    text = io.StringIO()
    csv.writer(text).writerows([names, *rows])
    path.with_suffix(".csv").write_text(text.getvalue(), encoding="utf-8")


def put_excel(path: Path, names: Sequence[str], rows: Rows) -> None:
    write_sheets(path.with_suffix(".xlsx"), {"S": [names, *rows]})


def put_lines(path: Path, names: Sequence[str], rows: Rows) -> None:
    lines = [json.dumps(dict(zip(names, row, strict=True)), ensure_ascii=False) for row in rows]
    path.with_suffix(".jsonl").write_text("\n".join(lines), encoding="utf-8")


def put_parquet(path: Path, names: Sequence[str], rows: Rows) -> None:
    put_csv(path, names, rows)
    source = path.with_suffix(".csv")
    target = path.with_suffix(".parquet")
    duckdb.sql(f"copy (from read_csv('{source}', all_varchar = true)) to '{target}' (format parquet)")
    source.unlink()


def put_table(path: Path, names: Sequence[str], rows: Rows) -> None:
    with closing(sqlite3.connect(path.parent / "d.sqlite")) as db:
        db.execute("drop table if exists o")
        columns = ", ".join(f'"{name}" text' for name in names)
        db.execute(f"create table o ({columns})")
        db.executemany("insert into o values (?, ?, ?, ?, ?)", [list(row) for row in rows])
        db.commit()


KINDS: dict[str, tuple[str, Callable[[Path, Sequence[str], Rows], None]]] = {
    "csv": ('file: "*.csv"', put_csv),
    "excel": ('file: "*.xlsx"', put_excel),
    "json lines": ('file: "*.jsonl"', put_lines),
    "parquet": ('file: "*.parquet"', put_parquet),
    "table": ("table: o", put_table),
}


class Drift(Chain):
    """A chain whose source may be a database."""

    def take(self, kind: str, extra: str = "", load: str = "upsert") -> None:
        text = MAPPING.format(place=KINDS[kind][0], load=load) + extra
        if kind == "table":
            mapping = f"source: erp\nconnection: {{type: sqlite, path: inbox/d.sqlite}}\nobjects:\n{text}"
            (self.workspace.mappings_dir / "erp.yml").write_text(mapping, encoding="utf-8")
            self.take_in()
        else:
            self.run(text)

    def take_in(self) -> None:
        from orchestration.lib.canonical import build_canonical
        from orchestration.lib.landing import land_object

        settings = load_settings(self.workspace)
        mappings = load_mappings(self.workspace, settings)
        land_object(self.workspace, settings, mappings[0], mappings[0].objects["orders"])
        build_canonical(self.workspace, settings, mappings)

    def companies(self) -> list[tuple[Any, ...]]:
        return self.query("select company, count(phone) from canonical.lead group by 1 order by 1")


@pytest.fixture
def chain(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Drift:
    monkeypatch.setenv("TRILOOP_VAULT_KEY", KEY)
    return Drift(tmp_path / "w")


@pytest.mark.parametrize("kind", list(KINDS))
def test_a_renamed_column_is_refused_and_the_proposal_mends_it(chain: Drift, kind: str) -> None:
    """The new column lands as tokens, the old one in clear, the phone as tokens of its own kind: all are compared."""
    put = KINDS[kind][1]
    put(chain.inbox / "a", NAMES, ROWS[:18])
    chain.take(kind)
    put(chain.inbox / "b", ["单号", "日", "Account", "手机号码", "区"], ROWS)
    with pytest.raises(DataError) as refusal:
        chain.take(kind)
    error = refusal.value
    assert "there is no column '手机' (nor 公司), which the mapping to lead needs" in error.message
    assert (str(error.file).rsplit("/", 1)[-1], error.line) == ("erp.yml", 11)
    hint = error.hint or ""
    assert "'公司' is gone, and 'Account' looks like it (90% of its rows hold known values)" in hint
    assert "write renamed: {Account: 公司} in the object 'orders' (erp.yml, line 4)" in hint
    assert "'手机号码' looks like it (90% of its rows hold known values and a similar name)" in hint
    assert "13800000001" not in hint
    assert len(chain.companies()) == 18  # what came before stands
    chain.take(kind, "    renamed: {Account: 公司, 手机号码: 手机}\n")
    assert chain.companies() == sorted((row[2], 1) for row in ROWS)
    chain.take(kind, "    renamed: {Account: 公司, 手机号码: 手机}\n")
    assert chain.companies() == sorted((row[2], 1) for row in ROWS)


def test_a_column_that_is_gone_without_a_likely_heir(chain: Drift) -> None:
    put_csv(chain.inbox / "a", NAMES, ROWS)
    chain.take("csv")
    put_csv(chain.inbox / "b", ["单号", "日", "zzz", "手机", "区"], [[*row[:2], "x", *row[3:]] for row in ROWS])
    with pytest.raises(DataError) as refusal:
        chain.take("csv")
    assert "correct the name in the mapping" in (refusal.value.hint or "")
    assert "{from: 公司, optional: true}" in (refusal.value.hint or "")


def test_the_key_of_an_upsert_may_be_renamed_and_the_name_taken_back(chain: Drift) -> None:
    put_csv(chain.inbox / "a", NAMES, ROWS)
    chain.take("csv")
    put_csv(chain.inbox / "b", ["订单号", *NAMES[1:]], [[ROWS[0][0], "2026-01-06", "另一家", *ROWS[0][3:]]])
    chain.take("csv", "    renamed: {订单号: 单号}\n")
    assert chain.query("select count(*), count(*) filter (company = '另一家') from canonical.lead") == [(20, 1)]
    with pytest.raises(DataError, match="订单号"):  # without it, the file is what it is: without its key
        chain.take("csv")


def test_both_names_in_one_file(chain: Drift) -> None:
    put_csv(chain.inbox / "a", [*NAMES, "客户"], [[*row, "x"] for row in ROWS])
    with pytest.raises(DataError, match="both a column '客户' and a column '公司'"):
        chain.take("csv", "    renamed: {客户: 公司}\n")


@pytest.mark.parametrize(
    ("renamed", "told"),
    [("{Account: 公事}", "reads no column '公事'"), ("{手机: 公司}", "reads '手机' under this name, too")],
)
def test_what_the_mapping_refuses(chain: Drift, renamed: str, told: str) -> None:
    put_csv(chain.inbox / "a", NAMES, ROWS)
    with pytest.raises(ConfigurationError) as refusal:
        chain.take("csv", f"    renamed: {renamed}\n")
    assert told in str(refusal.value)
    assert "erp.yml:12" in str(refusal.value)
