"""The published snapshot: what readers see, switched in one step after every gate passed."""

import dagster as dg

from orchestration.defs.keys import gate_key
from orchestration.defs.resources import WorkspaceResource
from orchestration.lib.build_id import code_version
from orchestration.lib.progress import report


@dg.asset(
    key=["published", "snapshot"],
    deps=[gate_key("metrics"), ["metrics", "metric_value"]],
    group_name="published",
    kinds={"parquet"},
    description="Versioned snapshot with manifest, per role, switched atomically / 发布快照：带清单、按角色、原子切换",
)
def snapshot(context: dg.AssetExecutionContext, workspace: WorkspaceResource) -> dg.MaterializeResult:
    from orchestration.lib.publish import publish_snapshot

    result = publish_snapshot(
        workspace.workspace, workspace.settings, run_id=context.run.run_id, code_version=code_version()
    )
    report(
        f"published {result.snapshot_id}: "
        + ("nothing changed, the snapshot stays" if result.unchanged else f"{len(result.tables)} tables")
    )
    return dg.MaterializeResult(
        metadata={
            "snapshot_id": result.snapshot_id,
            "unchanged": result.unchanged,
            "path": dg.MetadataValue.path(str(result.path)),
            "tables": dg.MetadataValue.json(result.tables),
        }
    )
