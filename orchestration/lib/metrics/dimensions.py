"""What a metric can be cut by: the dimensions and the periods of ``metric_value``.

A dimension is an entity of the dbt semantic models (``entities: [{name: channel, expr: …}]``); every fact that can
be cut by it names the column there. Adding a dimension is one entry here and one entity in the semantic models that
carry it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

TOTAL: Final = "total"
UNKNOWN: Final = "unknown"  # the member of a dimension that stands for none given


@dataclass(frozen=True)
class Dimension:
    """A dimension.

    Attributes:
        name: its name in ``cuts``, and the entity that carries it in the semantic models.
        column: its column in ``metric_value``.
        through: the entity by which facts reach it, when it stands on a dimension table and not on the facts
        themselves.
    """

    name: str
    column: str
    label_en: str
    label_zh: str
    through: str | None = None

    @property
    def group_by(self) -> str:
        """How MetricFlow names it."""
        return f"{self.through}__{self.name}" if self.through else self.name


@dataclass(frozen=True)
class Period:
    """A kind of period: MetricFlow's granularity (None: all time), its length in months, its labels."""

    kind: str
    granularity: str | None
    months: int | None
    label_en: str
    label_zh: str


DIMENSIONS: Final[dict[str, Dimension]] = {
    dimension.name: dimension
    for dimension in (
        Dimension("channel", "channel_id", "Channel", "渠道"),
        Dimension("campaign", "campaign_id", "Campaign", "营销活动"),
        Dimension("salesperson", "salesperson_id", "Salesperson", "销售人员"),
        Dimension("distributor", "distributor_id", "Distributor", "经销商"),
        Dimension("account", "account_id", "Customer account", "客户"),
        Dimension("product_family", "product_family", "Product family", "产品系列", through="product"),
        Dimension("product", "product_id", "Product", "产品"),
        Dimension("sales_team", "sales_team", "Sales team", "销售团队"),
        Dimension("customer_segment", "customer_segment", "Customer segment", "客户类别"),
        Dimension("customer_region", "customer_region", "Customer region", "客户地区"),
        Dimension("stage", "stage", "Funnel stage", "漏斗阶段"),
        Dimension("loss_reason", "loss_reason", "Reason of loss", "丢单原因"),
        Dimension("landing_page", "landing_page", "Landing page", "落地页"),
        Dimension("lead_form", "lead_form", "Form", "表单"),
        Dimension("lot", "lot_id", "Lot", "批次"),
        Dimension("inspection_step", "inspection_step", "Inspected step", "检验工序"),
        Dimension("ageing_bucket", "ageing_bucket", "Age of receivables", "账龄"),
        Dimension("driver", "driver", "Win driver", "成交因素"),
        Dimension("work_centre", "work_centre", "Work centre", "工作中心"),
        Dimension("return_reason", "return_reason", "Reason of return", "退货原因"),
    )
}

# Periods follow the company's fiscal calendar, so they are columns of the time spine; with a fiscal year that starts in
# January they are the calendar's.
PERIODS: Final[dict[str, Period]] = {
    period.kind: period
    for period in (
        Period("month", "fiscal_month", 1, "Month", "月"),
        Period("quarter", "fiscal_quarter", 3, "Quarter", "季度"),
        Period("half_year", "fiscal_half_year", 6, "Half-year", "半年"),
        Period("year", "fiscal_year", 12, "Year", "年"),
        Period("all", None, None, "All time", "全部"),
    )
}


def cut_name(dimensions: tuple[str, ...]) -> str:
    """``metric_value.cut`` of these dimensions: ``total`` for none, else their names joined by ``+``."""
    return "+".join(dimensions) if dimensions else TOTAL
