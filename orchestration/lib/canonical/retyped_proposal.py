"""What to write in the mapping for a column that does not read any more: a profile of the values as they are now."""

from __future__ import annotations

import duckdb

from orchestration.lib.contract import Column, Entity, Label
from orchestration.lib.landing.model import FAULT, Batch
from orchestration.lib.mapping.model import Feed, SourceObject
from orchestration.lib.mapping.sql import literal, name
from orchestration.lib.profile.columns import profile_columns
from orchestration.lib.profile.model import ColumnProfile
from orchestration.lib.profile.vocabulary import load_vocabulary

_NUMBERS = {"integer", "quantity", "money", "price", "rate"}
_SERIAL = 5  # digits of a spreadsheet's day number
_NOTHING = Label(
    en="look at the rows (triloop quarantine list) and correct the mapping or the source",
    zh="请查看这些行（triloop quarantine list），并更正映射或来源",
)


def propose(obj: SourceObject, entity: Entity, feed: Feed, batch: Batch, rule_id: str) -> Label:
    """What may mend it; values are never quoted."""
    kind, _, target = rule_id.partition(":")
    rule, column = feed.columns.get(target), entity.columns.get(target)
    if rule is None or column is None or rule.column is None or rule.column in batch.privacy:
        return _NOTHING
    if kind == "required":
        return Label(
            en=f"'{rule.column}' is empty now: ask the source; if it may be, map another column",
            zh=f"“{rule.column}”现在为空：请联系来源；若属正常，请映射其他列",
        )
    if kind in {"value_map", "allowed"}:
        return Label(
            en=f"'{rule.column}' holds words that the mapping does not know: add them under values of {target}",
            zh=f"“{rule.column}”含映射未列出的取值：请加入 {target} 的 values",
        )
    return _by_profile(obj, column, rule.column, _profile(batch, rule.column))


def _profile(batch: Batch, raw: str) -> ColumnProfile:
    with duckdb.connect() as connection:
        path = literal(str(batch.landed_path))
        columns = {row[0] for row in connection.execute(f"DESCRIBE SELECT * FROM read_parquet({path})").fetchall()}
        whole = f" WHERE {FAULT} IS NULL" if FAULT in columns else ""
        connection.execute(f"CREATE TABLE content AS SELECT {name(raw)} FROM read_parquet({path}){whole}")
        (found,) = profile_columns(connection, "content", (raw,), load_vocabulary())
    return found


def _by_profile(obj: SourceObject, column: Column, raw: str, found: ColumnProfile) -> Label:
    if column.type in {"date", "timestamp"}:
        if found.formats:
            listed = ", ".join(f'"{one}"' for one in found.formats)
            rivals = ", ".join(found.ambiguous)
            en = f", or {rivals}: only the source can tell which" if rivals else ""
            zh = f"（也可能是 {rivals}，须向来源确认）" if rivals else ""
            return Label(
                en=f"'{raw}' now reads as {listed}{en}: add formats: [{listed}] to {column.name}",
                zh=f"“{raw}”现在可按 {listed} 读取{zh}：请在 {column.name} 的 formats 中加入 [{listed}]",
            )
        if found.kind == "integer" and found.max_length == _SERIAL:
            return Label(
                en=f"'{raw}' now holds a spreadsheet's day numbers: add excel_1900 to the formats of {column.name}",
                zh=f"“{raw}”现在是电子表格的日期序号：请在 {column.name} 的 formats 中加入 excel_1900",
            )
    if column.type in _NUMBERS and found.number is not None:
        style, form = found.number, obj.format
        told = [f'decimal: "{style.decimal}"'] if style.decimal != form.decimal else []
        told += [f'thousands: "{style.thousands}"'] if style.thousands not in (None, form.thousands) else []
        new = [sign for sign in style.signs if sign not in form.signs]
        told += [f"signs: [{', '.join((*form.signs, *new))}]"] if new else []
        if told:
            return Label(
                en=f"'{raw}' is now written in another way: write format: {{{', '.join(told)}}} in the object",
                zh=f"“{raw}”的书写方式已改变：请在对象中写 format: {{{', '.join(told)}}}",
            )
        if style.decimals > (column.scale or 0):
            return Label(
                en=f"'{raw}' now has up to {style.decimals} decimals: write round: half_up to allow rounding",
                zh=f"“{raw}”现在最多有 {style.decimals} 位小数：如允许舍入，请写 round: half_up",
            )
    return Label(
        en=f"'{raw}' now holds {found.kind} where {column.type} is expected: {_NOTHING.en}",
        zh=f"“{raw}”现在的内容为 {found.kind}，应为 {column.type}：{_NOTHING.zh}",
    )
