"""I1: row accounting, per file and hop: what came in is loaded, quarantined, merged, filtered or unchanged."""

from __future__ import annotations

from orchestration.lib.canonical.accounts import FATES
from orchestration.lib.publish.content import quote, text_literal
from orchestration.lib.publish.sources import merge_tables
from orchestration.lib.verify.context import Context
from orchestration.lib.verify.model import Outcome, not_evaluated

_SUM = " + ".join(FATES)


def check(context: Context) -> Outcome:
    """Landing → canonical → staging → merged → published."""
    if not context.has("canonical.row_account", "canonical.source_freshness"):
        return not_evaluated("nothing has been taken in yet", "尚未接入任何数据")
    found = Outcome()
    _landing(context, found)
    _accounts(context, found, "canonical.row_account", "canonical.row_account")
    _canonical(context, found)
    if context.settled("canonical", "staging"):
        _staging(context, found)
        _merges(context, found)
    else:
        found.note(
            "staging: not evaluated, it is not built from canonical as it is", "staging：未评估，尚未按当前规范层构建"
        )
    if context.snapshot is not None and "row_account" in context.snapshot.tables:
        _accounts(context, found, context.published("row_account"), "published row_account")
    else:
        found.note("published: nothing is published yet", "发布层：尚未发布")
    return found


def _landing(context: Context, found: Outcome) -> None:
    """Each landed file holds the rows it landed with, and each is accounted for in whole."""
    built = {(system, obj): last for system, obj, last in context.rows(
        "select source_system, source_object, last_seen_at from canonical.source_freshness"
    )}  # fmt: skip
    accounts: dict[tuple[str, str, str], dict[str, int]] = {}
    entities: dict[tuple[str, str], set[str]] = {}
    for system, obj, sha256, entity, rows_in in context.rows(
        "select source_system, source_object, source_sha256, entity, rows_in from canonical.row_account"
    ):
        accounts.setdefault((system, obj, sha256), {})[entity] = rows_in
        entities.setdefault((system, obj), set()).add(entity)
    waiting = 0
    for batch in context.batches:
        key = (batch.source_system, batch.source_object)
        found.add("landed files", 1)
        if not batch.landed_path.is_file():
            found.violate("landing", "the landed copy is gone", "落地文件缺失", file=batch.source_file)
            continue
        ((there,),) = context.rows(f"select count(*) from read_parquet({text_literal(str(batch.landed_path))})")
        found.add("landed rows", there)
        if there != batch.row_count:
            found.violate(
                "landing",
                f"the landed copy holds {there} rows, the ledger says {batch.row_count}",
                f"落地文件有 {there} 行，台账为 {batch.row_count} 行",
                file=batch.source_file,
            )
        if key not in built or built[key] is None or batch.first_seen_at > built[key]:
            waiting += 1
            continue
        for entity in sorted(entities.get(key, ())):
            rows_in = accounts.get((*key, batch.sha256), {}).get(entity)
            if rows_in is None or (rows_in % batch.row_count if batch.row_count else rows_in):
                found.violate(
                    "canonical.row_account",
                    f"{entity}: {rows_in} rows are accounted for of {batch.row_count} landed",
                    f"{entity}：落地 {batch.row_count} 行，仅核算 {rows_in} 行",
                    file=batch.source_file,
                )
    if waiting:
        found.note(
            f"{waiting} landed file(s) wait for the next run to be converted", f"{waiting} 个落地文件待下次运行转换"
        )


def _accounts(context: Context, found: Outcome, relation: str, name: str) -> None:
    ((count,),) = context.rows(f"select count(*) from {relation}")
    found.add("accounts", count)
    for entity, file, rows_in, total in context.rows(
        f"select entity, source_file, rows_in, {_SUM} from {relation} where rows_in <> {_SUM} "
        f"or least({', '.join(FATES)}) < 0 order by all limit 20"
    ):
        found.violate(
            name,
            f"{entity}: {rows_in} rows came in, {total} are accounted for",
            f"{entity}：读入 {rows_in} 行，核算 {total} 行",
            file=file,
        )


def _canonical(context: Context, found: Outcome) -> None:
    """Loaded and quarantined by the account are what the tables hold, file by file."""
    for fate, parts in (
        ("loaded", [(entity, f"canonical.{quote(entity)}", "true") for entity in context.mapped()]),
        ("quarantined", [(entity, "canonical.quarantine", f"entity = {text_literal(entity)}")
                         for entity in context.mapped()]),
    ):  # fmt: skip
        there = " union all ".join(
            f"select {text_literal(entity)} as entity, source_system, source_object, source_sha256, count(*) as n, "
            f"min(source_file) as file from {table} where {where} group by all"
            for entity, table, where in parts
        )
        for entity, file, said, held in context.rows(
            f"select coalesce(a.entity, t.entity), coalesce(a.source_file, t.file), coalesce(a.{fate}, 0), "
            f"coalesce(t.n, 0) from canonical.row_account as a full join ({there}) as t "
            "using (entity, source_system, source_object, source_sha256) "
            f"where coalesce(a.{fate}, 0) <> coalesce(t.n, 0) order by all limit 20"
        ):
            table = f"canonical.{entity}" if fate == "loaded" else "canonical.quarantine"
            found.violate(
                table,
                f"{said} rows of {entity} are {fate} by the account, the table holds {held}",
                f"账目显示 {entity} 有 {said} 行（{fate}），表中为 {held} 行",
                file=file,
            )


def _staging(context: Context, found: Outcome) -> None:
    for entity in context.mapped():
        staged = f"staging.stg_{entity}"
        if "source_sha256" not in context.relations.get(staged, {}):
            continue
        found.add("staging tables", 1)
        for file, row in context.rows(
            f"select source_file, source_row from canonical.{quote(entity)} as c where not exists (select 1 from "
            f"{staged} as s where s.source_sha256 = c.source_sha256 and s.source_row = c.source_row "
            f"and s.{quote(context.keys[entity])} = c.{quote(context.keys[entity])}) order by all limit 3"
        ):
            found.violate(staged, "a canonical row is missing", "缺少规范层中的一行", file=file, row=row)
        ((canonical, held),) = context.rows(
            f"select (select count(*) from canonical.{quote(entity)}), (select count(*) from {staged})"
        )
        if held > canonical:
            found.violate(staged, f"{held} rows, canonical has {canonical}", f"{held} 行，规范层为 {canonical} 行")


def _merges(context: Context, found: Outcome) -> None:
    """Rows that identity joined with others are named, and each points at a row that stands."""
    for relation, entity, key, survivor in merge_tables(context.relations, context.keys):
        staged = f"staging.stg_{entity}"
        found.add("merge tables", 1)
        for (wrong,) in context.rows(
            f"select count(*) from {relation} as m where m.{quote(survivor)} not in "
            f"(select {quote(context.keys[entity])} from {staged})"
        ):
            if wrong:
                found.violate(
                    relation, f"{wrong} rows merged into a row that does not exist", f"{wrong} 行并入了不存在的记录"
                )
        resolved = f"intermediate.int_{entity}"
        if key not in context.relations.get(resolved, {}):
            continue
        ((stood, gone, left),) = context.rows(
            f"select (select count(distinct {quote(context.keys[entity])}) from {staged}), (select count(distinct "
            f"{quote(key)}) from {relation} where {quote(key)} <> {quote(survivor)}), "
            f"(select count(distinct {quote(key)}) from {resolved})"
        )
        if stood - gone != left:
            found.violate(
                resolved,
                f"{stood} rows in staging, {gone} merged, so {stood - gone} must remain; {left} do",
                f"staging {stood} 行，合并 {gone} 行，应余 {stood - gone} 行，实为 {left} 行",
            )
