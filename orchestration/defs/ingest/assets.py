"""One asset per source object: what was received, landed as it is; then the mapping onto the canonical contract."""

from collections.abc import Callable, Iterator

import dagster as dg

from orchestration.defs.keys import object_key
from orchestration.defs.resources import WorkspaceResource, active_workspace
from orchestration.lib.contract import load_contract
from orchestration.lib.mapping import SourceMapping, SourceObject, load_mappings
from orchestration.lib.progress import report
from orchestration.lib.settings import load_settings


def _landing_asset(mapping: SourceMapping, obj: SourceObject) -> dg.AssetsDefinition:
    entities = ", ".join(sorted(obj.feeds))
    place = f"table {obj.table}" if obj.table else f"files {obj.file}"

    @dg.asset(
        key=object_key(mapping.source, obj.name),
        group_name="landing",
        kinds={mapping.connection.type, "parquet"},
        tags={"triloop/source": mapping.source},
        description=f"{mapping.label.en}: {place} → {entities} / {mapping.label.zh}：{place} → {entities}",
    )
    def landing(context: dg.AssetExecutionContext, workspace: WorkspaceResource) -> dg.MaterializeResult:
        from orchestration.lib.landing import land_object

        result = land_object(workspace.workspace, workspace.settings, mapping, obj, progress=context.log.info)
        report(
            f"landed {mapping.source}.{obj.name}: {result.rows_in:,} rows, "
            f"{result.new} new file(s), {result.duplicates} seen before"
        )
        return dg.MaterializeResult(
            metadata={
                "dagster/row_count": sum(batch.row_count for batch in result.batches),
                "new_batches": result.new,
                "duplicate_files": result.duplicates,
                "batches": dg.MetadataValue.md(_batch_table(result.batches)),
            }
        )

    return landing


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
    specs = [
        dg.AssetSpec(
            key=["canonical", entity],
            deps=feeders.get(entity, []),
            group_name="canonical",
            kinds={"duckdb"},
            tags={"triloop/mapped": str(entity in feeders).lower()},
            description=f"{contract.entities[entity].description.en} / {contract.entities[entity].description.zh}",
        )
        for entity in sorted(contract.entities)
    ]

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
    """Landing and canonical assets of the active workspace's mappings."""
    workspace = active_workspace()
    mappings = load_mappings(workspace, load_settings(workspace))
    landing = [_landing_asset(mapping, obj) for mapping in mappings for obj in mapping.objects.values()]
    return dg.Definitions(assets=[*landing, *([_canonical_asset(mappings)] if mappings else [])])
