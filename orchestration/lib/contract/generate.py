"""Writes what is derived from the contract: the dbt sources and the data dictionary; and the settings page.

``python -m orchestration.lib.contract.generate`` writes them; with ``--check`` it only says whether they are current.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from orchestration.lib.contract.loader import load_contract
from orchestration.lib.contract.model import LINEAGE, Column, Contract, Entity, Label
from orchestration.lib.settings_template import render_page
from orchestration.lib.workspace import DBT_PROJECT_DIR, PROJECT_ROOT

IDENTITY_FILE = DBT_PROJECT_DIR / "models" / "intermediate" / "_identity__sources.yml"
SOURCES_FILE = DBT_PROJECT_DIR / "models" / "staging" / "_canonical__sources.yml"
DICTIONARY_FILE = PROJECT_ROOT / "docs" / "reference" / "data-dictionary.md"
SETTINGS_PAGE = PROJECT_ROOT / "docs" / "reference" / "settings.md"

_COMMAND = "python -m orchestration.lib.contract.generate"

LINEAGE_LABELS: dict[str, Label] = {
    "source_system": Label(en="Source system that the row came from", zh="来源系统"),
    "source_object": Label(en="File group or table in the source", zh="来源文件组或表"),
    "source_file": Label(en="File that the row came from", zh="来源文件"),
    "source_row": Label(en="Row in that file; the header is row 1", zh="在文件中的行号（表头为第 1 行）"),
    "source_sha256": Label(en="Content hash of that file", zh="文件内容哈希"),
    "ingest_id": Label(en="Batch in which the row landed", zh="落地批次"),
    "ingested_at": Label(en="When that batch was first seen (UTC)", zh="批次首次出现时间（UTC）"),
}

SYSTEM_TABLES: dict[str, tuple[Label, dict[str, str]]] = {
    "entity_presence": (
        Label(en="Which entities a source feeds", zh="哪些实体有来源供数"),
        {"entity": "VARCHAR", "is_mapped": "BOOLEAN", "row_count": "BIGINT"},
    ),
    "quarantine": (
        Label(en="Rows that could not be taken, with the rule and the raw row", zh="未能入库的行，附规则与原始内容"),
        {
            "quarantine_id": "VARCHAR",
            "source_system": "VARCHAR",
            "source_object": "VARCHAR",
            "entity": "VARCHAR",
            "source_file": "VARCHAR",
            "source_row": "BIGINT",
            "source_sha256": "VARCHAR",
            "ingest_id": "VARCHAR",
            "rule_id": "VARCHAR",
            "column_name": "VARCHAR",
            "raw_value": "VARCHAR",
            "raw_row": "VARCHAR",
            "reason_en": "VARCHAR",
            "reason_zh": "VARCHAR",
            "feed": "VARCHAR",
            "rule_ids": "VARCHAR",
            "release_id": "BIGINT",
        },
    ),
    "release": (
        Label(en="Rows released from quarantine, and what became of each", zh="已解除隔离的行及其去向"),
        {
            "quarantine_id": "VARCHAR",
            "source_system": "VARCHAR",
            "source_object": "VARCHAR",
            "entity": "VARCHAR",
            "source_file": "VARCHAR",
            "source_row": "BIGINT",
            "source_sha256": "VARCHAR",
            "ingest_id": "VARCHAR",
            "release_id": "BIGINT",
            "feed": "VARCHAR",
            "rule_ids": "VARCHAR",
            "waived": "VARCHAR",
            "changed_columns": "VARCHAR",
            "outcome": "VARCHAR",
            "released_by": "VARCHAR",
            "released_at": "TIMESTAMP",
        },
    ),
    "row_account": (
        Label(en="What became of every row, per file and feed", zh="每个文件和映射中各行的去向"),
        {
            "source_system": "VARCHAR",
            "source_object": "VARCHAR",
            "entity": "VARCHAR",
            "source_file": "VARCHAR",
            "source_sha256": "VARCHAR",
            "rows_in": "BIGINT",
            "loaded": "BIGINT",
            "quarantined": "BIGINT",
            "merged": "BIGINT",
            "filtered": "BIGINT",
            "unchanged": "BIGINT",
            "filter_reasons": "VARCHAR",
        },
    ),
}
"""Tables of the schema ``canonical`` that are not entities: the accounts of what was taken and what was not."""


def render(contract: Contract) -> dict[Path, str]:
    """Text of every generated file, by path."""
    return {
        SOURCES_FILE: render_sources(contract),
        IDENTITY_FILE: render_identity_source(),
        DICTIONARY_FILE: render_dictionary(contract),
        SETTINGS_PAGE: render_page(),
    }


def render_sources(contract: Contract) -> str:
    """The dbt source ``canonical``: every table with its columns, types and what they mean."""
    lines = [
        f"# Generated from the contract by '{_COMMAND}'; do not edit.",
        "version: 2",
        "sources:",
        "  - name: canonical",
        "    schema: canonical",
        f"    description: {_quoted('Typed rows that keep the contract / 符合契约的类型化数据')}",
        "    tables:",
    ]
    for entity in contract.entities.values():
        lines += _source_table(entity.name, f"{entity.label}. {entity.description}", _entity_meta(entity))
        for column in entity.columns.values():
            lines += _source_column(column.name, column.sql_type, _meaning(column), _column_meta(column))
        for name, sql_type in LINEAGE.items():
            lines += _source_column(name, sql_type, str(LINEAGE_LABELS[name]), {"type": "lineage"})
    for table, (label, columns) in SYSTEM_TABLES.items():
        lines += _source_table(table, str(label), {"kind": "account"})
        for name, sql_type in columns.items():
            lines += _source_column(name, sql_type, None, {"type": "account"})
    return "\n".join(lines) + "\n"


def render_identity_source() -> str:
    """The dbt source ``identity``: who is who, decided between the canonical floor and the models."""
    from orchestration.lib.identity.tables import SCHEMA, TABLES

    lines = [
        f"# Generated by '{_COMMAND}' from orchestration/lib/identity/tables.py; do not edit.",
        "version: 2",
        "sources:",
        f"  - name: {SCHEMA}",
        f"    schema: {SCHEMA}",
        f"    description: {_quoted('Who is who, and why / 身份识别及其依据')}",
        "    tables:",
    ]
    for table, (label, columns) in TABLES.items():
        lines += _source_table(table, str(label), {"kind": "identity"})
        for name, sql_type in columns.items():
            lines += _source_column(name, sql_type, None, {"type": "identity"})
    return "\n".join(lines) + "\n"


def _source_table(name: str, description: str, meta: dict[str, Any]) -> list[str]:
    return [
        f"      - name: {name}",
        f"        description: {_quoted(description)}",
        f"        config: {{meta: {_quoted(meta)}}}",
        "        columns:",
    ]


def _source_column(name: str, sql_type: str, description: str | None, meta: dict[str, Any]) -> list[str]:
    lines = [f"          - name: {name}", f"            data_type: {sql_type}"]
    if description is not None:
        lines.append(f"            description: {_quoted(description)}")
    lines.append(f"            config: {{meta: {_quoted(meta)}}}")
    return lines


def _entity_meta(entity: Entity) -> dict[str, Any]:
    return {"kind": "entity", "loop": entity.loop, "key": entity.key}


def _column_meta(column: Column) -> dict[str, Any]:
    # only what is said, so that a reader of the yml sees what is special about a column
    meta: dict[str, Any] = {"type": column.type}
    for name in ("entity", "entity_by", "personal", "unit"):
        value = getattr(column, name)
        if value is not None:
            meta[name] = value
    if column.required:
        meta["required"] = True
    if column.allowed:
        meta["allowed"] = list(column.allowed)
    return meta


def _meaning(column: Column) -> str:
    return str(column.label) if column.description is None else f"{column.label}. {column.description}"


def _quoted(value: Any) -> str:
    # JSON is YAML, with no surprise about what needs quotes
    return json.dumps(value, ensure_ascii=False)


def render_dictionary(contract: Contract) -> str:
    """The data dictionary, in English and Chinese."""
    lines = [
        "# Data dictionary (数据字典)",
        "",
        f"<!-- Generated from the contract by `{_COMMAND}`; do not edit. -->",
        "",
        "Every source is mapped onto these entities. Keys and references are written `<source>:<value>`, so they are",
        "unique across sources. Columns ending in `_at` are UTC timestamps, those ending in `_on` are business dates",
        "in the company's zone. A column marked personal holds a token; the value itself is in the vault.",
        "",
        "每个来源都映射到这些实体。主键和引用写作 `<来源>:<值>`，跨来源唯一。",
        "以 `_at` 结尾的是 UTC 时间，以 `_on` 结尾的是公司时区的业务日期。标为个人信息的列只保存令牌，原值在保险库中。",
        "",
        "| type 类型 | DuckDB |",
        "|---|---|",
    ]
    types = {
        column.type: column.sql_type for entity in contract.entities.values() for column in entity.columns.values()
    }
    lines += [f"| {name} | `{sql_type}` |" for name, sql_type in sorted(types.items())]
    loop = None
    for entity in contract.entities.values():
        if entity.loop != loop:
            loop = entity.loop
            lines += ["", f"## {loop}"]
        lines += ["", f"### {entity.name} · {entity.label.en} · {entity.label.zh}", ""]
        lines += [entity.description.en, "", entity.description.zh, ""]
        lines += _table(
            ("column 列", "type 类型", "English", "中文", "rules 规则"),
            (
                (f"`{column.name}`", column.type, _text(column, "en"), _text(column, "zh"), _rules(column))
                for column in entity.columns.values()
            ),
        )
    lines += ["", "## Lineage columns (来源列)", "", "Every table ends with these. 每张表的末尾都有这些列。", ""]
    lines += _table(
        ("column 列", "DuckDB", "English", "中文"),
        (
            (f"`{name}`", f"`{sql_type}`", LINEAGE_LABELS[name].en, LINEAGE_LABELS[name].zh)
            for name, sql_type in LINEAGE.items()
        ),
    )
    return "\n".join(lines) + "\n"


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    return [
        "| " + " | ".join(head) + " |",
        "|" + "---|" * len(head),
        *("| " + " | ".join(cell.replace("|", "\\|") for cell in row) + " |" for row in rows),
    ]


def _text(column: Column, language: str) -> str:
    label = str(getattr(column.label, language))
    if column.description is None:
        return label
    return f"{label}{'：' if language == 'zh' else ': '}{getattr(column.description, language)}"


def _rules(column: Column) -> str:
    rules = ["required 必填"] if column.required else []
    if column.type == "ref":
        rules.append(f"→ {column.entity}" if column.entity else f"→ by 由 `{column.entity_by}`")
    if column.allowed:
        rules.append("one of 取值: " + ", ".join(f"`{value}`" for value in column.allowed))
    if column.personal:
        rules.append(f"personal 个人信息 ({column.personal})")
    if column.minimum is not None:
        rules.append(f"≥ {column.minimum}")
    if column.unit:
        rules.append(f"unit 单位: {column.unit}")
    return "; ".join(rules)


def stale(contract: Contract) -> list[Path]:
    """Generated files that do not say what the contract says."""
    return [
        path
        for path, text in render(contract).items()
        if not path.is_file() or path.read_text(encoding="utf-8") != text
    ]


def main(arguments: Sequence[str]) -> int:
    """Write the generated files, or with ``--check`` report those that are out of date (exit code 1)."""
    contract = load_contract()
    outdated = stale(contract)
    if "--check" in arguments:
        for path in outdated:
            print(f"{path.relative_to(PROJECT_ROOT)} is out of date: run '{_COMMAND}'")
        return 1 if outdated else 0
    texts = render(contract)
    for path in outdated:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(texts[path], encoding="utf-8")
        print(f"wrote {path.relative_to(PROJECT_ROOT)}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
