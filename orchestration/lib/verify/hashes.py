"""I3: canonical and what is published are, to the bit, what was recorded when they were made."""

from __future__ import annotations

import duckdb

from orchestration.lib.canonical.state import outputs_fingerprint
from orchestration.lib.canonical.tables import PER_ENTITY_TABLES, existing_layouts
from orchestration.lib.publish.content import content_of, file_sha256
from orchestration.lib.verify.context import Context
from orchestration.lib.verify.model import Outcome, not_evaluated


def check(context: Context) -> Outcome:
    """Recompute each recorded hash."""
    found = Outcome()
    _canonical(context, found)
    if context.snapshot is None:
        if not found.compared:
            return not_evaluated("nothing has been built or published yet", "尚未构建或发布")
        found.note("published: nothing is published yet", "发布层：尚未发布")
        return found
    for table, entry in context.snapshot.tables.items():
        path = context.table_dir / f"{table}.parquet"
        found.add("published tables", 1)
        if not path.is_file():
            found.violate(f"published {table}", "its file is gone", "文件缺失")
        elif file_sha256(path) != entry.sha256:
            found.violate(f"published {table}", "its bytes are not those recorded", "文件字节与记录不符")
        else:
            _content(context, found, table)
    return found


def canonical_is_as_built(context: Context) -> bool:
    """Whether canonical is what a build of this version left there, and nobody changed it since."""
    found = Outcome()
    _canonical(context, found)
    return bool(found.compared) and not found.violations


def _canonical(context: Context, found: Outcome) -> None:
    if not context.has("canonical.build_state"):
        return
    layouts = existing_layouts(context.connection)
    if any(layouts.get(name) != columns for name, columns in PER_ENTITY_TABLES.items()):
        found.note(
            "canonical: built by another version, whose hashes this one cannot repeat; the next run builds it anew",
            "规范层：由其他版本构建，无法复算其哈希；下次运行会重新构建",
        )
        return
    for entity, recorded in context.rows("select entity, outputs from canonical.build_state order by entity"):
        found.add("canonical tables", 1)
        try:
            now = outputs_fingerprint(context.connection, entity)
        except duckdb.CatalogException:
            now = "a table is gone"
        if now != recorded:
            found.violate(
                f"canonical.{entity}",
                "its rows or its accounts are not those of the last build",
                "其行或账目与上次构建不符",
            )


def _content(context: Context, found: Outcome, table: str) -> None:
    assert context.snapshot is not None
    entry = context.snapshot.tables[table]
    content = content_of(context.connection, context.published(table))
    if (content.rows, content.content_hash) != (entry.rows, entry.content_hash):
        found.violate(
            f"published {table}",
            f"its content hash differs from the manifest ({content.rows} rows, {entry.rows} recorded)",
            f"内容哈希与清单不符（{content.rows} 行，记录为 {entry.rows} 行）",
        )
