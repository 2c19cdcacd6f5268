"""Base checks of the canonical floor, one set per entity, straight from the contract."""

from __future__ import annotations

from expectations.model import Check, Label, Severity
from expectations.sql import literal, name, shown, union, violations
from orchestration.lib.contract import Column, Entity, load_contract

OWNERS = {
    "market": "marketing",
    "lead_to_order": "sales",
    "party": "sales",
    "order_to_delivery": "production",
    "payment_to_profit": "finance",
    "reference": "finance",
}
"""Who in the company can mend the data of a loop."""

CRITICAL_REFERENCES = frozenset(
    {
        ("sales_order", "customer_id"),
        ("sales_order_line", "order_id"),
        ("invoice_line", "invoice_id"),
        ("payment_allocation", "payment_id"),
        ("payment_allocation", "invoice_id"),
    }
)
"""References without which money belongs to nobody; any other may dangle, with a warning."""


def checks() -> list[Check]:
    """The base checks of every entity."""
    found: list[Check] = []
    for entity in load_contract().entities.values():
        found += _entity_checks(entity)
    return found


def _entity_checks(entity: Entity) -> list[Check]:
    table = f"canonical.{entity.name}"
    columns = list(entity.columns.values())
    required = [column.name for column in columns if column.required]
    found = [
        _check(
            entity,
            "required",
            Label(
                en=f"{entity.label.en}: required columns are filled ({', '.join(required)})",
                zh=f"{entity.label.zh}：必填列不为空（{'、'.join(required)}）",
            ),
            _required_sql(table, entity.key, required),
        ),
        _check(
            entity,
            "unique_key",
            Label(
                en=f"{entity.label.en}: {entity.key} occurs once, or every sum over it counts twice",
                zh=f"{entity.label.zh}：{entity.key} 不重复，否则汇总会重复计算",
            ),
            violations(
                table,
                name(entity.key),
                f"t.{name(entity.key)} in (select {name(entity.key)} from {table} group by 1 having count(*) > 1)",
                f"{literal(entity.key + ' = ')} || t.{name(entity.key)} || ' (> 1)'",
            ),
        ),
    ]
    listed = [column for column in columns if column.allowed]
    if listed:
        found.append(
            _check(
                entity,
                "allowed",
                Label(
                    en=f"{entity.label.en}: {', '.join(c.name for c in listed)} hold listed values only",
                    zh=f"{entity.label.zh}：{'、'.join(c.name for c in listed)} 只取规定的值",
                ),
                union([_allowed_sql(table, entity.key, column) for column in listed]),
            )
        )
    bounded = [column for column in columns if column.minimum is not None]
    if bounded:
        found.append(
            _check(
                entity,
                "minimum",
                Label(
                    en=f"{entity.label.en}: {', '.join(c.name for c in bounded)} not below the least possible value",
                    zh=f"{entity.label.zh}：{'、'.join(c.name for c in bounded)} 不低于最小值",
                ),
                union(
                    [
                        violations(
                            table,
                            name(entity.key),
                            f"t.{name(c.name)} < {c.minimum}",
                            f"{literal(c.name + ' = ')} || {shown('t.' + name(c.name))} || "
                            f"{literal(f' < {c.minimum}')}",
                        )
                        for c in bounded
                    ]
                ),
            )
        )
    for column in columns:
        found += _reference_checks(entity, column)
    return found


def _check(
    entity: Entity, kind: str, reason: Label, sql: str, *, severity: Severity = "block", requires: tuple[str, ...] = ()
) -> Check:
    return Check(
        id=f"canonical.{entity.name}.{kind}",
        gate="canonical",
        family="contract",
        tables=(f"canonical.{entity.name}", *(f"canonical.{other}" for other in requires)),
        severity=severity,
        owner=OWNERS[entity.loop],
        reason=reason,
        sql=lambda _inputs: sql,
        requires=(entity.name, *requires),
    )


def _required_sql(table: str, key: str, required: list[str]) -> str:
    missing = ", ".join(f"case when t.{name(column)} is null then {literal(column)} end" for column in required)
    where = " or ".join(f"t.{name(column)} is null" for column in required)
    return violations(table, name(key), where, f"concat_ws(', ', {missing}) || ' = NULL'")


def _allowed_sql(table: str, key: str, column: Column) -> str:
    values = ", ".join(literal(value) for value in column.allowed)
    quoted = f"t.{name(column.name)}"
    return violations(
        table, name(key), f"{quoted} not in ({values})", f"{literal(column.name + ' = ')} || {shown(quoted)}"
    )


def _reference_checks(entity: Entity, column: Column) -> list[Check]:
    """One check per entity that a reference may point at."""
    if column.type != "ref":
        return []
    contract = load_contract()
    if column.entity is not None:
        targets = [(column.entity, "", f"ref.{column.name}")]
    else:
        kind = str(column.entity_by)
        targets = [
            (target, f" and t.{name(kind)} = {literal(target)}", f"ref.{column.name}.{target}")
            for target in entity.columns[kind].allowed
        ]
    found = []
    for target, condition, identifier in targets:
        other = contract.entities[target]
        quoted = f"t.{name(column.name)}"
        sql = violations(
            f"canonical.{entity.name}",
            name(entity.key),
            f"{quoted} is not null{condition} and not exists "
            f"(select 1 from canonical.{target} as o where o.{name(other.key)} = {quoted})",
            f"{literal(column.name + ' = ')} || {shown(quoted)} || {literal(f' not in {target}')}",
        )
        critical = (entity.name, column.name) in CRITICAL_REFERENCES
        found.append(
            _check(
                entity,
                identifier,
                Label(
                    en=f"{entity.label.en}: {column.name} names an existing {other.label.en.lower()}",
                    zh=f"{entity.label.zh}：{column.name} 所指的{other.label.zh}存在",
                ),
                sql,
                severity="block" if critical else "warn",
                requires=() if target == entity.name else (target,),
            )
        )
    return found
