"""Anomaly monitoring: after the metrics, before their gate; what is unusual is a warning and stops nothing."""

from collections.abc import Iterator

import dagster as dg

from orchestration.defs.code_links import linked, local_link, with_links
from orchestration.defs.labels import DATA_TEAM, asset_tags
from orchestration.defs.resources import WorkspaceResource
from orchestration.lib.progress import report
from orchestration.lib.workspace import PROJECT_ROOT

KEY = dg.AssetKey(["metrics", "metric_anomaly"])
CHECK = "nothing_unusual"
_CODE = PROJECT_ROOT / "orchestration" / "lib" / "anomalies"

_LINKS = [local_link(_CODE / "baseline.py", "baseline"), local_link(_CODE / "movers.py", "movers")]
_SPEC = dg.AssetSpec(
    key=KEY,
    deps=[["metrics", "metric_value"]],
    group_name="metrics",
    kinds={"duckdb"},
    owners=[DATA_TEAM],
    tags=asset_tags("metrics"),
    description="The latest closed month of each metric and source against its own history, and what moved it "
    "/ 异常波动：每个指标与来源的最近已结束月份与自身历史比较，并指出变动来源",
)


@dg.multi_asset(
    name="metric_anomaly",
    specs=[
        with_links(_SPEC, [local_link(_CODE / "baseline.py", "baseline"), local_link(_CODE / "movers.py", "movers")])
    ],
    check_specs=[
        dg.AssetCheckSpec(
            name=CHECK,
            asset=KEY,
            blocking=False,
            description=f"Owner / 负责人: {DATA_TEAM}\n\n- `{CHECK}`: no metric or source is far from its own history, "
            "or somebody said why (`triloop anomalies`) / 没有指标或来源明显偏离自身历史，或已有人说明原因",
            metadata={"owners": DATA_TEAM},
        )
    ],
)
def anomalies(
    context: dg.AssetExecutionContext, workspace: WorkspaceResource
) -> Iterator[dg.MaterializeResult | dg.AssetCheckResult]:
    """Judge every watched series; list what is unusual with what moved it."""
    from orchestration.lib.anomalies import build_anomalies
    from orchestration.lib.anomalies.listing import anomalies as listed
    from orchestration.lib.anomalies.listing import markdown
    from orchestration.lib.gate_token import require_gate_passed

    require_gate_passed(workspace.workspace, "attribution")
    result = build_anomalies(workspace.workspace, workspace.settings.anomalies)
    report(
        f"anomalies: {result.judged} series judged, {result.unusual} unusual, {result.spoken_of} spoken of, "
        f"{result.too_short} with too short a history"
    )
    found = listed(workspace.workspace)
    yield dg.MaterializeResult(
        asset_key=KEY,
        metadata={
            "judged": result.judged,
            "unusual": result.unusual,
            "spoken of": result.spoken_of,
            "history too short": result.too_short,
        },
    )
    yield dg.AssetCheckResult(
        asset_key=KEY,
        check_name=CHECK,
        passed=result.unusual == 0,
        severity=dg.AssetCheckSeverity.WARN,
        description=markdown(found) or "nothing is unusual / 无异常",
        metadata={"unusual": result.unusual},
    )


@dg.definitions
def monitoring() -> dg.Definitions:
    return dg.Definitions(assets=linked([anomalies]))
