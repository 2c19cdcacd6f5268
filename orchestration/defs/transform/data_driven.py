"""The data-driven attribution models: one op between the journeys and the attribution floor, whose weights read it."""

import dagster as dg

from orchestration.defs.code_links import linked, local_link, with_links
from orchestration.defs.keys import gate_key
from orchestration.defs.labels import asset_tags, team
from orchestration.defs.resources import WorkspaceResource
from orchestration.lib.attribution.build import SCHEMA, TABLE
from orchestration.lib.progress import report
from orchestration.lib.workspace import PROJECT_ROOT

_CODE = PROJECT_ROOT / "orchestration" / "lib" / "attribution"
_SPEC = with_links(
    dg.AssetSpec(
        key=[SCHEMA, TABLE],
        deps=[gate_key("loops"), dg.AssetKey([SCHEMA, "path_touch"])],
        group_name="attribution",
        kinds={"numpy", "duckdb"},
        owners=[team("marketing")],
        tags=asset_tags("attribution"),
        description="Markov removal effects and Shapley values of channels and campaigns, with bootstrap intervals "
        "/ 渠道与活动的马尔可夫移除效应及沙普利值，附自助法区间",
    ),
    [local_link(_CODE / "markov.py", "markov"), local_link(_CODE / "shapley.py", "shapley")],
)


@dg.multi_asset(name=TABLE, specs=[_SPEC])
def channel_effect(context: dg.AssetExecutionContext, workspace: WorkspaceResource) -> dg.MaterializeResult:
    """Work out both models, or say why no advice may rest on them."""
    from orchestration.lib.attribution.build import build_channel_effect
    from orchestration.lib.gate_token import require_gate_passed

    require_gate_passed(workspace.workspace, "loops")
    result = build_channel_effect(workspace.workspace, workspace.settings.attribution)
    report(result.explain())
    told: dict[str, int | str] = {
        "conversions": result.conversions,
        "null paths": result.null_paths,
        "no advice because": result.reason_en or "–",
        **{f"{level}s": count for level, count in result.members.items()},
    }
    return dg.MaterializeResult(asset_key=[SCHEMA, TABLE], metadata=told)


@dg.definitions
def data_driven() -> dg.Definitions:
    return dg.Definitions(assets=linked([channel_effect]))
