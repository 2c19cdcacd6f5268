"""Turn what dbt did into Dagster events: materialisations with row counts, schema, column lineage and tests passed."""

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

import dagster as dg

from orchestration.defs.resources import WorkspaceResource
from orchestration.lib.column_lineage import LineageCache
from orchestration.lib.dbt_runner import DbtResult
from orchestration.lib.warehouse import relation_columns


def dbt_events(
    workspace: WorkspaceResource,
    manifest: Mapping[str, Any],
    translator: Any,
    result: DbtResult,
) -> Iterator[dg.MaterializeResult]:
    """Yield one event per model that dbt built, in dbt's order."""
    columns = relation_columns(workspace.workspace)
    cache = LineageCache.of(workspace.workspace)
    tests_passed = Counter(
        parent
        for node in result.nodes
        if node.resource_type == "test" and node.status == "pass"
        for parent in node.depends_on
    )
    for node in result.nodes:
        if node.relation is None or node.status != "success":
            continue
        props = manifest["nodes"][node.unique_id]
        yield dg.MaterializeResult(
            asset_key=translator.get_asset_spec(manifest, node.unique_id, None).key,
            metadata={
                "dagster/row_count": node.rows,
                "dagster/column_schema": _table_schema(props, columns[node.relation]),
                "dagster/column_lineage": _lineage(
                    manifest=manifest,
                    translator=translator,
                    props=props,
                    compiled_sql=node.compiled_code or "",
                    columns=columns,
                    cache=cache,
                ),
                "seconds": node.seconds,
                "dbt_tests_passed": tests_passed[node.unique_id],
            },
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
    *,
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
