"""The sources, one asset per object of theirs (what was received, landed as it is), and the canonical contract."""

from collections.abc import Callable, Iterator

import dagster as dg

from expectations.suites.contract import OWNERS
from orchestration.defs.code_links import linked, local_link, with_links
from orchestration.defs.freshness import source_policy
from orchestration.defs.keys import object_key, source_key
from orchestration.defs.labels import DATA_TEAM, asset_tags, both, team
from orchestration.defs.resources import WorkspaceResource, active
from orchestration.lib.contract import load_contract
from orchestration.lib.contract.loader import ENTITIES_DIR
from orchestration.lib.landing import LandResult
from orchestration.lib.mapping import SourceMapping, SourceObject
from orchestration.lib.mapping.model import file_kind
from orchestration.lib.progress import report

_KINDS = {"jsonl": "json", "files": "file"}  # as Dagster names them, for the icon


def _source_asset(mapping: SourceMapping) -> dg.AssetSpec:
    """The source itself: outside of our hands, so never run; new content from it is noted by landing.

    The objects are landed at every run, whether or not anything is new, so only here can it be seen that a source has
    gone quiet.
    """
    expected = ("", "")
    if mapping.freshness_hours is not None:
        days, hours = divmod(mapping.freshness_hours, 24)
        number, en, zh = (days, "days", "天") if days > 1 and not hours else (mapping.freshness_hours, "hours", "小时")
        expected = (f" Expected at least every {number} {en}.", f"至少每 {number} {zh}应有一次。")
    spec = dg.AssetSpec(
        key=source_key(mapping.source),
        group_name="sources",
        kinds={_KINDS.get(mapping.connection.type, mapping.connection.type)},
        owners=[mapping.owner or DATA_TEAM],
        tags=asset_tags("sources", source=mapping.source),
        freshness_policy=source_policy(mapping),
        description=f"{mapping.label.en}, the source itself: noted when landing finds new content.{expected[0]} "
        f"/ {mapping.label.zh}（来源本身）：落地发现新内容时记录。{expected[1]}",
    )
    return with_links(spec, [local_link(mapping.file, "mapping")])


def _landing_asset(mapping: SourceMapping, obj: SourceObject) -> dg.AssetsDefinition:
    contract = load_contract()
    entities = ", ".join(sorted(obj.feeds)) or "–"
    place, place_zh = _place(obj)
    received_as = file_kind(obj.file) if obj.file else None
    kind = received_as or mapping.connection.type
    personal = ", ".join(sorted(obj.privacy_plan()))

    @dg.asset(
        key=object_key(mapping.source, obj.name),
        deps=[source_key(mapping.source)],
        group_name="landing",
        kinds={_KINDS.get(kind, kind), "parquet"},
        owners=[mapping.owner or DATA_TEAM],
        tags=asset_tags(
            "landing",
            loops=[contract.entities[entity].loop for entity in obj.feeds],
            source=mapping.source,
            holds_tokens=bool(personal),
        ),
        description=f"{mapping.label.en}: {place} → {entities} / {mapping.label.zh}：{place_zh} → {entities}"
        + (f"\n\nTokens instead of personal values / 以令牌代替个人信息: {personal}" if personal else ""),
    )
    def landing(context: dg.AssetExecutionContext, workspace: WorkspaceResource) -> dg.MaterializeResult:
        from orchestration.lib.landing import land_object

        result = land_object(workspace.workspace, workspace.settings, mapping, obj, progress=context.log.info)
        report(
            f"landed {mapping.source}.{obj.name}: {result.rows_in:,} rows, "
            f"{result.new} new file(s), {result.duplicates} seen before"
        )
        if result.stale is not None:
            context.log.warning(f"stale: {result.stale}")
            report(f"STALE {mapping.source}.{obj.name}: {result.stale}; what it brought before stands")
        if result.new:
            context.log_event(_new_content(mapping, obj, result))
        return dg.MaterializeResult(
            metadata={
                "dagster/row_count": sum(batch.row_count for batch in result.batches),
                "new_batches": result.new,
                "duplicate_files": result.duplicates,
                **({} if result.stale is None else {"stale": result.stale}),
                "batches": dg.MetadataValue.md(_batch_table(result.batches)),
            }
        )

    return landing


def _place(obj: SourceObject) -> tuple[str, str]:
    """Where the object comes from, in English and Chinese."""
    if obj.file:
        return f"files {obj.file}", f"文件 {obj.file}"
    if obj.table:
        return f"table {obj.table}", f"表 {obj.table}"
    return (f"API {obj.request.path}", f"接口 {obj.request.path}") if obj.request else ("a query", "查询")


def _new_content(mapping: SourceMapping, obj: SourceObject, result: LandResult) -> dg.AssetMaterialization:
    return dg.AssetMaterialization(
        asset_key=source_key(mapping.source),
        description=f"new content in {obj.name} / {obj.name} 有新内容",
        metadata={"object": obj.name, "new_batches": result.new, "rows_in": result.rows_in},
    )


def _batch_table(batches: list) -> str:
    lines = ["| file | rows | sha256 |", "|---|---|---|"]
    lines += [f"| {batch.source_file} | {batch.row_count} | `{batch.sha256[:16]}` |" for batch in batches]
    return "\n".join(lines)


def _canonical_asset(mappings: list[SourceMapping]) -> dg.AssetsDefinition:
    contract = load_contract()
    feeders: dict[str, list[dg.AssetKey]] = {}
    for mapping in mappings:
        for obj in mapping.objects.values():
            for entity in obj.feeds:
                feeders.setdefault(entity, []).append(object_key(mapping.source, obj.name))
    specs = []
    for name, definition in sorted(contract.entities.items()):
        unfed = "" if name in feeders else "\n\nNo source feeds it: an empty table / 没有来源提供此实体：空表"
        spec = dg.AssetSpec(
            key=["canonical", name],
            deps=feeders.get(name, []),
            group_name="canonical",
            kinds={"duckdb"},
            owners=[team(OWNERS[definition.loop])],
            tags={
                **asset_tags(
                    "canonical",
                    loops=[definition.loop],
                    holds_tokens=any(column.personal for column in definition.columns.values()),
                ),
                "triloop/mapped": str(name in feeders).lower(),
            },
            description=both(definition.description) + unfed,
        )
        specs.append(with_links(spec, [local_link(ENTITIES_DIR / f"{name}.yml", "contract")]))

    @dg.multi_asset(specs=specs, name="canonical")
    def canonical(context: dg.AssetExecutionContext, workspace: WorkspaceResource) -> Iterator[dg.MaterializeResult]:
        from orchestration.lib.canonical import build_canonical

        progress: Callable[[str], None] = context.log.info
        result = build_canonical(workspace.workspace, workspace.settings, workspace.mappings, progress=progress)
        totals = result.totals()
        report(
            f"canonical: {totals['rows_in']:,} rows in = {totals['loaded']:,} loaded + {totals['quarantined']:,} "
            f"quarantined + {totals['merged']:,} merged + {totals['filtered']:,} filtered + "
            f"{totals['unchanged']:,} unchanged"
        )
        for entity in sorted(contract.entities):  # one that no source feeds is an empty table, and is shown as such
            yield dg.MaterializeResult(
                asset_key=["canonical", entity],
                metadata={"dagster/row_count": result.row_counts[entity], **result.account_of(entity)},
            )

    return canonical


@dg.definitions
def ingest() -> dg.Definitions:
    """Sources, landing and canonical assets of the active workspace's mappings."""
    mappings = active().mappings
    landing, lines = [], {}
    for mapping in mappings:
        for obj in mapping.objects.values():
            landing.append(_landing_asset(mapping, obj))
            lines[object_key(mapping.source, obj.name)] = [local_link(mapping.file, "mapping", obj.line)]
    canonical = [_canonical_asset(mappings)] if mappings else []
    return dg.Definitions(
        assets=[*(_source_asset(mapping) for mapping in mappings), *linked([*landing, *canonical], lines)]
    )
