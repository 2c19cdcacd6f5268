"""The dbt floors, one op each so that a gate stands between them, and the materialised metrics."""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import dagster as dg
from dagster_dbt import DagsterDbtTranslator, DagsterDbtTranslatorSettings, dbt_assets

from orchestration.defs.keys import gate_key
from orchestration.defs.resources import WorkspaceResource, active_workspace
from orchestration.defs.transform.events import dbt_events
from orchestration.lib.dbt_runner import DbtError, DbtRunner
from orchestration.lib.progress import report
from orchestration.lib.settings import load_settings

#: floor → (folders under models/, the gate that must have passed before it)
FLOORS: dict[str, tuple[tuple[str, ...], str]] = {
    "staging": (("staging", "intermediate"), "canonical"),
    "loops": (("marts/lead_to_order", "marts/order_to_delivery", "marts/payment_to_profit", "marts/shared"), "staging"),
    "attribution": (("marts/attribution",), "loops"),
    "metrics": (("metrics",), "attribution"),
}


def floor_of(path: str) -> str | None:
    """The floor of a model file given relative to ``dbt_project``; None for what is on no floor."""
    for floor, (folders, _gate) in FLOORS.items():
        if any(path.startswith(f"models/{folder}/") for folder in folders):
            return floor
    return None


class FloorTranslator(DagsterDbtTranslator):
    """Groups are floors; every model of a floor waits for the gate that guards it."""

    def get_group_name(self, dbt_resource_props: Mapping[str, Any]) -> str | None:
        return floor_of(dbt_resource_props["original_file_path"]) or "canonical"

    def get_asset_spec(self, manifest: Mapping[str, Any], unique_id: str, project: Any) -> dg.AssetSpec:
        spec = super().get_asset_spec(manifest, unique_id, project)
        floor = floor_of(self.get_resource_props(manifest, unique_id)["original_file_path"])
        if not unique_id.startswith("model.") or floor is None:
            return spec
        gate = gate_key(FLOORS[floor][1])
        if any(dep.asset_key == gate for dep in spec.deps):
            return spec
        spec = spec.replace_attributes(deps=[*spec.deps, dg.AssetDep(gate)])
        self._resolved_specs[(id(manifest), unique_id, id(project))] = spec
        return spec


def _floor_asset(floor: str, manifest: dict[str, Any], translator: FloorTranslator) -> dg.AssetsDefinition:
    @dbt_assets(manifest=manifest, selector=f"floor_{floor}", name=f"dbt_{floor}", dagster_dbt_translator=translator)
    def build_floor(context: dg.AssetExecutionContext, workspace: WorkspaceResource) -> Iterator[Any]:
        runner = workspace.dbt()
        part = " ".join(sorted(_selected_models(context, manifest, translator))) if context.is_subset else None
        try:
            result = runner.run(select=part) if part is not None else runner.run(selector=f"floor_{floor}")
        except DbtError as failed:
            # What was built before the failure is told too: the graph shows how far the floor came.
            yield from dbt_events(workspace, manifest, translator, failed.result)
            raise
        models = result.models()
        tests = len(result.nodes) - len(models)
        report(f"dbt {floor}: {len(models)} models, {tests} tests passed, {sum(n.rows or 0 for n in models):,} rows")
        yield from dbt_events(workspace, manifest, translator, result)

    return build_floor


def _selected_models(
    context: dg.AssetExecutionContext, manifest: dict[str, Any], translator: FloorTranslator
) -> Iterator[str]:
    for unique_id, props in manifest["nodes"].items():
        if (
            props["resource_type"] == "model"
            and translator.get_asset_spec(manifest, unique_id, None).key in context.selected_asset_keys
        ):
            yield props["name"]


def _metric_asset(manifest: dict[str, Any], translator: FloorTranslator) -> dg.AssetsDefinition:
    read = sorted(
        {
            translator.get_asset_spec(manifest, depends_on, None).key
            for semantic_model in manifest["semantic_models"].values()
            for depends_on in semantic_model["depends_on"]["nodes"]
        }
    )

    @dg.asset(
        key=["metrics", "metric_value"],
        deps=[*read, gate_key("attribution")],
        group_name="metrics",
        kinds={"dbt", "duckdb"},
        description="Every metric of the registry at every cut and period / 指标库：全部指标、全部切分、全部周期",
    )
    def metric_value(context: dg.AssetExecutionContext, workspace: WorkspaceResource) -> dg.MaterializeResult:
        from orchestration.lib.gate_token import require_gate_passed
        from orchestration.lib.metrics import materialise_metrics

        require_gate_passed(workspace.workspace, "attribution")
        rows = materialise_metrics(workspace.workspace, workspace.settings, workspace.workspace.dbt_target_dir)
        report(f"metrics: {rows:,} values")
        return dg.MaterializeResult(metadata={"dagster/row_count": rows})

    return metric_value


@dg.definitions
def transform() -> dg.Definitions:
    workspace = active_workspace()
    manifest_file: Path = DbtRunner(workspace, load_settings(workspace)).prepare()
    manifest = json.loads(manifest_file.read_text(encoding="utf-8"))
    # dbt's tests fail the op that builds the floor; each as a Dagster check as well would cost more than running them.
    translator = FloorTranslator(settings=DagsterDbtTranslatorSettings(enable_asset_checks=False))
    return dg.Definitions(
        assets=[
            *(_floor_asset(floor, manifest, translator) for floor in FLOORS),
            _metric_asset(manifest, translator),
        ]
    )
