"""No personal value leaves the vault: personal columns hold tokens, and no other text looks like a person's address."""

from __future__ import annotations

from collections.abc import Mapping

from expectations.model import Check, Inputs, Label, Severity
from expectations.sql import NO_SOURCE, literal, name, union, violations
from expectations.suites.contract import OWNERS
from orchestration.lib.contract import Entity, load_contract

TOKEN = "tok_{kind}_[0-9a-f]{{32}}"
EMAIL = r"[A-Za-z0-9._%+-]+@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)*\.[A-Za-z]{2,}"
PHONE = r"(^|[^0-9A-Za-z])(\+?86[- ]?)?1[3-9][0-9]([- ]?)[0-9]{4}([- ]?)[0-9]{4}($|[^0-9A-Za-z])"

LINEAGE = frozenset({"source_system", "source_object", "source_file", "source_sha256", "ingest_id"})
PUBLISHED_SCHEMAS = ("marts", "attribution", "metrics")


def checks() -> list[Check]:
    """Tokens in personal columns on both floors; nothing that looks personal in any other text."""
    found = []
    for entity in load_contract().entities.values():
        if any(column.personal for column in entity.columns.values()):
            found += [_tokens_only(entity, "canonical"), _tokens_only(entity, "staging")]
    return [
        *found,
        _canonical_text(),
        _published("email", EMAIL, "block", Label(en="an e-mail address", zh="邮箱地址")),
        _published("phone", PHONE, "warn", Label(en="a mobile number", zh="手机号码")),
    ]


def _tokens_only(entity: Entity, gate: str) -> Check:
    table = f"canonical.{entity.name}" if gate == "canonical" else f"staging.stg_{entity.name}"
    personal = [column for column in entity.columns.values() if column.personal]
    sql = union(
        [
            violations(
                table,
                name(entity.key),
                f"t.{name(c.name)} is not null and not regexp_full_match("
                f"t.{name(c.name)}, {literal(TOKEN.format(kind=c.personal))})",
                literal(f"{c.name} ≠ tok_{c.personal}_…"),
            )
            for c in personal
        ]
    )
    columns = ", ".join(column.name for column in personal)
    return Check(
        id=f"{gate}.{entity.name}.personal",
        gate=gate,
        family="privacy",
        tables=(table,),
        severity="block",
        owner=OWNERS[entity.loop],
        reason=Label(
            en=f"{entity.label.en}: {columns} hold tokens only; the values stay in the vault",
            zh=f"{entity.label.zh}：{columns} 只存令牌，原值留在保险库",
        ),
        sql=lambda _inputs: sql,
        requires=(entity.name,),
    )


def _canonical_text() -> Check:
    entities = load_contract().entities.values()

    def sql(inputs: Inputs) -> str:
        queries = []
        for entity in entities:
            table = f"canonical.{entity.name}"
            texts = [c.name for c in entity.columns.values() if c.type == "text" and not c.personal and not c.allowed]
            present = [column for column in texts if column in inputs.columns.get(table, {})]
            for column in present:
                quoted = f"t.{name(column)}"
                looks = f"contains({quoted}, '@') and regexp_matches({quoted}, {literal(EMAIL)})"
                phone = f"regexp_matches({quoted}, {literal(PHONE)})" if column not in {"document_no", "tax_id"} else ""
                queries.append(
                    violations(
                        table,
                        name(entity.key),
                        f"({looks}){' or ' + phone if phone else ''}",
                        literal(f"{entity.name}.{column} ~ e-mail / phone"),
                    )
                )
        return union(queries) if queries else f"select null as key, {NO_SOURCE}, null as detail where false"

    return Check(
        id="canonical.text_personal",
        gate="canonical",
        family="privacy",
        tables=("canonical.lead",),
        severity="warn",
        owner="data",
        reason=Label(
            en="a text that holds an e-mail address or mobile number should be mapped as personal",
            zh="含邮箱或手机号的文本列应在映射中标为个人信息",
        ),
        sql=sql,
    )


def _published(kind: str, pattern: str, severity: Severity, what: Label) -> Check:
    def sql(inputs: Inputs) -> str:
        queries = []
        for table, columns in sorted(inputs.columns.items()):
            if table.split(".")[0] in PUBLISHED_SCHEMAS:
                queries += _suspects(table, columns, kind, pattern)
        return union(queries) if queries else f"select null as key, {NO_SOURCE}, null as detail where false"

    return Check(
        id=f"metrics.published_{kind}",
        gate="metrics",
        family="privacy",
        tables=("metrics.metric_value",),
        severity=severity,
        owner="data",
        reason=Label(
            en=f"no text that is about to be published looks like {what.en}",
            zh=f"即将发布的文本中没有形似{what.zh}的内容",
        ),
        sql=sql,
    )


def _suspects(table: str, columns: Mapping[str, str], kind: str, pattern: str) -> list[str]:
    """Per text column the rows whose value matches; distinct values are tried, because a regex per row is slow."""
    queries = []
    for column, sql_type in columns.items():
        # an id may well look like a phone number, and says nothing about a person
        skipped = column in LINEAGE or (kind == "phone" and column.endswith(("_id", "_no")))
        if sql_type != "VARCHAR" or skipped:
            continue
        quoted = name(column)
        prefilter = "contains(value, '@') and " if kind == "email" else ""
        schema, _, relation = table.partition(".")
        source = "t.source_file, t.source_row" if {"source_file", "source_row"} <= set(columns) else NO_SOURCE
        queries.append(
            f"select {literal(f'{table}.{column}')} as key, {source}, {literal(f'{column} ~ {kind}')} as detail "
            f"from {name(schema)}.{name(relation)} as t where t.{quoted} in (select value from "
            f"(select distinct {quoted} as value from {name(schema)}.{name(relation)}) "
            f"where {prefilter}regexp_matches(value, {literal(pattern)}))"
        )
    return queries
