"""What a figure needs of a row although the contract does not demand it: where a lead is from, which order it was."""

from __future__ import annotations

from dataclasses import dataclass

from expectations.model import Check, Inputs, Label
from expectations.sql import literal, shown
from orchestration.lib.contract import load_contract


@dataclass(frozen=True)
class Needed:
    """At least one of ``columns`` is filled, in all but gates.missing_share_limit of the rows.

    A column that is empty throughout is not judged: no source carries it, and what needs it says so itself
    (metric_availability).
    """

    entity: str
    columns: tuple[str, ...]
    owner: str
    reason: Label


NEEDED = (
    Needed(
        "lead",
        ("campaign_id", "channel_id"),
        "marketing",
        Label(en="a lead says which campaign or channel it is from", zh="线索有来源活动或渠道"),
    ),
    Needed(
        "touchpoint",
        ("campaign_id", "channel_id"),
        "marketing",
        Label(en="a touch says which campaign or channel it is of", zh="触点有所属活动或渠道"),
    ),
    Needed(
        "touchpoint",
        ("lead_id", "contact_id", "account_id"),
        "marketing",
        Label(en="a touch says whose it is, or it can earn no credit", zh="触点能对应到人或客户，否则无法归因"),
    ),
    Needed(
        "marketing_spend",
        ("campaign_id", "channel_id"),
        "marketing",
        Label(en="a cost says which campaign or channel it is for", zh="费用有所属活动或渠道"),
    ),
    Needed(
        "opportunity",
        ("lead_id", "customer_id"),
        "sales",
        Label(en="an opportunity says whose it is", zh="商机能对应到线索或客户"),
    ),
    Needed("opportunity", ("amount",), "sales", Label(en="an opportunity has an amount", zh="商机有金额")),
    Needed(
        "sales_order_line",
        ("product_id",),
        "sales",
        Label(en="an order line says which product, or it has no standard cost", zh="订单行有产品，否则没有标准成本"),
    ),
    Needed(
        "sales_order_line",
        ("promised_on",),
        "production",
        Label(
            en="an order line has a promised date, or on-time delivery leaves it out",
            zh="订单行有承诺交期，否则不计入准时率",
        ),
    ),
    Needed(
        "shipment",
        ("shipped_at",),
        "production",
        Label(en="a shipment says when it left", zh="发货单有发货时间"),
    ),
    Needed(
        "shipment_line",
        ("order_line_id",),
        "production",
        Label(en="a shipped item says for which order line", zh="发货明细能对应到订单行"),
    ),
    Needed(
        "shipment_line",
        ("lot_no",),
        "quality",
        Label(en="a shipped item has its lot, or a recall cannot find it", zh="发货明细有批号，否则无法召回"),
    ),
    Needed(
        "invoice",
        ("order_id",),
        "finance",
        Label(
            en="an invoice says for which order, or its revenue belongs to no campaign",
            zh="发票能对应到订单，否则收入无法归因",
        ),
    ),
    Needed(
        "payment",
        ("customer_id",),
        "finance",
        Label(en="a payment says from whom", zh="回款有付款客户"),
    ),
)


def checks() -> list[Check]:
    """One check per entity and need."""
    return [_check(needed) for needed in NEEDED]


def _check(needed: Needed) -> Check:
    table, key = f"canonical.{needed.entity}", load_contract().entities[needed.entity].key
    empty = " and ".join(f"{column} is null" for column in needed.columns)

    def sql(inputs: Inputs) -> str:
        limit = inputs.settings.gates.missing_share_limit
        told = literal(f"{', '.join(needed.columns)} = NULL in ")
        return f"""
with share as (select count(*) filter (where {empty}) as missing, count(*) as total from {table})
select t.{key} as key, t.source_file, t.source_row,
  {told} || {shown("share.missing")} || ' / ' || {shown("share.total")} || ' > {limit}' as detail
from {table} as t cross join share
where ({empty}) and share.missing < share.total and share.missing > {limit} * share.total"""

    return Check(
        id=f"canonical.{needed.entity}.filled.{needed.columns[0]}",
        gate="canonical",
        family="contract",
        tables=(table,),
        severity="warn",
        owner=needed.owner,
        reason=Label(
            en=f"{needed.reason.en}, but for gates.missing_share_limit",
            zh=f"{needed.reason.zh}（缺失占比不超过 gates.missing_share_limit）",
        ),
        sql=sql,
        requires=(needed.entity,),
    )
