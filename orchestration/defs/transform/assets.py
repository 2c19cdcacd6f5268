"""The dbt floors, one op each so that a gate stands between them, and the materialised metrics."""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, get_args

import dagster as dg
from dagster_dbt import DagsterDbtTranslator, DagsterDbtTranslatorSettings, dbt_assets

from orchestration.defs.code_links import linked, local_link, with_links
from orchestration.defs.freshness import built_policy
from orchestration.defs.keys import gate_key
from orchestration.defs.labels import DATA_TEAM, asset_tags
from orchestration.defs.resources import WorkspaceResource, active
from orchestration.defs.transform.events import dbt_events
from orchestration.lib.contract import Loop, load_contract
from orchestration.lib.dbt_runner import DbtError, DbtRunner
from orchestration.lib.progress import report
from orchestration.lib.workspace import DBT_PROJECT_DIR

#: floor → (folders under models/, the gate that must have passed before it)
FLOORS: dict[str, tuple[tuple[str, ...], str]] = {
    "staging": (("staging", "intermediate"), "canonical"),
    "loops": (("marts",), "staging"),  # a folder per loop, what they share, and the journeys
    "attribution": (("marts/attribution",), "loops"),
    "metrics": (("metrics",), "attribution"),
}


def floor_of(path: str) -> str | None:
    """The floor of a model file given relative to ``dbt_project``, by the deepest folder; None for what is on none."""
    found = [
        (len(folder), floor)
        for floor, (folders, _gate) in FLOORS.items()
        for folder in folders
        if path.startswith(f"models/{folder}/")
    ]
    return max(found)[1] if found else None


def tags_of(path: str) -> dict[str, str]:
    """Tags of a model by where its file is: floor and loop, and whether tokens of personal values are in it.

    Tokens end on the staging floor; gates see to it that it holds no values, and that what is published holds neither.
    """
    floor, folder, name = floor_of(path) or "canonical", Path(path).parent.name, Path(path).stem
    entities = load_contract().entities
    entity = entities.get(name.removeprefix("stg_")) if folder == "staging" else None
    if entity is not None:
        tokens = any(column.personal for column in entity.columns.values())
        return asset_tags(floor, loops=[entity.loop], holds_tokens=tokens)
    return asset_tags(floor, loops=[folder] if folder in get_args(Loop) else [])  # "shared" is no loop


class FloorTranslator(DagsterDbtTranslator):
    """Groups are floors; every model of a floor waits for the gate that guards it.

    Owners are dbt's: ``+meta: {dagster: {owners: [...]}}`` per folder in dbt_project.yml.

    Args:
        freshness: the policy of what readers see: marts, attribution and metrics.
    """

    def __init__(self, settings: DagsterDbtTranslatorSettings, freshness: dg.FreshnessPolicy | None) -> None:
        super().__init__(settings=settings)
        self._freshness = freshness

    def get_group_name(self, dbt_resource_props: Mapping[str, Any]) -> str | None:
        return floor_of(dbt_resource_props["original_file_path"]) or "canonical"

    def get_asset_spec(self, manifest: Mapping[str, Any], unique_id: str, project: Any) -> dg.AssetSpec:
        spec = super().get_asset_spec(manifest, unique_id, project)
        path = self.get_resource_props(manifest, unique_id)["original_file_path"]
        floor = floor_of(path)
        if not unique_id.startswith("model.") or floor is None:
            return spec
        gate = gate_key(FLOORS[floor][1])
        if any(dep.asset_key == gate for dep in spec.deps):
            return spec
        spec = spec.replace_attributes(
            deps=[*spec.deps, dg.AssetDep(gate)],
            tags={**spec.tags, **tags_of(path)},
            freshness_policy=None if floor == "staging" else self._freshness,
        )
        spec = with_links(spec, [local_link(DBT_PROJECT_DIR / path, "model")])
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


def _metric_asset(
    manifest: dict[str, Any], translator: FloorTranslator, freshness: dg.FreshnessPolicy | None
) -> dg.AssetsDefinition:
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
        owners=[DATA_TEAM],
        tags=asset_tags("metrics"),
        freshness_policy=freshness,
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
    workspace, settings, _mappings = active()
    manifest_file: Path = DbtRunner(workspace, settings).prepare()
    manifest = json.loads(manifest_file.read_text(encoding="utf-8"))
    # dbt's tests fail the op that builds the floor; each as a Dagster check as well would cost more than running them.
    freshness = built_policy(settings)
    translator = FloorTranslator(DagsterDbtTranslatorSettings(enable_asset_checks=False), freshness)
    return dg.Definitions(
        assets=linked(
            [
                *(_floor_asset(floor, manifest, translator) for floor in FLOORS),
                _metric_asset(manifest, translator, freshness),
            ]
        )
    )
