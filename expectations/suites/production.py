"""What cannot be in production, inspection and stock: more passed than inspected, less than nothing on stock, a
negative cost; and what is hardly so: far more finished than planned, one lot number for two products, hours that
nobody can tell."""

from __future__ import annotations

from expectations.model import Check, Inputs, Label, Severity
from expectations.sql import literal, name, shown, union, violations
from expectations.suites.reconciliation import Sum, loops_check, sum_check
from orchestration.lib.contract import load_contract

INSPECTIONS = "intermediate.int_inspection"
ORDERS = "intermediate.int_production_order"
STOCK = "intermediate.int_inventory_snapshot"
JUDGED = "coalesce(t.quantity_passed, 0) + coalesce(t.quantity_rejected, 0)"

SIGNS: tuple[tuple[str, tuple[str, ...], str, Severity], ...] = (
    ("shipment", ("freight_amount",), "finance", "warn"),
    ("production_order", ("material_cost", "labour_cost", "overhead_cost"), "production", "warn"),
    ("service_ticket", ("parts_cost", "labour_cost", "travel_cost", "recovered_amount"), "quality", "warn"),
    # a return's amount is positive by the contract: a negative one would raise sales
    ("sales_return", ("amount",), "finance", "block"),
)
"""Amounts that are not negative: entity, columns, owner, severity."""

LOT_COST = Sum(
    "lot_cost",
    ("marts.lot_facts", "marts.production_order_facts"),
    "select o.lot_id, o.total_cost as amount from marts.production_order_facts as o "
    "join marts.lot_facts as l on l.lot_id = o.lot_id where l.production_cost is not null",
    "select lot_id, production_cost as amount from marts.lot_facts",
    "lot_id",
    ("production_order",),
    Label(en="a lot costs what its production orders cost", zh="批次成本等于其生产工单成本之和"),
    "select lot_id as locator, source_file, source_row from marts.lot_facts",
)


def checks() -> list[Check]:
    """Quantities, signs, stock and lots."""
    return [
        _inspected(),
        _reworked(),
        _overrun(),
        *(_sign(*sign) for sign in SIGNS),
        _negative_stock(),
        _repeated(
            "inventory", "intermediate.int_inventory_snapshot", "product_id, warehouse, kind, taken_on, quantity, value"
        ),
        _repeated("capacity", "staging.stg_capacity", "work_centre, date_trunc('month', month), hours_available"),
        _lot_of_two_products(),
        _hours_unknown(),
        _capacity_unknown(),
        sum_check(LOT_COST),
    ]


def _inspected() -> Check:
    return loops_check(
        "inspection_quantities",
        (INSPECTIONS,),
        "quality",
        Label(
            en="no more units pass and fail than were inspected, or yields are wrong",
            zh="合格与不合格数量之和不超过检验数量，否则合格率失真",
        ),
        sql=violations(
            INSPECTIONS,
            "inspection_id",
            f"{JUDGED} > t.quantity_inspected",
            f"{shown('t.quantity_passed')} || ' + ' || {shown('t.quantity_rejected')} || ' > ' || "
            f"{shown('t.quantity_inspected')}",
        ),
        requires=("quality_inspection",),
    )


def _reworked() -> Check:
    return loops_check(
        "inspection_rework",
        (INSPECTIONS,),
        "quality",
        Label(
            en="units counted both as reworked and as passed did not pass the first time; first pass leaves them out",
            zh="既计返工又计合格的数量不算一次合格，一次合格数量不含这部分",
        ),
        sql=violations(
            INSPECTIONS,
            "inspection_id",
            f"{JUDGED} <= t.quantity_inspected and {JUDGED} + t.quantity_reworked > t.quantity_inspected",
            f"{shown('t.quantity_passed')} || ' + ' || {shown('t.quantity_reworked')} || ' + ' || "
            f"{shown('t.quantity_rejected')} || ' > ' || {shown('t.quantity_inspected')}",
        ),
        requires=("quality_inspection",),
        severity="warn",
    )


def _overrun() -> Check:
    def sql(inputs: Inputs) -> str:
        tolerance = inputs.settings.gates.overrun_tolerance
        return violations(
            ORDERS,
            "production_order_id",
            f"t.quantity_finished > t.quantity_planned * (1 + cast({tolerance} as decimal(9, 6)))",
            f"{shown('t.quantity_finished')} || ' > ' || {shown('t.quantity_planned')} || ' + {tolerance}'",
        )

    return loops_check(
        "production_overrun",
        (ORDERS,),
        "production",
        Label(
            en="a production order finishes no more than planned, within gates.overrun_tolerance",
            zh="生产工单完工数量不超过计划数量（允差 gates.overrun_tolerance）",
        ),
        sql=sql,
        requires=("production_order",),
        severity="warn",
    )


def _sign(entity_name: str, columns: tuple[str, ...], owner: str, severity: Severity) -> Check:
    entity = load_contract().entities[entity_name]
    table = f"staging.stg_{entity_name}"
    return loops_check(
        f"sign_{entity_name}",
        (table,),
        owner,
        Label(
            en=f"{entity.label.en}: {', '.join(columns)} not negative",
            zh=f"{entity.label.zh}：{'、'.join(columns)} 不为负",
        ),
        sql=union(
            [
                violations(
                    table,
                    name(entity.key),
                    f"t.{name(column)} < 0",
                    f"{literal(column + ' = ')} || {shown('t.' + name(column))} || ' < 0'",
                )
                for column in columns
            ]
        ),
        requires=(entity_name,),
        severity=severity,
    )


def _negative_stock() -> Check:
    return loops_check(
        "inventory_negative",
        (STOCK,),
        "production",
        Label(en="nobody has less than nothing on stock", zh="库存数量与金额不为负"),
        sql=violations(
            STOCK,
            "inventory_snapshot_id",
            "t.quantity < 0 or t.value < 0",
            f"'quantity = ' || {shown('t.quantity')} || ', value = ' || {shown('t.value')}",
        ),
        requires=("inventory_snapshot",),
    )


_REPEATED = {
    "inventory": Label(
        en="a product is not counted twice in one place on one day with the same quantity and value",
        zh="同日同仓库同类型的同一产品不出现数量与金额都相同的两行",
    ),
    "capacity": Label(
        en="a work centre does not have the same hours twice in a month", zh="同一工作中心同月不出现工时相同的两行"
    ),
}


def _repeated(subject: str, table: str, same: str) -> Check:
    """Rows that agree in all that counts; two of them may be true, but a file sent twice looks just so."""
    entity = load_contract().entities["inventory_snapshot" if subject == "inventory" else subject]
    return Check(
        id=f"staging.dedup.{subject}_repeated",
        gate="staging",
        family="dedup",
        tables=(table,),
        severity="warn",
        owner="production",
        reason=_REPEATED[subject],
        sql=lambda _inputs: (
            f"""
select {entity.key} as key, source_file, source_row, concat_ws(', ', {same}) || ': also ' || first_key as detail
from (select *, min({entity.key}) over (partition by {same}) as first_key from {table})
where {entity.key} <> first_key"""
        ),
        requires=(entity.name,),
    )


def _lot_of_two_products() -> Check:
    return loops_check(
        "lot_of_two_products",
        (ORDERS,),
        "production",
        Label(en="one lot number is one product", zh="一个批号只对应一个产品"),
        sql=f"""
select production_order_id as key, source_file, source_row,
  'lot_no = ' || lot_no || ': ' || product_id || ' <> ' || first_product as detail
from (select *, min(product_id) over (partition by lot_no) as first_product from {ORDERS} where lot_no is not null)
where product_id <> first_product""",
        requires=("production_order",),
        severity="warn",
    )


def _hours_unknown() -> Check:
    return loops_check(
        "hours_unknown",
        (ORDERS, "staging.stg_product"),
        "production",
        Label(
            en="of what a work centre made the standard hours are known, or its use is told too low",
            zh="工作中心所产产品均有标准工时，否则利用率偏低",
        ),
        sql=f"""
select o.production_order_id as key, o.source_file, o.source_row,
  o.product_id || ' @ ' || p.work_centre || ': standard_hours = NULL' as detail
from {ORDERS} as o
join staging.stg_product as p on p.product_id = o.product_id
where p.work_centre is not null and p.standard_hours is null and o.quantity_finished > 0""",
        requires=("production_order", "product"),
        severity="warn",
    )


def _capacity_unknown() -> Check:
    return loops_check(
        "capacity_unknown",
        ("staging.stg_product", "staging.stg_capacity"),
        "production",
        Label(
            en="the work centre of a product has capacity under the same name, or its demand is set against nothing",
            zh="产品的工作中心在产能数据中有同名记录，否则其需求无法对照产能",
        ),
        sql="""
select p.product_id as key, p.source_file, p.source_row, 'work_centre = ' || p.work_centre as detail
from staging.stg_product as p
where p.work_centre is not null
  and not exists (select 1 from staging.stg_capacity as c where c.work_centre = p.work_centre)""",
        requires=("product", "capacity"),
        severity="warn",
    )
