"""The derived published tables: queries over the warehouse, fitted to the tables that are there."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

from orchestration.lib.publish.content import TOKEN_PATTERN, quote, text_literal

Relations = Mapping[str, Mapping[str, str]]
"""``schema.table`` → column → SQL type."""

_LINEAGE = ("source_system", "source_object", "source_file", "source_row", "source_sha256")
_FILE_KEY = ("source_system", "source_object", "source_file", "source_sha256")
_EMPTY_ROW_ACCOUNT = (
    "select null::varchar as source_system, null::varchar as source_object, null::varchar as entity, "
    "null::varchar as source_file, null::varchar as source_sha256, 0::bigint as rows_in, 0::bigint as loaded, "
    "0::bigint as quarantined, 0::bigint as merged, 0::bigint as filtered, 0::bigint as unchanged, "
    "null::varchar as filter_reasons where false"
)
_EMPTY_QUARANTINE = (
    "select null::varchar as source_system, null::varchar as source_object, null::varchar as entity, "
    "null::varchar as source_file, null::varchar as rule_id, null::varchar as column_name, 0::bigint as row_count, "
    "0::bigint as released_count, 0::bigint as first_row, null::varchar as reason_en, "
    "null::varchar as reason_zh where false"
)
_EMPTY_DOCUMENTS = (
    "select null::varchar as entity, null::varchar as document_id, null::varchar as source_system, "
    "null::varchar as source_object, null::varchar as source_file, 0::bigint as source_row, "
    "null::varchar as source_sha256 where false"
)


def gate_result(relations: Relations, keys: Mapping[str, str]) -> str | None:
    """The checks of each gate as it was last evaluated."""
    columns = relations.get("gate.result")
    if columns is None:
        return None
    hidden = [
        f"regexp_replace({c}, '{TOKEN_PATTERN}', '[personal]', 'g') as {c}" for c in ("examples",) if c in columns
    ]
    # An example may quote a key that is a token; the check stays readable without it.
    replace = f" replace ({', '.join(hidden)})" if hidden else ""
    if not {"gate", "build_id", "evaluated_at"} <= set(columns):
        return f"select *{replace} from gate.result"
    return (
        f"select r.*{replace} from gate.result as r join (select gate, arg_max(build_id, evaluated_at) as build_id "
        "from gate.result group by gate) as latest on latest.gate = r.gate and latest.build_id = r.build_id"
    )


def merge_tables(relations: Relations, keys: Mapping[str, str]) -> list[tuple[str, str, str, str]]:
    """Identity merges: (merge table, entity, key column, surviving column) for each ``int_<…>_merge`` there is."""
    found = []
    # A touch carries the id of the touchpoint row it was made of.
    entity_of = {key: entity for entity, key in keys.items()} | {"touch_id": "touchpoint"}
    for relation, columns in sorted(relations.items()):
        if not re.fullmatch(r"intermediate\.int_\w+_merge", relation):
            continue
        for column in columns:
            entity = entity_of.get(column, "")
            survivor = f"surviving_{column}"
            staged = relations.get(f"staging.stg_{entity}", {})
            if entity in keys and survivor in columns and {keys[entity], *_FILE_KEY} <= set(staged):
                found.append((relation, entity, column, survivor))
    return found


def row_account(relations: Relations, keys: Mapping[str, str]) -> str | None:
    """The canonical row account, with rows that identity resolution merged later moved from loaded to merged.

    The sum per file does not change, so ``rows_in = loaded + quarantined + merged + filtered + unchanged`` still holds.
    """
    if "canonical.row_account" not in relations:
        return _EMPTY_ROW_ACCOUNT
    merges = [
        f"select {', '.join('s.' + column for column in _FILE_KEY)}, {text_literal(entity)} as entity, "
        f"count(distinct m.{quote(key)}) as merged_later from {relation} as m "
        f"join staging.stg_{entity} as s on s.{quote(keys[entity])} = m.{quote(key)} "
        f"where m.{quote(key)} <> m.{quote(survivor)} group by all"
        for relation, entity, key, survivor in merge_tables(relations, keys)
    ]
    if not merges:
        return "select * from canonical.row_account"
    on = " and ".join(f"j.{column} is not distinct from a.{column}" for column in (*_FILE_KEY, "entity"))
    return (
        "select a.* replace (a.loaded - coalesce(j.merged_later, 0) as loaded, "
        "a.merged + coalesce(j.merged_later, 0) as merged) from canonical.row_account as a left join ("
        f"select {', '.join((*_FILE_KEY, 'entity'))}, sum(merged_later)::bigint as merged_later "
        f"from ({' union all '.join(merges)}) group by all) as j on {on}"
    )


def quarantine_summary(relations: Relations, keys: Mapping[str, str]) -> str | None:
    """Quarantined rows counted by file and rule, beside those that were released. Raw values stay in the warehouse."""
    if "canonical.quarantine" not in relations:
        return _EMPTY_QUARANTINE
    key = "source_system, source_object, entity, source_file, rule_id"
    parts = [
        f"select {key}, column_name, 1 as held, 0 as released, source_row, reason_en, reason_zh "
        "from canonical.quarantine"
    ]
    if "canonical.release" in relations:
        kind, column = "split_part(rule_id, ':', 1)", "split_part(rule_id, ':', 2)"
        parts.append(
            f"select {key}, case when {kind} not in ('structure', 'filter', 'key_conflict') then {column} end, 0, 1, "
            "source_row, null, null from (select *, split_part(rule_ids, ',', 1) as rule_id "
            "from canonical.release where outcome <> 'quarantined')"
        )
    return (
        f"select {key}, max(column_name) as column_name, sum(held)::bigint as row_count, "
        "sum(released)::bigint as released_count, "
        "coalesce(min(source_row) filter (held = 1), min(source_row)) as first_row, "
        f"min(reason_en) as reason_en, min(reason_zh) as reason_zh from ({' union all '.join(parts)}) group by {key}"
    )


def document_source(relations: Relations, keys: Mapping[str, str]) -> str | None:
    """File, row and hash of every document in staging."""
    parts = [
        f"select {text_literal(entity)} as entity, {quote(key)} as document_id, {', '.join(_LINEAGE)} "
        f"from staging.stg_{entity}"
        for entity, key in sorted(keys.items())
        if {key, *_LINEAGE} <= set(relations.get(f"staging.stg_{entity}", ()))
    ]
    return " union all ".join(parts) if parts else _EMPTY_DOCUMENTS


DERIVED: dict[str, Callable[[Relations, Mapping[str, str]], str | None]] = {
    "gate_result": gate_result,
    "row_account": row_account,
    "quarantine_summary": quarantine_summary,
    "document_source": document_source,
}
