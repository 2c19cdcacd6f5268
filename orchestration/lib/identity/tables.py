"""The schema ``identity``: who is who, as the models read it, and why, as people read it."""

from __future__ import annotations

from orchestration.lib.contract import Label

SCHEMA = "identity"

NAME_PARTS = (
    "name", "norm", "core", "place", "province", "district", "trade", "ordinal", "legal", "branch", "head",
)  # fmt: skip

TABLES: dict[str, tuple[Label, dict[str, str]]] = {
    "party": (
        Label(
            en="Each customer number with the account (legal entity) that it belongs to",
            zh="每个客户编号及其所属客户主体（法律实体）",
        ),
        {
            "customer_id": "VARCHAR",
            "name": "VARCHAR",
            "tax_id": "VARCHAR",
            "account_id": "VARCHAR",
            "merge_rule": "VARCHAR",
            "match_id": "VARCHAR",
            "parent_account_id": "VARCHAR",
        },
    ),
    "company": (
        Label(
            en="Each company as leads and contacts write it, with the customer it means, where that is known",
            zh="线索与联系人中的每个公司写法及其对应的客户（若可确定）",
        ),
        {
            "company": "VARCHAR",
            "customer_id": "VARCHAR",
            "account_id": "VARCHAR",
            "rule": "VARCHAR",
            "match_id": "VARCHAR",
            "norm": "VARCHAR",  # the writing without what writings vary in; empty when it names nobody
        },
    ),
    "distributor": (
        Label(
            en="Each distributor with the account under which it buys, where that is known",
            zh="每家经销商及其采购所用的客户主体（若可确定）",
        ),
        {
            "distributor_id": "VARCHAR",
            "name": "VARCHAR",
            "account_id": "VARCHAR",
            "rule": "VARCHAR",
            "match_id": "VARCHAR",
        },
    ),
    "person": (
        Label(
            en="What people decided of persons: leads that are one person, and leads that are nobody else's",
            zh="人工判定的个人：属于同一人的线索，以及不与他人相同的线索",
        ),
        {"lead_id": "VARCHAR", "person_key": "VARCHAR", "is_apart": "BOOLEAN"},
    ),
    "decision": (
        Label(en="What people decided, and whether it names anything", zh="人工判定，以及其所指是否存在"),
        {
            "verdict": "VARCHAR",
            "left_ref": "VARCHAR",
            "right_ref": "VARCHAR",
            "reason": "VARCHAR",
            "decided_by": "VARCHAR",
            "decided_on": "VARCHAR",
            "is_known": "BOOLEAN",
        },
    ),
    "match": (
        Label(
            en="Every merge and every proposal, with its weight and what speaks for and against it",
            zh="每一次合并与每一条建议，附权重与依据",
        ),
        {
            "match_id": "VARCHAR",
            "kind": "VARCHAR",
            "left_ref": "VARCHAR",
            "left_name": "VARCHAR",
            "right_ref": "VARCHAR",
            "right_name": "VARCHAR",
            "rule": "VARCHAR",
            "decision": "VARCHAR",
            "weight": "DECIMAL(6,2)",
            "probability": "DECIMAL(5,4)",
            "reason_en": "VARCHAR",
            "reason_zh": "VARCHAR",
            "evidence": "VARCHAR",
            "decided_by": "VARCHAR",
            "decided_on": "VARCHAR",
            "decided_reason": "VARCHAR",
        },
    ),
}
"""What the models may read; label, then column → SQL type."""

NAME_PART = dict.fromkeys(NAME_PARTS, "VARCHAR") | {"is_group": "BOOLEAN", "is_nobody": "BOOLEAN"}
"""Names taken apart before, so that only new ones are; not for others."""


def ddl(table: str, columns: dict[str, str], *, keep: bool = False) -> str:
    """Make a table of the schema, empty unless it is to be kept."""
    fields = ", ".join(f'"{name}" {sql_type}' for name, sql_type in columns.items())
    how = "CREATE TABLE IF NOT EXISTS" if keep else "CREATE OR REPLACE TABLE"
    return f"{how} {SCHEMA}.{table} ({fields})"
