"""The win drivers weighed together: a regularised model beside the lifts, on the metrics floor."""

from collections.abc import Iterator

import dagster as dg

from orchestration.defs.code_links import linked, local_link, with_links
from orchestration.defs.keys import gate_key
from orchestration.defs.labels import asset_tags, team
from orchestration.defs.resources import WorkspaceResource
from orchestration.lib.progress import report
from orchestration.lib.workspace import PROJECT_ROOT

_CODE = PROJECT_ROOT / "orchestration" / "lib" / "win_model"
_TOLD = {
    "win_model": "Whether the win drivers could be weighed together, on what, how well; association, not cause "
    "/ 成交因素模型是否可用、依据与效果；关联，不代表因果",
    "win_driver": "What one unit more of each driver goes with, all others equal; association, not cause "
    "/ 其他因素不变时各因素与赢单的关联；不代表因果",
}


def _spec(table: str) -> dg.AssetSpec:
    spec = dg.AssetSpec(
        key=["metrics", table],
        deps=[
            gate_key("attribution"),
            dg.AssetKey(["marts", "opportunity_driver_facts"]),
            dg.AssetKey(["metrics", "interaction_win_lift"]),
        ],
        group_name="metrics",
        kinds={"scikitlearn", "duckdb"},
        owners=[team("sales")],
        tags=asset_tags("metrics"),
        description=_TOLD[table],
    )
    return with_links(spec, [local_link(_CODE / "features.py", "features"), local_link(_CODE / "fit.py", "fit")])


@dg.multi_asset(name="win_model", specs=[_spec(table) for table in _TOLD])
def win_model(context: dg.AssetExecutionContext, workspace: WorkspaceResource) -> Iterator[dg.MaterializeResult]:
    """Weigh the win drivers together, or say why they cannot be."""
    from orchestration.lib.gate_token import require_gate_passed
    from orchestration.lib.win_model import build_win_model

    require_gate_passed(workspace.workspace, "attribution")
    result = build_win_model(workspace.workspace, workspace.settings.metrics.win_model_least_deals)
    report(result.explain())
    told: dict[str, int | str] = {
        "deals": result.deals,
        "drivers": result.drivers,
        "not available because": result.reason_en or "–",
    }
    for table in _TOLD:
        yield dg.MaterializeResult(asset_key=["metrics", table], metadata=told)


@dg.definitions
def win_drivers() -> dg.Definitions:
    return dg.Definitions(assets=linked([win_model]))
