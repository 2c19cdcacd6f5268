"""The published snapshot: what readers see, switched in one step after every gate passed."""

import dagster as dg

from orchestration.defs.code_links import linked
from orchestration.defs.freshness import built_policy
from orchestration.defs.keys import gate_key
from orchestration.defs.labels import DATA_TEAM, asset_tags
from orchestration.defs.resources import WorkspaceResource, active
from orchestration.lib.build_id import code_version
from orchestration.lib.progress import report
from orchestration.lib.settings import Settings


def _snapshot_asset(settings: Settings) -> dg.AssetsDefinition:
    @dg.asset(
        key=["published", "snapshot"],
        deps=[
            gate_key("metrics"),
            ["metrics", "metric_value"],
            ["metrics", "metric_anomaly"],
            ["metrics", "win_model"],
            ["metrics", "win_driver"],
        ],
        group_name="published",
        kinds={"parquet"},
        owners=[DATA_TEAM],
        tags=asset_tags("published"),
        freshness_policy=built_policy(settings),
        description="Versioned snapshot with manifest, per role, switched atomically "
        "/ 发布快照：带清单、按角色、原子切换",
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

    return snapshot


@dg.definitions
def publish() -> dg.Definitions:
    return dg.Definitions(assets=linked([_snapshot_asset(active().settings)]))
