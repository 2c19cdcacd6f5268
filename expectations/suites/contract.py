"""Base checks of the canonical floor, one set per entity, straight from the contract."""

from __future__ import annotations

from expectations.model import Check, Inputs, Label, Severity
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
    """The base checks of every entity, and the two that watch the row accounts."""
    found: list[Check] = []
    for entity in load_contract().entities.values():
        found += _entity_checks(entity)
    return [*found, _quarantine_share(), _row_account_balance(), _quarantine_complete()]


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


def _quarantine_share() -> Check:
    def sql(inputs: Inputs) -> str:
        limit = inputs.settings.gates.quarantine_share_limit
        return f"""
with share as (
  select source_system, source_object, entity, sum(quarantined) as quarantined, sum(rows_in) as rows_in
  from canonical.row_account group by all
),
first_row as (
  select source_system, source_object, entity, arg_min(source_file, (source_file, source_row)) as source_file,
    arg_min(source_row, (source_file, source_row)) as source_row,
    mode(rule_id) as rule_id
  from canonical.quarantine group by all
)
select share.source_system || '.' || share.source_object || ' -> ' || share.entity as key,
  first_row.source_file, first_row.source_row,
  share.quarantined || ' / ' || share.rows_in || ' > {limit}; ' || coalesce(first_row.rule_id, '') as detail
from share left join first_row using (source_system, source_object, entity)
where share.quarantined > {limit} * share.rows_in"""

    return Check(
        id="canonical.quarantine_share",
        gate="canonical",
        family="contract",
        tables=("canonical.row_account", "canonical.quarantine"),
        severity="block",
        owner="data",
        reason=Label(
            en="no more of a source's rows are in quarantine than the limit allows, or totals would be far too low",
            zh="每个来源被隔离的行不超过上限，否则总数会明显偏低",
        ),
        sql=sql,
    )


def _row_account_balance() -> Check:
    return Check(
        id="canonical.row_account",
        gate="canonical",
        family="contract",
        tables=("canonical.row_account",),
        severity="block",
        owner="data",
        reason=Label(
            en="every row of every file is loaded, quarantined, merged, filtered or unchanged; none is lost",
            zh="每个文件的每一行都有去向：载入、隔离、合并、过滤或未变，不丢行",
        ),
        sql=lambda _inputs: (
            """
select source_system || '.' || source_object || ' -> ' || entity as key, source_file,
  cast(null as bigint) as source_row,
  rows_in || ' <> ' || (loaded + quarantined + merged + filtered + unchanged) as detail
from canonical.row_account
where rows_in is distinct from loaded + quarantined + merged + filtered + unchanged"""
        ),
    )


def _quarantine_complete() -> Check:
    return Check(
        id="canonical.quarantine_complete",
        gate="canonical",
        family="contract",
        tables=("canonical.quarantine", "canonical.row_account"),
        severity="block",
        owner="data",
        reason=Label(
            en="every row counted as quarantined can be looked at in quarantine",
            zh="计为隔离的每一行都能在隔离区查到",
        ),
        sql=lambda _inputs: (
            """
with held as (
  select source_system, source_object, entity, source_file, source_sha256, count(distinct source_row) as held
  from canonical.quarantine group by all
)
select a.source_system || '.' || a.source_object || ' -> ' || a.entity as key, a.source_file,
  cast(null as bigint) as source_row, a.quarantined || ' <> ' || coalesce(held.held, 0) as detail
from canonical.row_account as a
left join held on held.source_system = a.source_system and held.source_object = a.source_object
  and held.entity = a.entity and held.source_file = a.source_file and held.source_sha256 = a.source_sha256
where a.quarantined is distinct from coalesce(held.held, 0)"""
        ),
    )
