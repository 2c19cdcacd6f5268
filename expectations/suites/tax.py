"""含税与不含税 - what is called net is net: gross = net + VAT, VAT = net × rate, and no line holds its gross amount."""

from __future__ import annotations

from expectations.model import Check, Label
from expectations.sql import shown, violations


def checks() -> list[Check]:
    """Invoices, order lines, invoice lines, marketing costs."""
    return [_gross_invoice(), _vat_of_invoice(), _vat_of_order_line(), _net_of_order_line(), _reclaimed_share()]


def _check(
    identifier: str,
    table: str,
    key: str,
    owner: str,
    reason: Label,
    *,
    where: str,
    detail: str,
    entity: str,
    blocks: bool,
) -> Check:
    return Check(
        id=f"staging.currency.{identifier}",
        gate="staging",
        family="currency",
        tables=(table,),
        severity="block" if blocks else "warn",
        owner=owner,
        reason=reason,
        sql=lambda _inputs: violations(table, key, where, detail),
        requires=(entity,),
    )


def _gross_invoice() -> Check:
    return _check(
        "gross_invoice",
        "intermediate.int_invoice",
        "invoice_id",
        "finance",
        Label(en="invoice: gross = net + VAT", zh="发票：含税金额 = 不含税金额 + 税额"),
        where="t.gross_amount is distinct from t.net_amount + coalesce(t.tax_amount, 0)",
        detail=f"{shown('t.gross_amount')} || ' <> ' || {shown('t.net_amount')} || ' + ' || {shown('t.tax_amount')}",
        entity="invoice",
        blocks=True,
    )


def _vat_of_invoice() -> Check:
    return _check(
        "tax_invoice",
        "staging.stg_invoice",
        "invoice_id",
        "finance",
        Label(
            en="invoice: VAT has the sign of the net amount and is less than it; otherwise the columns are mixed up",
            zh="发票：税额与不含税金额同号且小于它，否则两列可能混淆",
        ),
        where="t.tax_amount <> 0 and (t.tax_amount * sign(t.net_amount) < 0 or abs(t.tax_amount) >= abs(t.net_amount))",
        detail=f"'VAT ' || {shown('t.tax_amount')} || ' of net ' || {shown('t.net_amount')}",
        entity="invoice",
        blocks=False,
    )


_A_CENT_PER_UNIT = "coalesce(0.01 * greatest(1, abs(t.quantity)), 0.01)"


def _vat_of_order_line() -> Check:
    return _check(
        "tax_order_line",
        "staging.stg_sales_order_line",
        "order_line_id",
        "finance",
        Label(
            en="order line: VAT = net × rate within a cent per unit; otherwise the amount may include VAT",
            zh="订单行：税额 = 不含税金额 × 税率（每件允差一分），否则金额可能含税",
        ),
        where="t.tax_rate is not null and t.tax_amount is not null and abs(t.tax_amount - "
        f"cast(t.net_amount as decimal(38, 2)) * t.tax_rate) > {_A_CENT_PER_UNIT}",
        detail=f"{shown('t.tax_amount')} || ' <> ' || {shown('t.net_amount')} || ' × ' || {shown('t.tax_rate')}",
        entity="sales_order_line",
        blocks=False,
    )


def _net_of_order_line() -> Check:
    # only what fits price × quantity exactly when VAT is added, and not without it, is told: discounts vary too much
    priced = "cast(t.quantity as decimal(38, 6)) * t.unit_price"
    plain = f"abs(t.net_amount - {priced}) <= {_A_CENT_PER_UNIT}"
    with_vat = f"abs(t.net_amount - cast({priced} as decimal(28, 6)) * (1 + t.tax_rate)) <= {_A_CENT_PER_UNIT}"
    return _check(
        "net_order_line",
        "staging.stg_sales_order_line",
        "order_line_id",
        "finance",
        Label(
            en="order line: the net amount is not price × quantity with VAT on top",
            zh="订单行：不含税金额不等于含税的单价 × 数量",
        ),
        where=f"t.tax_rate > 0 and t.unit_price > 0 and {with_vat} and not {plain}",
        detail=f"{shown('t.net_amount')} || ' = ' || {shown('t.quantity')} || ' × ' || {shown('t.unit_price')} || "
        f"' × (1 + ' || {shown('t.tax_rate')} || ')'",
        entity="sales_order_line",
        blocks=False,
    )


def _reclaimed_share() -> Check:
    return _check(
        "reclaimed_spend",
        "intermediate.int_spend",
        "spend_id",
        "marketing",
        Label(
            en="marketing cost: at most 1 of the VAT is reclaimed; 100 for 100 % would turn cost into income",
            zh="市场费用：税额可抵扣比例不超过 1；若把 100% 写成 100，成本会变成收入",
        ),
        where="t.tax_recoverable_share > 1",
        detail="'tax_recoverable_share = ' || t.tax_recoverable_share",
        entity="marketing_spend",
        blocks=True,
    )
