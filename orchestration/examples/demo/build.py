"""Builds the demo factory, with what real exports always hold: repeated rows and rows that cannot be read."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa

from orchestration.examples.demo.export_crm import crm_files
from orchestration.examples.demo.export_erp import EXPORT_DAY, erp_files
from orchestration.examples.demo.export_other import media_tables, service_rows
from orchestration.examples.demo.fields import Factory
from orchestration.examples.demo.funnel import build_leads, build_opportunities, build_parties
from orchestration.examples.demo.market import NO_ORDER_CAMPAIGNS, build_market
from orchestration.examples.demo.money import build_invoices, build_order_costs, build_payments, build_tickets
from orchestration.examples.demo.orders import build_orders, build_production, build_shipments
from orchestration.examples.demo.touches import build_touches
from orchestration.examples.demo.writers import write_csv, write_service, write_tables

STEPS = (
    build_market, build_parties, build_leads, build_opportunities, build_touches, build_orders, build_shipments,
    build_production, build_invoices, build_payments, build_order_costs, build_tickets,
)  # fmt: skip


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


def export_all(factory: Factory) -> dict[str, Any]:
    """Every file by its path below ``inbox/``: a frame for CSV, an Arrow table for Parquet, frames for SQLite."""
    files: dict[str, Any] = {f"crm/{name}.csv": frame for name, frame in crm_files(factory).items()}
    files |= {f"erp/{name}.csv": frame for name, frame in erp_files(factory).items()}
    files |= {f"ads/{name}.parquet": table for name, table in media_tables(factory).items()}
    files["service/service.sqlite"] = service_rows(factory)
    _plant_repeats(factory, files)
    _plant_unreadable(factory, files)
    return files


def write(files: dict[str, Any], inbox: Path) -> None:
    """Write what ``export_all`` returned."""
    for name, content in files.items():
        if isinstance(content, pa.Table):
            write_tables((inbox / name).parent, {Path(name).stem: content})
        elif isinstance(content, dict):
            write_service(inbox / name, content)
        else:
            write_csv(inbox / name, content, "utf-8-sig" if name.startswith("crm/") else "gb18030")


def _plant_repeats(factory: Factory, files: dict[str, Any]) -> None:
    """Exactly repeated rows: leads, an invoice and lines, and a media row delivered in two months' files."""
    repeats = {
        "crm/leads.csv": 3,
        f"erp/发票_{EXPORT_DAY}.csv": 1,
        f"erp/发票行_{EXPORT_DAY}.csv": 2,
        f"erp/核销_{EXPORT_DAY}.csv": 1,
    }
    for name, count in repeats.items():
        frame = files[name]
        files[name] = pd.concat([frame, frame.iloc[5 : 5 + count]], ignore_index=True)
    first, second = files["ads/media_202403.parquet"], "ads/media_202404.parquet"
    files[second] = pa.concat_tables([files[second], first.slice(first.num_rows - 1, 1)])
    factory.planted["repeated_rows"] = {**repeats, second: 1}


def _plant_unreadable(factory: Factory, files: dict[str, Any]) -> None:
    """Rows that no rule can convert; each must reach quarantine under its rule, and nothing else may depend on them."""
    paid = {"收款单号": "SK99901", "收款日期": "2024/08/09", "金额": "壹万元整", "币种": "人民币"}
    cost = {"费用编号": "DF99901", "费用类型": "招待费？", "发生日期": "2024/07/01", "金额": "800.00"}
    rate = {"原币": "USD", "本位币": "CNY", "日期": "2024/07/32", "汇率": "7.1300"}
    no_day = {"lead_id": "L99901", "created_at": "2024-02-30 09:00:00", "status": "新建"}
    no_status = {"lead_id": "L99902", "created_at": "2024-05-06 10:30:00", "status": "待定？"}
    bad: list[tuple[str, dict[str, str], str]] = [
        ("crm/leads.csv", no_day, "cast:created_at"),
        ("crm/leads.csv", no_status, "value_map:status"),
        (f"erp/收款_{EXPORT_DAY}.csv", paid, "cast:amount"),
        (f"erp/订单费用_{EXPORT_DAY}.csv", cost, "value_map:kind"),
        ("erp/汇率_202407.csv", rate, "cast:rate_date"),
    ]
    planted = []
    for name, row, rule in bad:
        frame = files[name]
        filled = {column: row.get(column, "") for column in frame.columns}
        files[name] = pd.concat([frame, pd.DataFrame([filled])], ignore_index=True)
        planted.append({"file": name, "row": len(files[name]) + 1, "rule": rule})
    factory.planted["quarantined"] = planted
    factory.planted["rows"] = {
        name: content.num_rows if isinstance(content, pa.Table) else len(content)
        for name, content in files.items()
        if not isinstance(content, dict)
    } | {f"service/service.sqlite#{table}": len(rows) for table, rows in files["service/service.sqlite"].items()}
