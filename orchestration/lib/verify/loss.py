"""I7: no row is lost: each landed row is loaded, quarantined, merged or filtered; quarantine says where it stood."""

from __future__ import annotations

from orchestration.lib.landing.model import ROW
from orchestration.lib.publish.content import quote, text_literal
from orchestration.lib.verify.context import Context
from orchestration.lib.verify.model import Outcome, not_evaluated

_PLACE = "source_system, source_object, source_sha256"


def check(context: Context) -> Outcome:
    """Row by row against the landed files; then inside the snapshot."""
    if not context.has("canonical.row_account", "canonical.quarantine"):
        return not_evaluated("nothing has been taken in yet", "尚未接入任何数据")
    found = Outcome()
    _quarantine(context, found)
    _rows(context, found)
    _published(context, found)
    return found


def _quarantine(context: Context, found: Outcome) -> None:
    ((count,),) = context.rows("select count(*) from canonical.quarantine")
    found.add("quarantined rows", count)
    for file, row in context.rows(
        "select source_file, source_row from canonical.quarantine where source_row is null or source_file is null "
        "or source_sha256 is null or rule_id is null or raw_row is null or reason_en is null or reason_zh is null "
        "order by all limit 5"
    ):
        found.violate("canonical.quarantine", "a row lacks hash, place, rule or reason", "缺少哈希、位置、规则或原因",
                      file=file, row=row)  # fmt: skip
    if "feed" not in context.relations["canonical.quarantine"]:
        return
    for file, row in context.rows(
        "select source_file, source_row from canonical.quarantine where quarantine_id <> md5(concat_ws(chr(31), "
        "ingest_id, feed, source_row)) or not starts_with(source_sha256, split_part(ingest_id, '.', -1)) "
        "order by all limit 5"
    ):
        found.violate("canonical.quarantine", "its id is not that of its row", "编号与所在行不符", file=file, row=row)


def _rows(context: Context, found: Outcome) -> None:
    files = [batch for batch in context.batches if batch.landed_path.is_file()]
    if not files:
        return
    landed = " union all ".join(
        f"select {text_literal(batch.source_system)} as source_system, {text_literal(batch.source_object)} as "
        f"source_object, {text_literal(batch.sha256)} as source_sha256, {ROW} as source_row "
        f"from read_parquet({text_literal(str(batch.landed_path))})"
        for batch in files
    )
    placed = " union all ".join(
        [
            f"select {text_literal(entity)} as entity, {_PLACE}, source_row, source_file, true as is_loaded "
            f"from canonical.{quote(entity)}"
            for entity in context.mapped()
        ]
        + [f"select entity, {_PLACE}, source_row, source_file, false from canonical.quarantine"]
    )
    context.connection.execute(f"create or replace temp table __landed as {landed}")
    context.connection.execute(f"create or replace temp table __placed as {placed}")
    found.add("landed rows", context.rows("select count(*) from __landed")[0][0])
    for entity, file, row in context.rows(
        f"select entity, source_file, source_row from __placed as p anti join __landed as l "
        f"using ({_PLACE}, source_row) order by all limit 5"
    ):
        found.violate(f"canonical.{entity}", "a row that never landed", "落地层中不存在的行", file=file, row=row)
    # Where one feed makes the entity of an object, each row has one fate; several feeds may each have theirs.
    single = (
        f"select entity, {_PLACE}, source_file, rows_in, merged + filtered + unchanged as elsewhere "
        "from canonical.row_account as a join (select source_system, source_object, source_sha256, count(*) as n "
        f"from __landed group by all) as l using ({_PLACE}) where a.rows_in = l.n"
    )
    for entity, file, row in context.rows(
        f"select entity, s.source_file, p.source_row from __placed as p join ({single}) as s "
        f"using (entity, {_PLACE}) group by entity, {_PLACE}, s.source_file, p.source_row "
        "having count(*) > 1 order by all limit 5"
    ):
        found.violate(f"canonical.{entity}", "a row that is taken twice", "同一行被载入两次", file=file, row=row)
    for entity, file, missing, elsewhere, row in context.rows(
        f"with s as ({single}), gone as (select s.entity, {', '.join('l.' + c for c in _PLACE.split(', '))}, "
        f"s.source_file, s.elsewhere, l.source_row from s join __landed as l using ({_PLACE}) anti join __placed as p "
        f"using (entity, {_PLACE}, source_row)) select entity, source_file, count(*), any_value(elsewhere), "
        f"min(source_row) from gone group by entity, source_file, {_PLACE} "
        "having count(*) <> any_value(elsewhere) order by all limit 20"
    ):
        found.violate(
            f"canonical.{entity}",
            f"{missing} landed rows are neither loaded nor quarantined, {elsewhere} are merged, filtered or unchanged",
            f"{missing} 个落地行既未载入也未隔离，而合并、过滤或未变为 {elsewhere} 行",
            file=file,
            row=row,
        )


def _published(context: Context, found: Outcome) -> None:
    manifest = context.snapshot
    if manifest is None or not {"row_account", "document_source", "quarantine_summary"} <= set(manifest.tables):
        found.note("published: nothing is published yet", "发布层：尚未发布")
        return
    account, documents = context.published("row_account"), context.published("document_source")
    found.add("published documents", manifest.tables["document_source"].rows)
    place = f"entity, {_PLACE}"
    for entity, file, loaded, merged, shown in context.rows(
        f"select a.entity, a.source_file, a.loaded, a.merged, coalesce(d.n, 0) from {account} as a left join "
        f"(select {place}, count(*) as n from {documents} group by all) as d using ({place}) "
        "where coalesce(d.n, 0) not between a.loaded and a.loaded + a.merged order by all limit 20"
    ):
        found.violate(
            "published document_source",
            f"{shown} documents of {entity}, the account says {loaded} loaded and {merged} merged",
            f"{entity} 有 {shown} 个单据，账目为载入 {loaded}、合并 {merged}",
            file=file,
        )
    summary = context.published("quarantine_summary")
    key = "source_system, source_object, entity, source_file"
    for entity, file, said, held in context.rows(
        f"with a as (select {key}, sum(quarantined) as n from {account} group by all), q as (select {key}, "
        f"sum(row_count) as n from {summary} group by all) select entity, source_file, coalesce(a.n, 0), "
        f"coalesce(q.n, 0) from a full join q using ({key}) where coalesce(a.n, 0) <> coalesce(q.n, 0) "
        "order by all limit 20"
    ):
        found.violate(
            "published quarantine_summary",
            f"{entity}: {held} rows in the summary, {said} in the account",
            f"{entity}：汇总 {held} 行，账目 {said} 行",
            file=file,
        )
