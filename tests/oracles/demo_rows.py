"""The demo's raw rows with where each stands: what the oracles of the marts compare lineage with."""

from __future__ import annotations

import csv
import hashlib
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal, InvalidOperation
from functools import cache, cached_property
from pathlib import Path
from typing import Any

import openpyxl
import pandas as pd
import pyarrow.parquet as pq

from tests.oracles.demo_codes import CRM, ERP, Parser, currency, iso_day, month
from tests.oracles.exact import money, rounded

Row = dict[str, Any]
LINEAGE = ["source_system", "source_object", "source_file", "source_row", "source_sha256"]
NO_LINEAGE: Row = dict.fromkeys(LINEAGE)
EIGHT_HOURS = timedelta(hours=8)
FUNCTIONAL = "CNY"


def utc(local: datetime | None) -> datetime | None:
    """A moment of Shanghai, which knows no summer time, in UTC."""
    return None if local is None else local - EIGHT_HOURS


def lineage(row: Mapping[str, Any] | None) -> Row:
    """The five columns that say where a row stands; all NULL for none."""
    return dict(NO_LINEAGE) if row is None else {name: row[name] for name in LINEAGE}


def ref(system: str, number: str | None) -> str | None:
    """A number with the system that gave it."""
    return f"{system}:{number}" if number else None


def crm(number: str | None) -> str | None:
    """A number of the CRM."""
    return ref("crm", number)


def erp(number: str | None) -> str | None:
    """A number of the ERP."""
    return ref("erp", number)


def frame(rows: list[Row]) -> pd.DataFrame:
    """Rows as they are: no column is made a number or a time."""
    return pd.DataFrame(rows, dtype=object)


class DemoRows:
    """Every raw table of market and sales: readable rows, each record once; empty cells are None."""

    def __init__(self, workspace: Path) -> None:
        self.inbox = workspace / "inbox"

    # ---- formats ---------------------------------------------------------------------------------------------------
    def _standing(self, path: Path, source: str, table: str, rows: Iterable[tuple[int, Row]]) -> list[Row]:
        sha256 = hashlib.sha256(path.read_bytes()).hexdigest()
        file = f"inbox/{path.relative_to(self.inbox).as_posix()}"
        place = {"source_system": source, "source_object": table, "source_file": file, "source_sha256": sha256}
        return [{**{name: _text(cell) for name, cell in row.items()}, **place, "source_row": no} for no, row in rows]

    def _csv(self, source: str, table: str, pattern: str, encoding: str) -> list[Row]:
        found = []
        for path in sorted((self.inbox / source).glob(pattern)):
            with path.open(encoding=encoding, newline="") as file:
                # the header is row 1
                found += self._standing(path, source, table, enumerate(csv.DictReader(file), start=2))
        return found

    def _excel(self, table: str, pattern: str, sheet: str, first: str) -> list[Row]:
        """Below the header, which begins with ``first``; numbered as the program shows them; without the total."""
        found = []
        for path in sorted((self.inbox / "office").glob(pattern)):
            book = openpyxl.load_workbook(path, data_only=True)
            cells = [[_cell(cell) for cell in row] for row in book[sheet].iter_rows(values_only=True)]
            head = next(number for number, row in enumerate(cells) if row[0] == first)
            below = [
                (number, dict(zip(cells[head], row, strict=True)))
                for number, row in enumerate(cells[head + 1 :], start=head + 2)
                if any(row) and row[0] != "合计"
            ]
            found += self._standing(path, "office", table, below)
        return found

    # ---- tables of the CRM -----------------------------------------------------------------------------------------
    @cache  # noqa: B019 - one object per test module
    def crm(self, name: str) -> list[Row]:
        """A table of the CRM whose cells are read."""
        keys, checks = CRM[name]
        return _once(self._csv("crm", name, f"{name}.csv", "utf-8-sig"), keys, checks)

    @cache  # noqa: B019
    def erp(self, table: str, name: str) -> list[Row]:
        """A table of the ERP, by the name of its object and of its files."""
        keys, checks = ERP[name]
        return _once(self._csv("erp", table, f"{name}_*.csv", "gb18030"), keys, checks)

    # ---- workbooks -------------------------------------------------------------------------------------------------
    @cached_property
    def register(self) -> list[Row]:
        """Costs of marketing that finance writes down."""
        days = dict.fromkeys(("付款日期", "服务开始", "服务结束"), iso_day)
        sums = dict.fromkeys(("不含税金额", "税额", "可抵扣比例", "补贴", "计划展次"), money)
        checks = {**days, **sums, "币种": currency}
        return _once(self._excel("marketing_costs", "市场费用台账.xlsx", "费用", "单据号"), ["单据号"], checks)

    @cached_property
    def hours(self) -> list[Row]:
        """Hours of both years."""
        checks = {"日期": iso_day, "工时": money}
        years = [self._excel(f"hours_{year}", "工时.xlsx", f"{year}年", "编号") for year in (2024, 2025)]
        return [row for rows in years for row in _once(rows, ["编号"], checks)]

    @cached_property
    def reports(self) -> list[Row]:
        """Monthly reports of the distributors."""
        checks = {"月份": month, "本月销售": money, "销售金额": money}
        rows = self._excel("distributor_reports", "经销商月报_*.xlsx", "月报", "经销商编码")
        return _once(rows, ["经销商编码", "月份", "产品编码"], checks)

    # ---- media -----------------------------------------------------------------------------------------------------
    @cached_property
    def media(self) -> list[Row]:
        """Daily costs of media; a source and medium are the same however they are written."""
        found = []
        for path in sorted((self.inbox / "ads").glob("media_*.parquet")):
            rows = enumerate(pq.read_table(path).to_pylist(), start=1)
            found += self._standing(path, "ads", "media", rows)
        for row in found:
            for name in ("utm_source", "utm_medium"):
                row[name] = row[name].strip().lower()
        return _once(found, ["date", "utm_source", "utm_campaign", "placement"], {})

    # ---- rates -----------------------------------------------------------------------------------------------------
    @cached_property
    def _rates(self) -> dict[tuple[str, date], tuple[Decimal, str]]:
        return {
            (row["原币"], row["日期"]): (row["汇率"], f"erp:{row['原币']}-{row['日期']:%Y/%m/%d}")
            for row in self.erp("exchange_rates", "汇率")
        }

    def rate(self, currency: str, on: date, max_age: int = 7) -> tuple[Decimal, str | None]:
        """The rate into CNY and its row: of that day, else the newest of a week before."""
        if currency == FUNCTIONAL:
            return Decimal(1), None
        for age in range(max_age + 1):
            found = self._rates.get((currency, on - timedelta(days=age)))
            if found:
                return found
        raise AssertionError(f"no {currency} rate near {on}")

    def valued(self, currency: str, on: date, **amounts: Decimal | None) -> Row:
        """Rate, its row, and each amount in CNY to the cent."""
        rate, rate_id = self.rate(currency, on)
        inside = {name: None if amount is None else rounded(amount * rate) for name, amount in amounts.items()}
        return {"rate": rate, "rate_id": rate_id, "has_rate": True, **inside}


def _cell(cell: object) -> object:
    """A cell of a workbook as text: days as such, numbers in the shortest decimals that stand for them."""
    if isinstance(cell, datetime):
        return cell.date().isoformat()
    return format(Decimal(repr(cell)).normalize(), "f") if isinstance(cell, int | float) else cell


def _text(cell: object) -> object:
    """Text without blanks around it; None for empty. What is not text stays."""
    return (cell.strip() or None) if isinstance(cell, str) else cell


def _once(rows: list[Row], keys: Sequence[str], checks: Mapping[str, Parser]) -> list[Row]:
    """Each record once - of equal rows the first, of unlike ones the last - then those whose cells are readable."""
    latest: dict[tuple[object, ...], Row] = {}
    for row in rows:
        key = tuple(row[name] for name in keys)
        known = latest.get(key)
        if known is None or _content(known) != _content(row):
            latest[key] = row
    return [read for row in latest.values() if (read := _read(row, checks)) is not None]


def _content(row: Row) -> Row:
    return {name: cell for name, cell in row.items() if name not in LINEAGE}


def _read(row: Row, checks: Mapping[str, Parser]) -> Row | None:
    try:
        return row | {name: None if row[name] is None else parse(row[name]) for name, parse in checks.items()}
    except (ValueError, InvalidOperation):
        return None
