"""Quarantine as a file to hand to whoever can correct the source: no personal data, nothing a spreadsheet would run."""

from __future__ import annotations

import csv
import json
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from orchestration.lib.quarantine.advice import how_to_fix
from orchestration.lib.quarantine.rows import Held, masked, raw_rows
from orchestration.lib.spreadsheet_text import neutral
from orchestration.lib.workspace import Workspace

FORMATS = ("csv", "xlsx", "jsonl")
COLUMNS: dict[str, str] = {
    "quarantine_id": "隔离编号",
    "source": "来源",
    "entity": "实体",
    "file": "文件",
    "row": "行号",
    "sha256": "内容哈希",
    "rules": "规则",
    "column": "字段",
    "value": "原值",
    "reason": "原因（英文）",
    "reason_zh": "原因",
    "fix": "处理办法（英文）",
    "fix_zh": "处理办法",
    "state": "状态",
    "raw_row": "原始行",
}
_CELL = 32_767  # characters, the most that a cell of a workbook holds


def export_rows(workspace: Workspace, rows: Sequence[Held]) -> list[dict[str, Any]]:
    """One record per row, with personal values hidden."""
    raw = raw_rows(workspace, [row.quarantine_id for row in rows])
    return [_record(row, raw.get(row.quarantine_id, {})) for row in rows]


def _record(row: Held, raw: Mapping[str, Any]) -> dict[str, Any]:
    fix = how_to_fix(row.rule_id)
    return {
        "quarantine_id": row.quarantine_id,
        "source": f"{row.source_system}.{row.source_object}",
        "entity": row.entity,
        "file": row.source_file,
        "row": row.source_row,
        "sha256": row.sha256,
        "rules": ", ".join(row.rules),
        "column": row.column,
        "value": masked(row.raw_value),
        "reason": row.reason_en,
        "reason_zh": row.reason_zh,
        "fix": fix["en"],
        "fix_zh": fix["zh"],
        "state": row.state,
        "raw_row": masked(json.dumps(raw, ensure_ascii=False)),
    }


def write_export(records: Sequence[Mapping[str, Any]], form: str, target: Path) -> None:
    """Write the records as ``csv``, ``xlsx`` or ``jsonl``; the file appears whole or not at all."""
    target.parent.mkdir(parents=True, exist_ok=True)
    temporary = target.with_name(f".{target.name}.{os.getpid()}.tmp")
    try:
        {"csv": _write_csv, "xlsx": _write_xlsx, "jsonl": _write_jsonl}[form](records, temporary)
        os.replace(temporary, target)
    finally:
        temporary.unlink(missing_ok=True)


def _header() -> list[str]:
    return [f"{name} / {zh}" for name, zh in COLUMNS.items()]


def _write_csv(records: Sequence[Mapping[str, Any]], target: Path) -> None:
    # with a byte order mark, or Excel takes Chinese for something else
    with target.open("w", encoding="utf-8-sig", newline="") as handle:
        writer = csv.writer(handle, lineterminator="\n")
        writer.writerow(_header())
        writer.writerows([neutral(record[name]) for name in COLUMNS] for record in records)


def _write_xlsx(records: Sequence[Mapping[str, Any]], target: Path) -> None:
    import xlsxwriter

    options = {"strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
    with xlsxwriter.Workbook(str(target), options) as book:
        sheet, bold = book.add_worksheet("quarantine"), book.add_format({"bold": True})
        sheet.write_row(0, 0, _header(), bold)
        sheet.freeze_panes(1, 0)
        for number, record in enumerate(records, start=1):
            for place, name in enumerate(COLUMNS):
                value = neutral(record[name])
                if isinstance(value, int):
                    sheet.write_number(number, place, value)
                elif value is not None:
                    sheet.write_string(number, place, value[:_CELL])


def _write_jsonl(records: Sequence[Mapping[str, Any]], target: Path) -> None:
    with target.open("w", encoding="utf-8") as handle:
        for record in records:
            handle.write(json.dumps({name: record[name] for name in COLUMNS}, ensure_ascii=False) + "\n")
