"""What Dagster sees: assets, gates between floors, jobs, schedule and sensor of a workspace that never ran."""

from __future__ import annotations

import itertools
import json
import os
from collections.abc import Iterator
from pathlib import Path

import dagster as dg
import pytest

from orchestration.definitions import build_definitions
from orchestration.defs.keys import gate_key
from orchestration.examples.demo import write_demo
from orchestration.lib.settings_template import settings_text
from orchestration.lib.workspace import WORKSPACE_VARIABLE, Workspace

GATE_OF_GROUP = {"staging": "canonical", "loops": "staging", "attribution": "loops"}


@pytest.fixture(scope="module")
def workspace(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workspace]:
    root = tmp_path_factory.mktemp("factory")
    (root / "triloop.yml").write_text(settings_text(write_demo(root)), encoding="utf-8")
    before = os.environ.get(WORKSPACE_VARIABLE)
    os.environ[WORKSPACE_VARIABLE] = str(root)
    yield Workspace.open(root)
    if before is None:
        del os.environ[WORKSPACE_VARIABLE]
    else:
        os.environ[WORKSPACE_VARIABLE] = before


@pytest.fixture(scope="module")
def definitions(workspace: Workspace) -> dg.Definitions:
    return build_definitions()


def test_the_code_location_loads(definitions: dg.Definitions) -> None:
    dg.Definitions.validate_loadable(definitions)
    repository = definitions.get_repository_def()
    assert {job.name for job in repository.get_all_jobs()} - {"__ASSET_JOB"} == {
        "full_run",
        "attribution_only",
        "refresh_ads",
        "refresh_crm",
        "refresh_erp",
        "refresh_service",
    }
    assert [schedule.name for schedule in repository.schedule_defs] == ["daily_run"]
    assert repository.schedule_defs[0].execution_timezone == "Asia/Shanghai"
    assert [sensor.name for sensor in repository.sensor_defs] == ["inbox_sensor"]


def test_groups_are_the_floors_and_every_asset_is_described(definitions: dg.Definitions) -> None:
    specs = definitions.resolve_all_asset_specs()
    assert {spec.group_name for spec in specs} == {
        *("landing", "canonical", "staging", "loops", "attribution", "metrics", "published"),
    }
    assert [spec.key.to_user_string() for spec in specs if not (spec.description or "").strip()] == []
    assert [spec.key.to_user_string() for spec in specs if not spec.kinds] == []


def test_one_asset_per_source_object(definitions: dg.Definitions, workspace: Workspace) -> None:
    from orchestration.lib.mapping import load_mappings
    from orchestration.lib.settings import load_settings

    mappings = load_mappings(workspace, load_settings(workspace))
    landing = {spec.key for spec in definitions.resolve_all_asset_specs() if spec.group_name == "landing"}
    assert landing == {dg.AssetKey([mapping.source, name]) for mapping in mappings for name in mapping.objects}
    assert len(landing) == 27


def test_every_model_waits_for_the_gate_of_its_floor(definitions: dg.Definitions) -> None:
    for spec in definitions.resolve_all_asset_specs():
        if spec.group_name in GATE_OF_GROUP and spec.key.path[0] != "gate":
            gate = gate_key(GATE_OF_GROUP[spec.group_name])
            assert gate in {dep.asset_key for dep in spec.deps}, spec.key


def test_gates_stand_in_a_row_with_blocking_checks(definitions: dg.Definitions) -> None:
    graph = definitions.resolve_asset_graph()
    order = ["canonical", "staging", "loops", "attribution", "metrics"]
    for earlier, later in itertools.pairwise(order):
        assert gate_key(earlier) in graph.get_ancestor_asset_keys(gate_key(later))
    snapshot = graph.get_ancestor_asset_keys(dg.AssetKey(["published", "snapshot"]))
    assert gate_key("metrics") in snapshot
    for gate in order[:4]:
        keys = graph.get_check_keys_for_assets({gate_key(gate)})
        assert any(graph.get_check_spec(key).blocking for key in keys), gate


def test_inbox_sensor_waits_until_files_rest_and_asks_once(
    definitions: dg.Definitions, workspace: Workspace, tmp_path: Path
) -> None:
    sensor = definitions.get_repository_def().get_sensor_def("inbox_sensor")
    cursor: str | None = None

    def look() -> list[str]:
        nonlocal cursor
        context = dg.build_sensor_context(cursor=cursor)
        outcome = sensor(context)
        if isinstance(outcome, dg.SkipReason):
            cursor = context.cursor
            return []
        assert isinstance(outcome, dg.SensorResult)
        cursor = outcome.cursor
        return [str(request.run_key) for request in outcome.run_requests or []]

    assert look() == []  # first sight: the files may still grow
    first = look()
    assert len(first) == 1
    assert look() == []  # nothing new
    leads = workspace.inbox_dir / "crm" / "leads.csv"
    before = leads.read_bytes()
    try:
        leads.write_bytes(before + before.splitlines(keepends=True)[-1])
        assert look() == []  # just changed
        second = look()
        assert len(second) == 1
        assert second != first
        assert len(json.loads(cursor or "")["files"]) == 59
    finally:
        leads.write_bytes(before)
