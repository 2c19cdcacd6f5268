"""Turn what dbt did into Dagster events: materialisations with row counts, schema and column lineage; test results."""

from collections.abc import Iterator, Mapping
from typing import Any

import dagster as dg
from dagster_dbt.asset_utils import get_asset_check_key_for_test

from orchestration.defs.resources import WorkspaceResource
from orchestration.lib.column_lineage import LineageCache
from orchestration.lib.dbt_runner import DbtResult
from orchestration.lib.warehouse import relation_columns


def dbt_events(
    context: dg.AssetExecutionContext,
    workspace: WorkspaceResource,
    manifest: Mapping[str, Any],
    translator: Any,
    result: DbtResult,
) -> Iterator[dg.MaterializeResult | dg.AssetCheckResult]:
    """Yield one event per model and per test that dbt ran, in dbt's order."""
    columns = relation_columns(workspace.workspace)
    cache = LineageCache(workspace.workspace.state_dir / "column_lineage.json")
    for node in result.nodes:
        props = manifest["nodes"][node.unique_id]
        if node.relation is not None and node.status == "success":
            yield dg.MaterializeResult(
                asset_key=translator.get_asset_spec(manifest, node.unique_id, None).key,
                metadata={
                    "dagster/row_count": node.rows,
                    "dagster/column_schema": _table_schema(props, columns[node.relation]),
                    "dagster/column_lineage": _lineage(
                        manifest, translator, props, node.compiled_code or "", columns, cache
                    ),
                    "seconds": node.seconds,
                },
            )
        elif node.resource_type == "test" and node.status != "skipped":
            check = get_asset_check_key_for_test(manifest, translator, node.unique_id, None)
            if check is not None and check in context.selected_asset_check_keys:
                yield dg.AssetCheckResult(
                    asset_key=check.asset_key,
                    check_name=check.name,
                    passed=node.status == "pass",
                    severity=dg.AssetCheckSeverity.WARN if node.status == "warn" else dg.AssetCheckSeverity.ERROR,
                    metadata={"failures": node.failures or 0},
                )
    cache.save()


def _table_schema(props: Mapping[str, Any], columns: Mapping[str, str]) -> dg.TableSchema:
    documented = props.get("columns", {})
    return dg.TableSchema(
        columns=[
            dg.TableColumn(name=name, type=sql_type, description=documented.get(name, {}).get("description") or None)
            for name, sql_type in columns.items()
        ]
    )


def _lineage(
    manifest: Mapping[str, Any],
    translator: Any,
    props: Mapping[str, Any],
    compiled_sql: str,
    columns: Mapping[str, Mapping[str, str]],
    cache: LineageCache,
) -> dg.TableColumnLineage:
    parents = {}
    for unique_id in props["depends_on"]["nodes"]:
        parent = manifest["nodes"].get(unique_id) or manifest["sources"][unique_id]
        parents[f"{parent['schema']}.{parent.get('alias') or parent['name']}"] = unique_id
    upstream = {relation: list(columns[relation]) for relation in parents if relation in columns}
    return dg.TableColumnLineage(
        deps_by_column={
            column: [
                dg.TableColumnDep(
                    asset_key=translator.get_asset_spec(manifest, parents[relation], None).key, column_name=source
                )
                for relation, source in sources
            ]
            for column, sources in cache.get(compiled_sql, upstream).items()
        }
    )
