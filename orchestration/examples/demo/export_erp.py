"""The ERP's side of the export: Chinese headers, amounts with thousands separators, red documents without a sign."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd

from orchestration.examples.demo.export_books import DAY_TEXT, book_tables, rates_by_month
from orchestration.examples.demo.fields import EXPORT_DAY, Factory, half_up, moment_text, money_text

MINUTE = "%Y/%m/%d %H:%M"
CLASSES = {"I": "一类", "II": "二类", "III": "三类"}


def erp_files(factory: Factory) -> Iterator[tuple[str, pd.DataFrame]]:
    """Name below ``erp/`` and rows of each file."""
    for part in (_parties, _orders, _shipments, _invoices, _payments, book_tables):
        for name, frame in part(factory):
            yield f"{name}_{EXPORT_DAY}.csv", frame
    yield from rates_by_month(factory)


def _money(fen: np.ndarray | pd.Series) -> pd.Series:
    return money_text(fen, thousands=True)


def _percent(whole: np.ndarray | pd.Series) -> pd.Series:
    return money_text(whole)


def _hours(minutes: pd.Series) -> pd.Series:
    return money_text(half_up(minutes.to_numpy() * 10_000, 60), places=4)


def _currency(frame: pd.DataFrame, *, mixed: bool = False) -> np.ndarray:
    """The ERP prints 人民币; where clerks type the currency, one in nine writes RMB."""
    code = frame["currency"].to_numpy(dtype=object)
    chinese = np.where(np.arange(len(frame)) % 9 == 4, "RMB", "人民币") if mixed else "人民币"
    return np.where(code == "CNY", chinese, code)


def _parties(factory: Factory) -> Iterator[tuple[str, pd.DataFrame]]:
    customer, product, distributor = factory["customer"], factory["product"], factory["distributor"]
    yield (
        "客户",
        pd.DataFrame(
            {
                "客户编码": customer["customer"],
                "客户名称": customer["name"],
                "统一社会信用代码": customer["tax_id"],
                "客户类型": customer["kind"],
                "客户分类": customer["segment"],
                "区域": customer["region"],
                "所属集团": customer["group"],
                "所属经销商": customer["agent"],
                "建档日期": moment_text(customer["created"], DAY_TEXT),
            }
        ),
    )
    yield (
        "经销商",
        pd.DataFrame(
            {
                "经销商编码": distributor["distributor"],
                "经销商名称": distributor["name"],
                "区域": distributor["region"],
                "级别": distributor["level"],
                "上级": distributor["parent"],
                "合同开始": moment_text(distributor["contract_from"], DAY_TEXT),
                "合同结束": moment_text(distributor["contract_to"], DAY_TEXT),
            }
        ),
    )
    yield (
        "产品",
        pd.DataFrame(
            {
                "产品编码": product["product"],
                "产品名称": product["name"],
                "系列": product["family"],
                "管理类别": product["device_class"].map(CLASSES),
                "UDI-DI": product["udi_di"],
                "单位": product["unit"],
                "目录价": _money(product["list_price"]),
                "标准成本": _money(product["standard_cost"]),
                # a product that is bought in has no routing
                "工作中心": np.where(product["bought"], "", product["work_centre"]),
                "标准工时": np.where(product["bought"], "", _hours(product["minutes"])),
            }
        ),
    )


def _orders(factory: Factory) -> Iterator[tuple[str, pd.DataFrame]]:
    order, line = factory["order"], factory["order_line"]
    yield (
        "订单",
        pd.DataFrame(
            {
                "单号": order["order"],
                "单据类型": order["kind"],
                "客户编码": order["customer"],
                "商机号": order["opportunity"],
                "报价单号": order["quote"],
                "市场活动": order["campaign"],
                "业务员": order["owner"],
                "经销商": order["agent"],
                "下单时间": moment_text(order["ordered"], MINUTE),
                "确认时间": moment_text(order["confirmed"], MINUTE),
                "币种": _currency(order, mixed=True),
                "状态": order["status"],
                "样品": order["sample"],
                "内部往来": order["internal"],
                "测试": order["test"],
            }
        ),
    )
    yield (
        "订单行",
        pd.DataFrame(
            {
                "单号": line["order"],
                "行号": line["line"].astype(str),
                "产品编码": line["product"],
                "承诺交期": moment_text(line["promised"], DAY_TEXT),
                "变更交期": moment_text(line["revised"], DAY_TEXT),
                "数量": line["quantity"].astype(str),
                "目录价": _money(line["list_price"]),
                "折扣率": _percent(line["percent"]),
                "单价": _money(line["unit_price"]),
                "税率": _percent(line["tax_percent"]),
                "不含税金额": _money(line["net"]),
                "税额": _money(line["tax"]),
            }
        ),
    )
    cost = factory["order_cost"]
    yield (
        "订单费用",
        pd.DataFrame(
            {
                "费用编号": cost["cost"],
                "凭证号": cost["document"],
                "单号": cost["order"],
                "费用类型": cost["kind"],
                "发生日期": moment_text(cost["day"], DAY_TEXT),
                "金额": _money(cost["amount"]),
            }
        ),
    )


def _shipments(factory: Factory) -> Iterator[tuple[str, pd.DataFrame]]:
    shipment, shipped = factory["shipment"], factory["shipment_line"]
    yield (
        "发货",
        pd.DataFrame(
            {
                "发货单号": shipment["shipment"],
                "单号": shipment["order"],
                "发货时间": moment_text(shipment["shipped"], MINUTE),
                "签收时间": moment_text(shipment["delivered"], MINUTE),
                "承运商": shipment["carrier"],
                # the forwarder bills sea freight later; it stands among the costs of the order
                "运费": np.where(shipment["by_sea"], "", _money(shipment["freight"])),
            }
        ),
    )
    yield (
        "发货行",
        pd.DataFrame(
            {
                "发货单号": shipped["shipment"],
                "序号": shipped["sequence"].astype(str),
                "单号": shipped["order"],
                "行号": shipped["line"].astype(str),
                "产品编码": shipped["product"],
                "批号": shipped["lot"],
                "序列号": shipped["serial"],
                "UDI": shipped["udi_pi"],
                "数量": shipped["quantity"].astype(str),
            }
        ),
    )


def _invoices(factory: Factory) -> Iterator[tuple[str, pd.DataFrame]]:
    invoice, line = factory["invoice"], factory["invoice_line"]
    yield (
        "发票",
        pd.DataFrame(
            {
                "发票号": invoice["invoice"],
                "发票类型": invoice["kind"],
                "单号": invoice["order"],
                "客户编码": invoice["customer"],
                "开票日期": moment_text(invoice["invoiced"], DAY_TEXT),
                "到期日": moment_text(invoice["due"], DAY_TEXT),
                "不含税金额": _money(invoice["net"]),
                "税额": _money(invoice["tax"]),
                "币种": _currency(invoice),
                "冲销发票": invoice["reverses"],
            }
        ),
    )
    red = line["reverses"].fillna("") != ""
    yield (
        "发票行",
        pd.DataFrame(
            {
                "发票号": line["invoice"],
                "行号": line["number"].astype(str),
                "发票类型": np.where(red, "红字发票", "蓝字发票"),
                "单号": line["order"],
                "订单行号": line["line"].astype(str),
                "产品编码": line["product"],
                "数量": line["quantity"].astype(str),
                "不含税金额": _money(line["net"]),
                "税额": _money(line["tax"]),
                "成本": np.where(line["cost"] >= 0, _money(line["cost"]), ""),
            }
        ),
    )


def _payments(factory: Factory) -> Iterator[tuple[str, pd.DataFrame]]:
    payment, allocation = factory["payment"], factory["allocation"]
    yield (
        "收款",
        pd.DataFrame(
            {
                "收款单号": payment["payment"],
                "银行流水号": payment["reference"],
                "客户编码": payment["customer"],
                "收款日期": moment_text(payment["paid"], DAY_TEXT),
                "金额": _money(payment["amount"]),
                "币种": _currency(payment),
                "方式": payment["method"],
            }
        ),
    )
    yield (
        "核销",
        pd.DataFrame(
            {
                "核销号": allocation["allocation"],
                "收款单号": allocation["payment"],
                "发票号": allocation["invoice"],
                "核销金额": _money(allocation["amount"]),
            }
        ),
    )
