"""Writes rows that cannot be taken to ``canonical.quarantine``: one record per row, with all that is wrong with it."""

from __future__ import annotations

import duckdb

from orchestration.lib.canonical.landed import raw_row_json
from orchestration.lib.canonical.released import KEY_CONFLICT
from orchestration.lib.canonical.staged import PLACE, StagedFeed
from orchestration.lib.mapping.compile import BAD, BATCH, DROP, ROW
from orchestration.lib.mapping.sql import literal, name


def write_quarantine(connection: duckdb.DuckDBPyConnection, staged: StagedFeed, batches: str) -> None:
    """Read the rejected rows of a feed once more and write them down with their reasons.

    Args:
        batches: SQL of the feed's batches ``b``: ``number, source_file, sha256, ingest_id, first_seen_at``.
    """
    without = f" ANTI JOIN {staged.fates} AS x USING ({PLACE})" if staged.has_fates else ""
    connection.execute(
        "CREATE OR REPLACE TEMP TABLE __rejected AS "
        f"SELECT {PLACE}, true AS is_conflict, first_batch, first_row FROM {staged.fates} WHERE fate = 'conflict' "
        f"UNION ALL SELECT {PLACE}, false, NULL, NULL FROM {staged.table} AS f{without} WHERE {BAD} AND {DROP} IS NULL"
    )
    for compiled, raw, group in staged.parts:
        relation = f"(SELECT r.* FROM {raw} AS r SEMI JOIN __rejected AS j USING ({PLACE}))"
        findings = compiled.findings(relation, raw_row_json(group))
        connection.execute(_insert(staged, findings, batches))
    connection.execute("DROP TABLE __rejected")


def _insert(staged: StagedFeed, findings: str, batches: str) -> str:
    mapping, obj, key = staged.landed.mapping, staged.landed.obj, staged.entity.columns[staged.entity.key]
    released = "p.release_id" if staged.releases else "CAST(NULL AS BIGINT)"
    joined = f"LEFT JOIN {staged.releases.table} AS p USING ({PLACE})" if staged.releases else ""
    told_en = f"{key.name} ({key.label.en}): another row has the same id with other content: "
    told_zh = f"{key.name}（{key.label.zh}）：相同编号的另一行内容不同："
    return f"""
        INSERT INTO canonical.quarantine
        SELECT
            md5(concat_ws(chr(31), b.ingest_id, {literal(staged.feed.name)}, q.{ROW})),
            {literal(mapping.source)}, {literal(obj.name)}, {literal(staged.entity.name)},
            b.source_file, q.{ROW}, b.sha256, b.ingest_id,
            CASE WHEN j.is_conflict THEN '{KEY_CONFLICT}' ELSE q.findings[1].rule END,
            CASE WHEN j.is_conflict THEN {literal(key.name)} ELSE q.findings[1].col END,
            CASE WHEN j.is_conflict THEN q.key_value ELSE q.findings[1].raw END,
            q.raw_row,
            CASE WHEN j.is_conflict THEN concat({literal(told_en)}, o.source_file, ', row ', j.first_row)
                ELSE array_to_string(list_transform(q.findings, lambda one : one.en), '; ') END,
            CASE WHEN j.is_conflict THEN concat({literal(told_zh)}, o.source_file, ' 第 ', j.first_row, ' 行')
                ELSE array_to_string(list_transform(q.findings, lambda one : one.zh), '；') END,
            {literal(staged.feed.name)},
            CASE WHEN j.is_conflict THEN '{KEY_CONFLICT}'
                ELSE array_to_string(list_transform(q.findings, lambda one : one.rule), ',') END,
            {released}
        FROM ({findings}) AS q
        JOIN __rejected AS j USING ({PLACE})
        JOIN {batches} ON b.number = q.{BATCH}
        LEFT JOIN {batches.replace(" AS b(", " AS o(")} ON o.number = j.first_batch
        {joined}
    """


def write_utm_unmatched(connection: duckdb.DuckDBPyConnection, staged: StagedFeed, unmatched: str) -> None:
    """Count loaded rows that carry UTM values which no rule knows, by those values."""
    wanted = ("utm_source", "utm_medium", "utm_campaign", "utm_term", "utm_content")
    present = [name(column) if column in staged.feed.columns else "CAST(NULL AS VARCHAR)" for column in wanted]
    columns = ", ".join(f"{sql} AS {column}" for sql, column in zip(present, wanted, strict=True))
    rows = staged.remaining(f"{columns}, {unmatched} AS is_unmatched")
    connection.execute(
        f"INSERT INTO canonical.utm_unmatched SELECT {literal(staged.landed.mapping.source)}, "
        f"{literal(staged.landed.obj.name)}, {literal(staged.entity.name)}, {', '.join(wanted)}, count(*) "
        f"FROM ({rows}) WHERE is_unmatched GROUP BY ALL"
    )
