"""What Dagster is given, as text that a person can read and a diff can show."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

import dagster as dg

from orchestration.defs.code_links import METADATA_KEY
from orchestration.lib.workspace import PROJECT_ROOT

HEAD = """\
# What Dagster sees of the demo: assets by floor with their checks, then jobs, schedules, sensors and resources.
# Written by `make snapshots`; a test compares it with the definitions as they are.
"""
FLOORS = ("sources", "landing", "canonical", "staging", "loops", "attribution", "metrics", "published")
_KIND_TAGS = "dagster/kind/"


def render(definitions: dg.Definitions, workspace: Path) -> str:
    """All definitions in a fixed order, without anything of this machine.

    Args:
        definitions: those of the code location.
        workspace: the workspace's folder; links into it are shown relative to it.
    """
    graph = definitions.resolve_asset_graph()
    specs = sorted(definitions.resolve_all_asset_specs(), key=lambda spec: spec.key.path)
    groups = sorted({spec.group_name or "" for spec in specs}, key=FLOORS.index)
    lines = [HEAD]
    for group in groups:
        members = [spec for spec in specs if spec.group_name == group]
        lines.append(f"== group {group}: {len(members)} assets ==\n")
        for spec in members:
            lines += [*_asset(spec, workspace), *_checks(graph, spec.key), ""]
    lines += _automation(definitions)
    return "\n".join(lines).rstrip() + "\n"


def _asset(spec: dg.AssetSpec, workspace: Path) -> Iterator[str]:
    yield f"asset {spec.key.to_user_string()}"
    yield f"  owners {_list(spec.owners)}; kinds {_list(sorted(spec.kinds))}"
    tags = {name: value for name, value in spec.tags.items() if not name.startswith(_KIND_TAGS)}
    yield f"  tags {_list(f'{name}={value}' for name, value in sorted(tags.items()))}"
    if isinstance(spec.freshness_policy, dg.FreshnessPolicy):
        yield f"  late after {spec.freshness_policy.fail_window.to_timedelta()}"
    yield f"  code {_list(_links(spec, workspace))}"
    if spec.deps:
        yield f"  deps {_list(sorted(dep.asset_key.to_user_string() for dep in spec.deps))}"


def _links(spec: dg.AssetSpec, workspace: Path) -> Iterator[str]:
    """Files without lines: a line moves with every edit above it, and says nothing to a reader of this text."""
    references = spec.metadata.get(METADATA_KEY)
    assert isinstance(references, dg.CodeReferencesMetadataValue), f"{spec.key} links to no code"
    for reference in references.code_references:
        assert isinstance(reference, dg.LocalFileCodeReference)
        path = Path(reference.file_path)
        root = workspace if path.is_relative_to(workspace) else PROJECT_ROOT
        yield f"{'<workspace>/' if root == workspace else ''}{path.relative_to(root).as_posix()}"


def _checks(graph: dg.AssetGraph, key: dg.AssetKey) -> Iterator[str]:
    for check_key in sorted(graph.get_check_keys_for_assets({key}), key=lambda one: one.name):
        spec = graph.get_check_spec(check_key)
        rules = (spec.description or "").count("\n- ")
        yield (
            f"  check {spec.name}: {'blocking' if spec.blocking else 'warning'}, rules {rules}, "
            f"owners {spec.metadata['owners']}"
        )


def _automation(definitions: dg.Definitions) -> Iterator[str]:
    repository = definitions.get_repository_def()
    yield "== automation ==\n"
    for job in sorted(repository.get_all_jobs(), key=lambda one: one.name):
        if job.name.startswith("__"):
            continue
        tags = _list(f"{name}={value}" for name, value in sorted(job.tags.items()))
        assets = len(job.asset_layer.executable_asset_keys)
        yield f"job {job.name}: {assets} assets, {len(job.nodes)} steps; tags {tags}"
    for schedule in repository.schedule_defs:
        yield f"schedule {schedule.name}: {schedule.cron_schedule} {schedule.execution_timezone} → {schedule.job_name}"
    for sensor in repository.sensor_defs:
        yield f"sensor {sensor.name}: every {sensor.minimum_interval_seconds} s → {sensor.job_name}"
    for name in sorted(repository.get_top_level_resources()):
        yield f"resource {name}"


def _list(items: Iterable[str]) -> str:
    return ", ".join(items) or "–"
