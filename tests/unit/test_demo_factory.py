"""The factory's half of the demo, judged from its files: stock, lots, money, books, workbooks, and figures."""

from __future__ import annotations

import re
import sqlite3
from collections import defaultdict
from contextlib import closing
from datetime import date, datetime
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow.parquet as pq
import pytest
from python_calamine import CalamineWorkbook

from orchestration.examples.demo import MAPPINGS, truth, write_demo
from orchestration.lib.contract import load_contract
from tests.oracles.exact import money, rounded

YUAN = {"人民币": "CNY", "RMB": "CNY", "CNY": "CNY", "美元": "USD", "欧元": "EUR"}
UDI = re.compile(r"\(01\)(\d{14})\(11\)(\d{6})(?:\(17\)(\d{6}))?\(10\)([\w-]+?)(?:\(21\)([\w-]+))?$")


@pytest.fixture(scope="module")
def inbox(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("factory")
    write_demo(root)
    return root / "inbox"


@pytest.fixture(scope="module")
def planted() -> dict[str, Any]:
    return truth()


def erp(inbox: Path, name: str) -> pd.DataFrame:
    """A table of the ERP, repeated rows once, without the planted unreadable ones (their numbers end in 99901)."""
    files = sorted((inbox / "erp").glob(f"{name}_*.csv"))
    frames = [pd.read_csv(file, dtype=str, keep_default_na=False, encoding="gb18030") for file in files]
    rows = pd.concat(frames, ignore_index=True).drop_duplicates()
    return rows[~rows.iloc[:, 0].str.endswith("99901")].reset_index(drop=True)


def service(inbox: Path, table: str) -> pd.DataFrame:
    with closing(sqlite3.connect(inbox / "service" / "service.sqlite")) as connection:
        return pd.read_sql_query(f"select * from {table}", connection)


def sheet(inbox: Path, file: str, name: str | None = None) -> list[list[Any]]:
    book = CalamineWorkbook.from_path(str(inbox / "office" / file))
    return book.get_sheet_by_name(name or book.sheet_names[0]).to_python(skip_empty_area=False)


class Rates:
    """CNY at the rate of the day or the last before it, to the cent."""

    def __init__(self, inbox: Path) -> None:
        rows = erp(inbox, "汇率")
        rows = rows[rows["日期"] != "2024/07/32"]
        self.days: dict[str, list[tuple[str, Decimal]]] = {
            str(name): sorted(zip(group["日期"], group["汇率"].map(Decimal), strict=True))
            for name, group in rows.groupby("原币")
        }

    def cny(self, amount: Decimal, currency: str, day: str) -> Decimal:
        if currency == "CNY":
            return amount
        return rounded(amount * [rate for on, rate in self.days[currency] if on <= day][-1])


# ---- goods ---------------------------------------------------------------------------------------------------------


def test_finished_goods_are_what_was_made_less_what_left(inbox: Path) -> None:
    made = service(inbox, "production_orders").dropna(subset=["finished_at"])
    made = made[made["finished_at"] != ""]
    lines = erp(inbox, "发货行").merge(erp(inbox, "发货")[["发货单号", "发货时间"]], on="发货单号")
    stock = erp(inbox, "库存")
    stock = stock[stock["库存类型"] == "产成品"]
    own = set(made["product"])
    assert len(own) == 18, "two products are bought in"
    for end in ("2024/03/31", "2024/12/31", "2025/12/31"):
        produced = (
            made[made["finished_at"].str[:10].str.replace("-", "/") <= end].groupby("product")["qty_finished"].sum()
        )
        left = lines[lines["发货时间"].str[:10] <= end].groupby("产品编码")["数量"].apply(lambda q: q.astype(int).sum())
        expected = produced.subtract(left, fill_value=0).reindex(sorted(own)).fillna(0).astype(int)
        listed = stock[stock["盘点日"] == end].groupby("产品编码")["数量"].apply(lambda q: q.astype(int).sum())
        assert expected.to_dict() == listed.reindex(sorted(own), fill_value=0).to_dict(), end


def test_every_unit_carries_a_label_that_agrees_with_its_lot(inbox: Path) -> None:
    lines, product = erp(inbox, "发货行"), erp(inbox, "产品").set_index("产品编码")
    made = service(inbox, "production_orders").set_index("lot_no")["finished_at"]
    serials = lines[lines["序列号"] != ""]
    assert set(serials["数量"]) == {"1"}
    assert serials["序列号"].is_unique
    assert set(lines.loc[lines["序列号"] == "", "产品编码"].map(product["系列"])) == {"耗材", "家用"}
    for row in lines.itertuples():
        device, day, expiry, lot, serial = UDI.match(row.UDI).groups()  # type: ignore[union-attr]
        assert (device, lot, serial or "") == (product.at[row.产品编码, "UDI-DI"], row.批号, row.序列号)
        weights = [3, 1] * 7
        assert sum(int(digit) * weight for digit, weight in zip(device, weights, strict=True)) % 10 == 0
        assert lot not in made.index or made[lot][2:10].replace("-", "") == day
        assert (expiry is not None) == (product.at[row.产品编码, "系列"] == "耗材")
        assert expiry is None or int(expiry[:2]) - int(day[:2]) in {2, 3}


def test_lots_are_shared_and_traced_to_complaints(inbox: Path, planted: dict[str, Any]) -> None:
    lines, family = erp(inbox, "发货行"), erp(inbox, "产品").set_index("产品编码")["系列"]
    consumable = lines[lines["产品编码"].map(family) == "耗材"]
    assert consumable.groupby("批号")["单号"].nunique().max() > 5
    made = service(inbox, "production_orders")
    to_order = made[made["order_no"] != ""].set_index("lot_no")
    ordered = lines[lines["批号"].isin(to_order.index)].drop_duplicates(["批号", "单号", "行号"])
    assert len(to_order) > 50
    assert ordered["批号"].is_unique, "a lot made to order goes to its own order line"
    checks = service(inbox, "inspections")
    assert (checks["qty_inspected"] == checks[["qty_passed", "qty_reworked", "qty_rejected"]].sum(axis=1)).all()
    bad = planted["bad_lot"]
    final = checks[(checks["kind"] == "成品检验") & (checks["qty_inspected"] >= 50)].set_index("lot_no")
    assert (final["qty_passed"] / final["qty_inspected"]).idxmin() == bad
    tickets = service(inbox, "service_tickets")
    assert tickets[tickets["kind"] == "投诉"]["lot_no"].value_counts().idxmax() == bad
    assert bad in set(tickets[tickets["kind"] == "不良事件"]["lot_no"])


# ---- money ---------------------------------------------------------------------------------------------------------


def test_payments_come_in_all_the_ways_they_do(inbox: Path, planted: dict[str, Any]) -> None:
    payment, allocation = erp(inbox, "收款").set_index("收款单号"), erp(inbox, "核销")
    invoice = erp(inbox, "发票").set_index("发票号")
    paid, invoiced = allocation["收款单号"].map(payment["收款日期"]), allocation["发票号"].map(invoice["开票日期"])
    assert (allocation.groupby("收款单号")["发票号"].nunique() > 1).sum() >= 5, "one payment for several invoices"
    assert (allocation.groupby("发票号")["收款单号"].nunique() > 1).sum() >= 20, "an invoice paid in parts"
    assert (paid < invoiced).sum() >= 20, "advances"
    due = allocation["发票号"].map(invoice["到期日"])
    assert (paid > due).sum() >= 50, "late payments"
    amounts = payment["金额"].map(money)
    refunds = amounts[amounts < 0]
    assert len(refunds) > 0
    assert set(allocation[allocation["收款单号"].isin(refunds.index)]["发票号"].str[:2]) == {"HZ"}
    matched = allocation.assign(amount=allocation["核销金额"].map(money)).groupby("收款单号")["amount"].sum()
    assert (matched == amounts.reindex(matched.index)).all()
    assert len(payment) - len(matched) == 2, "money on account"
    gross = invoice["不含税金额"].map(money) + invoice["税额"].map(money)
    settled = allocation.assign(amount=allocation["核销金额"].map(money)).groupby("发票号")["amount"].sum()
    assert (settled.abs() <= gross.reindex(settled.index)).all()
    assert not set(planted["bad_debts"]) & set(settled.index)
    assert {"CNY", "USD", "EUR"} == {YUAN.get(code, code) for code in payment["币种"]}


def test_the_books_are_the_documents_but_for_what_is_known(inbox: Path, planted: dict[str, Any]) -> None:
    rates, books = Rates(inbox), erp(inbox, "科目余额")
    invoice = erp(inbox, "发票").set_index("发票号")
    own: dict[tuple[str, str], Decimal] = defaultdict(Decimal)
    for row in invoice.itertuples():
        valued = invoice.at[row.冲销发票, "开票日期"] if row.冲销发票 else row.开票日期
        sign = -1 if row.发票类型 == "红字发票" else 1
        amount = rates.cny(money(row.不含税金额), YUAN.get(row.币种, row.币种), valued)
        own["6001", row.开票日期[:7].replace("/", "-")] += sign * amount
    media = pd.concat([pq.read_table(file).to_pandas() for file in sorted((inbox / "ads").glob("*.parquet"))])
    for row in media.drop_duplicates().itertuples():
        own["660107", f"{row.date:%Y-%m}"] += rates.cny(row.cost_net, row.currency, f"{row.date:%Y/%m/%d}")
    for row in {tuple(row) for row in sheet(inbox, "市场费用台账.xlsx", "费用")[4:]}:
        if row[0] in {"合计", "待核-1"}:
            continue
        day = row[5] if isinstance(row[5], date) else row[5].date()
        amount = money(row[8]) if isinstance(row[8], str) else Decimal(repr(float(row[8])))
        # VAT that is not reclaimed is expense, what a fund paid of the bill is not
        lost, subsidy = 1 - Decimal(row[12] or 1), Decimal(repr(float(row[13] or 0)))
        amount += (Decimal(repr(float(row[9] or 0))) * lost).quantize(Decimal("0.01"), ROUND_HALF_UP) - subsidy
        own["660107", f"{day:%Y-%m}"] += rates.cny(amount, YUAN[row[10]], f"{day:%Y/%m/%d}")
    booked = {
        (row.科目编码, row.会计期间): money(row.本期贷方 if row.科目编码 == "6001" else row.本期借方)
        for row in books[books["科目编码"].isin(["6001", "660107"])].itertuples()
    }
    code = {"revenue": "6001", "marketing_expense": "660107"}
    known = {
        (code[one["account"]], one["month"][:7]): Decimal(str(one["amount"])) for one in planted["ledger_differences"]
    }
    assert {key: amount - own[key] for key, amount in booked.items() if amount != own[key]} == known
    assert all(abs(known[key]) < booked[key] * Decimal("0.005") for key in known)


# ---- workbooks -----------------------------------------------------------------------------------------------------


def test_workbooks_have_title_blank_row_header_and_sums(inbox: Path, planted: dict[str, Any]) -> None:
    names = sorted(path.name for path in (inbox / "office").glob("*.xlsx"))
    reports = [name for name in names if name.startswith("经销商月报_")]
    assert set(names) - set(reports) == {"产能.xlsx", "工时.xlsx", "市场费用台账.xlsx"}
    assert len(reports) >= 22
    assert "经销商月报_202512.xlsx" not in reports, "the month of the export is not reported yet"
    for name, tab in [
        ("产能.xlsx", "产能"),
        ("工时.xlsx", "2024年"),
        ("市场费用台账.xlsx", "费用"),
        (reports[5], "月报"),
    ]:
        rows = sheet(inbox, name, tab)
        filled = [sum(cell != "" for cell in row) for row in rows[:4]]
        assert filled[:3] == [1, 1, 0], name
        assert filled[3] == len(rows[3])
        assert "合计" in [row[0] for row in rows[-2:]]
    hours = sheet(inbox, "工时.xlsx", "2025年")
    assert hours[-1][9] == sum(row[9] for row in hours[4:-1])
    for fault in planted["quarantined"]:
        file = Path(str(fault["file"]))
        if file.suffix == ".xlsx":
            tab = {"工时.xlsx": "2024年", "市场费用台账.xlsx": "费用"}.get(file.name, "月报")
            row = sheet(inbox, file.name, tab)[int(fault["row"]) - 1]
            assert {"待定", "半天", "缺货"} & {cell for cell in row if isinstance(cell, str)}, fault


def test_sell_out_follows_sell_in(inbox: Path) -> None:
    bought: dict[tuple[str, str], int] = defaultdict(int)
    sold: dict[tuple[str, str], int] = defaultdict(int)
    first_in: dict[tuple[str, str], str] = {}
    for path in sorted((inbox / "office").glob("经销商月报_*.xlsx")):
        for row in sheet(inbox, path.name, "月报")[4:-1]:
            if row[0] == "待核-1":
                continue
            key, month = (row[0], row[3]), row[2]
            assert month.replace("-", "") == path.stem[-6:]
            if row[5]:
                first_in.setdefault(key, month)
            assert not row[6] or first_in[key] < month, "nothing is sold on in the month it arrives first"
            bought[key], sold[key] = bought[key] + int(row[5]), sold[key] + int(row[6])
            assert row[8] == bought[key] - sold[key] >= 0
    assert 0.6 < sum(sold.values()) / sum(bought.values()) < 1


def test_the_erp_writes_characters_that_only_gb18030_has(inbox: Path) -> None:
    octets = (inbox / "erp" / "发货_20251231.csv").read_bytes()
    assert "䶮" in octets.decode("gb18030")
    with pytest.raises(UnicodeDecodeError):
        octets.decode("gbk")


# ---- whole ---------------------------------------------------------------------------------------------------------


def test_every_entity_of_the_contract_is_fed() -> None:
    fed = set()
    for path in MAPPINGS.glob("*.yml"):
        text = path.read_text(encoding="utf-8")
        fed |= {name for name in load_contract().entities if re.search(rf"^      {name}:$", text, re.MULTILINE)}
        assert "\nowner: " in text, path.name
        assert "\nfreshness: " in text, path.name
    assert fed == set(load_contract().entities)


def test_figures_are_those_of_a_small_maker_of_devices(inbox: Path) -> None:
    order = erp(inbox, "订单").set_index("单号")
    real = order[
        (order["单据类型"] == "销售订单") & order["状态"].isin(["已确认", "已关闭"])
        & (order[["样品", "测试", "内部往来"]] == "否").all(axis=1)
    ]  # fmt: skip
    line = erp(inbox, "订单行")
    line = line[line["单号"].isin(real.index) & (line["承诺交期"] <= "2025/12/31")]
    shipped = erp(inbox, "发货行").merge(erp(inbox, "发货")[["发货单号", "发货时间"]], on="发货单号")
    shipped["key"] = shipped["单号"] + "-" + shipped["行号"]
    last = shipped.groupby("key")["发货时间"].max().str[:10]
    left = shipped.groupby("key")["数量"].apply(lambda q: q.astype(int).sum())
    keys = (line["单号"] + "-" + line["行号"]).to_numpy()
    whole = left.reindex(keys).fillna(0).to_numpy() >= line["数量"].astype(int).to_numpy()
    in_time = whole & (last.reindex(keys).fillna("9").to_numpy() <= line["承诺交期"].to_numpy())
    assert 280 < len(order) < 340
    assert 0.80 < in_time.mean() < 0.92

    books = erp(inbox, "科目余额")
    total = {
        code: sum((money(text) for text in rows["本期借方" if code != "6001" else "本期贷方"]), Decimal(0))
        for code, rows in books.groupby("科目编码")
    }
    assert 80_000_000 < total["6001"] < 160_000_000
    assert Decimal("0.45") < 1 - total["6401"] / total["6001"] < Decimal("0.65")
    assert Decimal("0.03") < total["660107"] / total["6001"] < Decimal("0.065")
    made = service(inbox, "production_orders")
    done = made[made["qty_finished"] > 0]
    assert 0.01 < done["qty_scrapped"].sum() / done["qty_planned"].sum() < 0.03
    checks = service(inbox, "inspections")
    by_step = checks.groupby("step")[["qty_passed", "qty_inspected"]].sum()
    assert (by_step["qty_passed"] / by_step["qty_inspected"]).between(0.93, 0.998).all()
    back = service(inbox, "returns")["qty"].sum() / shipped["数量"].astype(int).sum()
    assert 0.005 < back < 0.02

    payment, allocation = erp(inbox, "收款").set_index("收款单号"), erp(inbox, "核销")
    invoice = erp(inbox, "发票").set_index("发票号")
    weight = days = 0.0
    for row in allocation.itertuples():
        if payment.at[row.收款单号, "币种"] == "人民币":
            paid = datetime.strptime(payment.at[row.收款单号, "收款日期"], "%Y/%m/%d")
            amount = float(money(row.核销金额))
            weight += amount
            days += amount * (paid - datetime.strptime(invoice.at[row.发票号, "开票日期"], "%Y/%m/%d")).days
    assert 45 < days / weight < 80
