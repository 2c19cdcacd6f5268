"""The ERP's side of the export."""

from __future__ import annotations

import numpy as np
import pandas as pd

from orchestration.examples.demo.fields import EXPORT_DAY, Factory, moment_text, money_text


def erp_files(factory: Factory) -> dict[str, pd.DataFrame]:
    """The ERP's CSV files: Chinese headers, amounts with thousands separators, red documents without a sign."""
    return {
        **_erp_parties(factory),
        **_erp_sales(factory),
        **_erp_money(factory),
        **{f"汇率_{month}": frame for month, frame in _rates_by_month(factory)},
    }


def _erp_parties(factory: Factory) -> dict[str, pd.DataFrame]:
    customer, product, distributor = factory["customer"], factory["product"], factory["distributor"]
    return {
        f"客户_{EXPORT_DAY}": pd.DataFrame(
            {
                "客户编码": customer["customer"],
                "客户名称": customer["name"],
                "统一社会信用代码": customer["tax_id"],
                "客户类型": customer["kind"],
                "区域": customer["region"],
                "所属经销商": customer["agent"],
                "建档日期": moment_text(customer["created"], "%Y/%m/%d"),
            }
        ),
        f"经销商_{EXPORT_DAY}": pd.DataFrame(
            {
                "经销商编码": distributor["distributor"],
                "经销商名称": distributor["name"],
                "区域": distributor["region"],
                "级别": distributor["level"],
                "上级": distributor["parent"],
            }
        ),
        f"产品_{EXPORT_DAY}": pd.DataFrame(
            {
                "产品编码": product["product"],
                "产品名称": product["name"],
                "系列": product["family"],
                "管理类别": product["device_class"].map({"I": "一类", "II": "二类", "III": "三类"}),
                "目录价": money_text(product["list_price"], thousands=True),
                "标准成本": money_text(product["standard_cost"], thousands=True),
            }
        ),
    }


def _erp_sales(factory: Factory) -> dict[str, pd.DataFrame]:
    order, line = factory["order"], factory["order_line"]
    shipment, shipped, cost = factory["shipment"], factory["shipment_line"], factory["order_cost"]
    return {
        f"订单_{EXPORT_DAY}": pd.DataFrame(
            {
                "单号": order["order"],
                "单据类型": order["kind"],
                "客户编码": order["customer"],
                "商机号": order["opportunity"],
                "市场活动": order["campaign"],
                "业务员": order["owner"],
                "经销商": order["agent"],
                "下单时间": moment_text(order["ordered"], "%Y/%m/%d %H:%M"),
                "确认时间": moment_text(order["confirmed"], "%Y/%m/%d %H:%M"),
                "币种": order["currency"].replace("CNY", "人民币"),
                "状态": order["status"],
                "样品": order["sample"],
                "内部往来": order["internal"],
                "测试": order["test"],
            }
        ),
        f"订单行_{EXPORT_DAY}": pd.DataFrame(
            {
                "单号": line["order"],
                "行号": line["line"].astype(str),
                "产品编码": line["product"],
                "承诺交期": moment_text(line["promised"], "%Y/%m/%d"),
                "变更交期": moment_text(line["revised"], "%Y/%m/%d"),
                "数量": line["quantity"].astype(str),
                "目录价": money_text(line["list_price"], thousands=True),
                "折扣率": (line["percent"] / 100).map("{:.2f}".format),
                "单价": money_text(line["unit_price"], thousands=True),
                "税率": (line["tax_percent"] / 100).map("{:.2f}".format),
                "不含税金额": money_text(line["net"], thousands=True),
                "税额": money_text(line["tax"], thousands=True),
            }
        ),
        f"发货_{EXPORT_DAY}": pd.DataFrame(
            {
                "发货单号": shipment["shipment"],
                "单号": shipment["order"],
                "发货时间": moment_text(shipment["shipped"], "%Y/%m/%d %H:%M"),
                "签收时间": moment_text(shipment["delivered"], "%Y/%m/%d %H:%M"),
                "承运商": shipment["carrier"],
                "运费": money_text(shipment["freight"], thousands=True),
            }
        ),
        f"发货行_{EXPORT_DAY}": pd.DataFrame(
            {
                "发货单号": shipped["shipment"],
                "单号": shipped["order"],
                "行号": shipped["line"].astype(str),
                "批号": shipped["lot"],
                "序列号": shipped["serial"],
                "数量": shipped["quantity"].astype(str),
            }
        ),
        f"订单费用_{EXPORT_DAY}": pd.DataFrame(
            {
                "费用编号": cost["cost"],
                "单号": cost["order"],
                "费用类型": cost["kind"],
                "发生日期": moment_text(cost["day"], "%Y/%m/%d"),
                "金额": money_text(cost["amount"], thousands=True),
            }
        ),
    }


def _erp_money(factory: Factory) -> dict[str, pd.DataFrame]:
    invoice, line = factory["invoice"], factory["invoice_line"]
    payment, allocation = factory["payment"], factory["allocation"]
    kind = line["invoice"].map(invoice.set_index("invoice")["kind"])
    known = line["cost"] >= 0
    return {
        f"发票_{EXPORT_DAY}": pd.DataFrame(
            {
                "发票号": invoice["invoice"],
                "发票类型": invoice["kind"],
                "单号": invoice["order"],
                "客户编码": invoice["customer"],
                "开票日期": moment_text(invoice["invoiced"], "%Y/%m/%d"),
                "到期日": moment_text(invoice["due"], "%Y/%m/%d"),
                "不含税金额": money_text(invoice["net"], thousands=True),
                "税额": money_text(invoice["tax"], thousands=True),
                "币种": invoice["currency"].replace("CNY", "人民币"),
                "冲销发票": invoice["reverses"],
            }
        ),
        f"发票行_{EXPORT_DAY}": pd.DataFrame(
            {
                "发票号": line["invoice"],
                "行号": line["number"].astype(str),
                "发票类型": kind,
                "单号": line["order"],
                "订单行号": line["line"].astype(str),
                "产品编码": line["product"],
                "数量": line["quantity"].astype(str),
                "不含税金额": money_text(line["net"], thousands=True),
                "税额": money_text(line["tax"], thousands=True),
                "成本": np.where(known, money_text(line["cost"], thousands=True), ""),
            }
        ),
        f"收款_{EXPORT_DAY}": pd.DataFrame(
            {
                "收款单号": payment["payment"],
                "客户编码": payment["customer"],
                "收款日期": moment_text(payment["paid"], "%Y/%m/%d"),
                "金额": money_text(payment["amount"], thousands=True),
                "币种": payment["currency"].replace("CNY", "人民币"),
                "方式": payment["method"],
            }
        ),
        f"核销_{EXPORT_DAY}": pd.DataFrame(
            {
                "核销号": allocation["allocation"],
                "收款单号": allocation["payment"],
                "发票号": allocation["invoice"],
                "核销金额": money_text(allocation["amount"], thousands=True),
            }
        ),
    }


def _rates_by_month(factory: Factory) -> list[tuple[str, pd.DataFrame]]:
    rate = factory["rate"]
    text = pd.DataFrame(
        {
            "原币": rate["currency"],
            "本位币": "CNY",
            "日期": moment_text(rate["day"], "%Y/%m/%d"),
            "汇率": money_text(rate["micro"], places=6),
            "类型": "中间价",
        }
    )
    month = moment_text(rate["day"], "%Y%m")
    return [(str(key), group.reset_index(drop=True)) for key, group in text.groupby(month, sort=True)]
