"""Builds the demo factory, with what real exports always hold: repeated rows and rows that cannot be read."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pandas as pd

from orchestration.examples.demo import loops
from orchestration.examples.demo.activity import build_activity, build_stages
from orchestration.examples.demo.export_crm import crm_files, media_files
from orchestration.examples.demo.fields import EXPORT_DAY, Factory
from orchestration.examples.demo.funnel import build_leads
from orchestration.examples.demo.market import NO_ORDER_CAMPAIGNS, build_market
from orchestration.examples.demo.parties import build_parties
from orchestration.examples.demo.pipeline import build_opportunities
from orchestration.examples.demo.quotes import build_quotes
from orchestration.examples.demo.records import build_customers, build_records
from orchestration.examples.demo.spend import build_spend
from orchestration.examples.demo.touches import build_touches
from orchestration.examples.demo.writers import Content, row_counts, write

STEPS = (
    build_market, build_spend, build_parties, build_leads, build_touches, build_opportunities, build_customers,
    build_stages, build_quotes, build_records, build_activity, *loops.STEPS,
)  # fmt: skip

REPEATS = {
    "crm/leads.csv": 3,
    f"erp/发票_{EXPORT_DAY}.csv": 1,
    f"erp/发票行_{EXPORT_DAY}.csv": 2,
    f"erp/核销_{EXPORT_DAY}.csv": 1,
}
"""How many rows of a file stand in it twice, exactly."""
_NO_DAY = {"lead_id": "L99901", "created_at": "2024-02-30 09:00:00", "status": "新建"}
_NO_STATUS = {"lead_id": "L99902", "created_at": "2024-05-06 10:30:00", "status": "待定？"}
_NO_PRICE = {"quote_id": "BJ99901", "version": "1", "quoted_at": "2024-06-03 10:00:00", "net_amount": "面议"}
_NO_SORT = {"activity_id": "HD999901", "kind": "钉钉？", "happened_at": "2024-06-04 11:20:00"}
_NO_AMOUNT = {"收款单号": "SK99901", "收款日期": "2024/08/09", "金额": "壹万元整", "币种": "人民币"}
_NO_KIND = {"费用编号": "DF99901", "费用类型": "招待费？", "发生日期": "2024/07/01", "金额": "800.00"}
_NO_SUCH_DAY = {"原币": "USD", "本位币": "CNY", "日期": "2024/07/32", "汇率": "7.1300"}
UNREADABLE: tuple[tuple[str, dict[str, str], str], ...] = (
    ("crm/leads.csv", _NO_DAY, "cast:created_at"),
    ("crm/leads.csv", _NO_STATUS, "value_map:status"),
    ("crm/quotes.csv", _NO_PRICE, "cast:amount"),
    ("crm/interactions.csv", _NO_SORT, "value_map:kind"),
    (f"erp/收款_{EXPORT_DAY}.csv", _NO_AMOUNT, "cast:amount"),
    (f"erp/订单费用_{EXPORT_DAY}.csv", _NO_KIND, "value_map:kind"),
    ("erp/汇率_202407.csv", _NO_SUCH_DAY, "cast:rate_date"),
)
"""Rows that no rule can convert: file, the columns that are filled, and the rule that puts the row in quarantine."""


def build(scale: int, seed: int) -> Factory:
    """The factory's frames. Same scale and seed, same frames."""
    if scale < 1:
        raise ValueError(f"scale must be at least 1, not {scale}")
    factory = Factory(scale, seed)
    for step in STEPS:
        step(factory)
    factory.planted["campaigns_without_orders"] = list(NO_ORDER_CAMPAIGNS)
    factory.planted["test_leads"] = factory["lead"].loc[factory["lead"]["status"] == "测试", "lead"].tolist()
    factory.planted["invalid_leads"] = factory["lead"].loc[factory["lead"]["status"] == "无效", "lead"].tolist()
    factory.planted["leads_without_channel"] = factory["lead"].loc[factory["lead"]["channel"] == "", "lead"].tolist()
    return factory


def exports(factory: Factory) -> Iterator[tuple[str, Content]]:
    """Every file by its path below ``inbox/``, with repeated and unreadable rows in it; one at a time, to spare memory.

    What was planted, and how many rows each file has, stands in ``factory.planted`` once all have been taken.
    """
    rows: dict[str, int] = {}
    planted: list[dict[str, object]] = []
    for source in (crm_files, media_files, loops.files):
        for name, clean in source(factory):
            content = _with_faults(name, clean, planted)
            rows |= row_counts(name, content)
            yield name, content
    factory.planted["rows"] = rows
    repeated, office = dict(REPEATS), factory.planted.pop("office")
    for part in ("repeated_media", "repeated_office"):
        more = factory.planted.pop(part)
        assert isinstance(more, dict), f"{part} has no files"
        repeated |= more
    assert isinstance(office, list), "the office's faults are a list"
    factory.planted["quarantined"] = planted + office
    factory.planted["repeated_rows"] = repeated


def _with_faults(name: str, content: Content, planted: list[dict[str, object]]) -> Content:
    """The file with its repeated and its unreadable rows at the end; the latter are noted in ``planted``."""
    planned = [(row, rule) for file, row, rule in UNREADABLE if file == name]
    if name not in REPEATS and not planned:
        return content
    assert isinstance(content, pd.DataFrame), f"{name} is no CSV"
    parts = [content, content.iloc[5 : 5 + REPEATS.get(name, 0)]]
    for row, rule in planned:
        parts.append(pd.DataFrame([{column: row.get(column, "") for column in content.columns}]))
        # a spreadsheet counts from 1, and the header is its first row
        planted.append({"file": name, "row": sum(map(len, parts)) + 1, "rule": rule})
    return pd.concat(parts, ignore_index=True)


def write_all(factory: Factory, inbox: Path) -> None:
    """Write every file."""
    for name, content in exports(factory):
        write(content, inbox / name)
