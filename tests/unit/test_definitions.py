"""What Dagster sees: assets, gates between floors, jobs, schedule and sensor of a workspace that never ran."""

from __future__ import annotations

import difflib
import itertools
import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import dagster as dg
import pytest

from orchestration.cli.run import readable_cause
from orchestration.definitions import build_definitions
from orchestration.defs.automation.inbox import what_changed
from orchestration.defs.code_links import METADATA_KEY, URL_VARIABLE
from orchestration.defs.freshness import longest_gap
from orchestration.defs.keys import gate_key
from orchestration.defs.who_why import command_tags, who_and_why
from orchestration.examples.demo import write_demo
from orchestration.lib.errors import ConfigurationError
from orchestration.lib.settings_template import settings_text
from orchestration.lib.workspace import PROJECT_ROOT, WORKSPACE_VARIABLE, Workspace
from tests.definition_snapshot import render

GATE_OF_GROUP = {"staging": "canonical", "loops": "staging", "attribution": "loops"}
SNAPSHOT = PROJECT_ROOT / "tests" / "snapshots" / "definitions.txt"
RENEW_VARIABLE = "TRILOOP_RENEW_SNAPSHOTS"
TEAMS = {f"team:{name}" for name in ("marketing", "sales", "production", "quality", "finance", "data")}


@pytest.fixture(scope="module")
def workspace(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workspace]:
    root = tmp_path_factory.mktemp("factory")
    (root / "triloop.yml").write_text(settings_text(write_demo(root)), encoding="utf-8")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(WORKSPACE_VARIABLE, str(root))
        patch.delenv(URL_VARIABLE, raising=False)
        yield Workspace.open(root)


@pytest.fixture(scope="module")
def definitions(workspace: Workspace) -> dg.Definitions:
    return build_definitions()


@pytest.fixture(scope="module")
def specs(definitions: dg.Definitions) -> dict[str, dg.AssetSpec]:
    return {spec.key.to_user_string(): spec for spec in definitions.resolve_all_asset_specs()}


def test_the_definitions_are_those_of_the_snapshot(definitions: dg.Definitions, workspace: Workspace) -> None:
    now = render(definitions, workspace.root)
    if os.environ.get(RENEW_VARIABLE):
        SNAPSHOT.write_text(now, encoding="utf-8")
    kept = SNAPSHOT.read_text(encoding="utf-8")
    difference = "\n".join(difflib.unified_diff(kept.splitlines(), now.splitlines(), SNAPSHOT.name, "now", lineterm=""))
    assert not difference, (
        f"Dagster's definitions differ from {SNAPSHOT.relative_to(PROJECT_ROOT)}; if that is meant, renew it with "
        f"'make snapshots' and commit it with the change\n{difference}"
    )


def test_the_code_location_loads(definitions: dg.Definitions) -> None:
    dg.Definitions.validate_loadable(definitions)
    repository = definitions.get_repository_def()
    assert {job.name for job in repository.get_all_jobs()} - {"__ASSET_JOB"} == {
        "full_run",
        "attribution_only",
        "refresh_ads",
        "refresh_crm",
        "refresh_erp",
        "refresh_office",
        "refresh_service",
    }
    assert [schedule.name for schedule in repository.schedule_defs] == ["daily_run"]
    assert repository.schedule_defs[0].execution_timezone == "Asia/Shanghai"
    assert [sensor.name for sensor in repository.sensor_defs] == ["inbox_sensor"]


def test_groups_are_the_floors_and_every_asset_is_described(definitions: dg.Definitions) -> None:
    specs = definitions.resolve_all_asset_specs()
    assert {spec.group_name for spec in specs} == {
        *("sources", "landing", "canonical", "staging", "loops", "attribution", "metrics", "published"),
    }
    assert [spec.key.to_user_string() for spec in specs if not in_both_languages(spec.description)] == []
    assert [spec.key.to_user_string() for spec in specs if not spec.kinds] == []


def in_both_languages(text: str | None) -> bool:
    prose = (text or "").split("#### Raw SQL")[0]
    return bool(re.search(r"[\u4e00-\u9fff]", prose) and re.search(r"[A-Za-z]{3}", prose))


def test_every_asset_has_an_owner_a_floor_and_a_link_to_what_defines_it(specs: dict[str, dg.AssetSpec]) -> None:
    for key, spec in specs.items():
        asked = key.split("/")[0] in {"sources", "ads", "crm", "erp", "office", "service"}  # the mapping says whom
        assert all(owner in TEAMS or (asked and "@" in owner) for owner in spec.owners), key
        assert spec.owners, key
        assert spec.tags["triloop/floor"] == spec.group_name, key
        for link in spec.metadata[METADATA_KEY].code_references:
            assert Path(link.file_path).is_file(), key
    assert specs["marts/lot_facts"].owners == ["team:quality"]
    assert specs["marts/invoice_line_facts"].owners == ["team:finance"]
    assert specs["attribution/attribution_credit"].owners == ["team:marketing"]
    assert specs["canonical/lead"].owners == ["team:sales"]


def test_tags_say_loop_source_and_where_tokens_are(specs: dict[str, dg.AssetSpec]) -> None:
    assert specs["crm/leads"].tags["triloop/source"] == "crm"
    assert specs["marts/lead_facts"].tags["triloop/loop"] == "lead_to_order"
    assert specs["staging/stg_payment"].tags["triloop/loop"] == "payment_to_profit"
    assert "triloop/loop" not in specs["marts/dim_product"].tags  # shared by all
    with_tokens = {key for key, spec in specs.items() if spec.tags.get("triloop/personal") == "tokens"}
    assert {
        "crm/leads",
        "canonical/lead",
        "staging/stg_lead",
        "canonical/contact",
        "staging/stg_contact",
    } <= with_tokens
    assert {key.split("/")[0] for key in with_tokens} <= {
        "ads",
        "crm",
        "erp",
        "office",
        "service",
        "canonical",
        "staging",
    }


def test_links_lead_to_the_line_of_the_mapping_and_the_model(
    specs: dict[str, dg.AssetSpec], workspace: Workspace
) -> None:
    mapping, op = specs["crm/leads"].metadata[METADATA_KEY].code_references
    assert Path(mapping.file_path) == workspace.mappings_dir / "crm.yml"
    line = Path(mapping.file_path).read_text(encoding="utf-8").splitlines()[mapping.line_number - 1]
    assert line.strip() == "leads:"
    assert Path(op.file_path) == PROJECT_ROOT / "orchestration" / "defs" / "ingest" / "assets.py"
    model = specs["marts/order_facts"].metadata[METADATA_KEY].code_references[0]
    assert Path(model.file_path) == PROJECT_ROOT / "dbt_project" / "models" / "marts" / "shared" / "order_facts.sql"
    suites = {Path(link.file_path).name for link in specs["gate/gate_staging"].metadata[METADATA_KEY].code_references}
    assert {"dedup.py", "currency.py", "time.py"} <= suites


def test_links_into_the_project_lead_to_where_it_is_hosted(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(URL_VARIABLE, "https://github.com/acme/triloop.git")
    monkeypatch.setenv("TRILOOP_CODE_BRANCH", "release")
    hosted = {spec.key.to_user_string(): spec for spec in build_definitions().resolve_all_asset_specs()}
    mapping, op = hosted["crm/leads"].metadata[METADATA_KEY].code_references
    assert Path(mapping.file_path) == workspace.mappings_dir / "crm.yml"  # the workspace is not the project
    assert op.url.startswith("https://github.com/acme/triloop/tree/release/orchestration/defs/ingest/assets.py#L")
    model = hosted["marts/order_facts"].metadata[METADATA_KEY].code_references[0]
    assert model.url == ("https://github.com/acme/triloop/tree/release/dbt_project/models/marts/shared/order_facts.sql")
    monkeypatch.setenv(URL_VARIABLE, "https://git.example.com/triloop")
    with pytest.raises(Exception, match="Error while building definitions") as wrong:
        build_definitions()
    assert "TRILOOP_CODE_PLATFORM" in str(readable_cause(wrong.value))


def test_one_asset_per_source_object(definitions: dg.Definitions, workspace: Workspace) -> None:
    from orchestration.lib.mapping import load_mappings
    from orchestration.lib.settings import load_settings

    mappings = load_mappings(workspace, load_settings(workspace))
    landing = {spec.key for spec in definitions.resolve_all_asset_specs() if spec.group_name == "landing"}
    assert landing == {dg.AssetKey([mapping.source, name]) for mapping in mappings for name in mapping.objects}
    assert len(landing) > 27  # what the first demo had, so that an empty list on both sides is no agreement


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


def test_every_check_says_its_rules_and_their_owner(definitions: dg.Definitions) -> None:
    graph = definitions.resolve_asset_graph()
    for key in graph.asset_check_keys:
        spec = graph.get_check_spec(key)
        owners = set(spec.metadata["owners"].split(", "))
        assert owners <= TEAMS, key
        assert spec.description is not None
        assert spec.description.startswith(f"Owner / 负责人: {spec.metadata['owners']}"), key
        rules = [line for line in spec.description.splitlines() if line.startswith("- ")]
        assert rules
        assert all(in_both_languages(rule) for rule in rules), key


def test_everything_else_is_described_in_both_languages(definitions: dg.Definitions) -> None:
    repository = definitions.get_repository_def()
    named = [job for job in repository.get_all_jobs() if not job.name.startswith("__")]
    for definition in [*named, *repository.schedule_defs, *repository.sensor_defs]:
        assert in_both_languages(definition.description), definition.name
    resource = repository.get_top_level_resources()["workspace"]
    assert in_both_languages(resource.description)
    for name, field in resource.config_schema.config_type.fields.items():
        assert in_both_languages(field.description), name


def test_sources_and_what_readers_see_are_late_by_mapping_and_schedule(
    workspace: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copytree(workspace.mappings_dir, tmp_path / "mappings")
    text = workspace.settings_file.read_text(encoding="utf-8")
    for default, meant in (('daily: "0 6 * * *"', 'daily: "30 5 * * 1-5"'), ("hours: 2", "hours: 3")):
        assert text.count(default) == 1
        text = text.replace(default, meant)
    (tmp_path / "triloop.yml").write_text(text, encoding="utf-8")
    mapping = tmp_path / "mappings" / "crm.yml"
    lines = mapping.read_text(encoding="utf-8").splitlines()
    others = [line for line in lines if not line.startswith(("owner:", "freshness:"))]
    mapping.write_text("\n".join(["owner: ada@example.com", "freshness: {hours: 26}", *others]), encoding="utf-8")
    monkeypatch.setenv(WORKSPACE_VARIABLE, str(tmp_path))
    specs = {spec.key.to_user_string(): spec for spec in build_definitions().resolve_all_asset_specs()}
    assert specs["sources/crm"].freshness_policy == dg.FreshnessPolicy.time_window(timedelta(hours=26))
    assert specs["sources/crm"].owners == specs["crm/leads"].owners == ["ada@example.com"]
    # from Friday 5:30 to Monday 5:30, and three hours
    promised = dg.FreshnessPolicy.time_window(timedelta(hours=75))
    for key in ("marts/order_facts", "attribution/attribution_credit", "metrics/metric_value", "published/snapshot"):
        assert specs[key].freshness_policy == promised, key
    assert specs["staging/stg_lead"].freshness_policy is None
    assert specs["crm/leads"].freshness_policy is None


@pytest.mark.parametrize(
    ("cron", "hours"),
    [("0 6 * * *", 24), ("0 6 * * 1-5", 72), ("0 6 1 * *", 31 * 24), ("*/5 * * * *", 5 / 60), ("0 6 29 2 *", None)],
)
def test_the_longest_gap_of_a_schedule(cron: str, hours: float | None) -> None:
    assert longest_gap(cron, "Asia/Shanghai") == (None if hours is None else timedelta(hours=hours))


def test_the_longest_gap_counts_the_hour_that_clocks_are_put_back() -> None:
    assert longest_gap("0 6 * * *", "Europe/Berlin") == timedelta(hours=25)


def test_definitions_of_two_workspaces_do_not_mix(
    definitions: dg.Definitions, workspace: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copy(workspace.settings_file, tmp_path)
    monkeypatch.setenv(WORKSPACE_VARIABLE, str(tmp_path))
    bare = build_definitions()  # a new workspace, before its first mapping
    dg.Definitions.validate_loadable(bare)
    assert not [spec for spec in bare.resolve_all_asset_specs() if spec.group_name in ("sources", "landing")]
    assert bare.resources["workspace"].path == str(tmp_path.resolve())
    assert definitions.resources["workspace"].path == str(workspace.root)
    # the sensor of the first looks into the first, whatever the environment says by now
    context = dg.build_sensor_context()
    definitions.get_repository_def().get_sensor_def("inbox_sensor")(context)
    assert "inbox/crm/leads.csv" in json.loads(context.cursor or "{}")["files"]


def test_without_a_workspace_the_code_location_says_what_to_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(WORKSPACE_VARIABLE, raising=False)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("orchestration.defs.resources.PROJECT_ROOT", tmp_path)
    with pytest.raises(ConfigurationError, match="triloop ui --workspace DIR"):
        build_definitions()


def test_loading_imports_nothing_heavy(definitions: dg.Definitions, workspace: Workspace) -> None:
    """The daemon, the UI and every run load the definitions; what only an op needs is imported by the op.

    dagster-dbt itself imports dbt's adapter base and result classes; dbt's command line, parser, tasks and the adapter
    that opens a database must stay out.
    """
    heavy = ("great_expectations", "dlt", "metricflow", "pandas", "sqlalchemy", "dbt.cli", "dbt.task", "dbt.parser",
             "dbt.adapters.duckdb")  # fmt: skip
    code = (
        "import sys, orchestration.definitions as d; d.build_definitions().get_repository_def(); "
        f"print([name for name in {heavy!r} if name in sys.modules])"
    )
    outcome = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        check=True,
        cwd=PROJECT_ROOT,
        env={**os.environ, WORKSPACE_VARIABLE: str(workspace.root)},
    )
    assert outcome.stdout.strip() == "[]"
    assert "BetaWarning" not in outcome.stderr


def test_inbox_sensor_waits_until_files_rest_and_asks_once(
    definitions: dg.Definitions, workspace: Workspace, tmp_path: Path
) -> None:
    sensor = definitions.get_repository_def().get_sensor_def("inbox_sensor")
    cursor: str | None = None

    def look() -> list[dg.RunRequest]:
        nonlocal cursor
        context = dg.build_sensor_context(cursor=cursor)
        outcome = sensor(context)
        if isinstance(outcome, dg.SkipReason):
            cursor = context.cursor
            return []
        assert isinstance(outcome, dg.SensorResult)
        cursor = outcome.cursor
        return list(outcome.run_requests or [])

    assert look() == []  # first sight: the files may still grow
    first = look()
    assert len(first) == 1
    assert first[0].tags["triloop/who"] == "sensor inbox_sensor"
    files = len([path for path in workspace.inbox_dir.rglob("*") if path.is_file()])
    assert first[0].tags["triloop/why"].startswith(f"inbox: {files} files new or changed: inbox/ads/")
    assert first[0].tags["triloop/why"].endswith(f" and {files - 5} more")
    assert look() == []  # nothing new
    leads = workspace.inbox_dir / "crm" / "leads.csv"
    before = leads.read_bytes()
    try:
        leads.write_bytes(before + before.splitlines(keepends=True)[-1])
        assert look() == []  # just changed
        second = look()
        assert len(second) == 1
        assert second[0].run_key != first[0].run_key
        assert second[0].tags["triloop/why"] == "inbox: 1 file new or changed: inbox/crm/leads.csv"
        assert len(json.loads(cursor or "")["files"]) == files
    finally:
        leads.write_bytes(before)


@pytest.mark.parametrize(
    ("tags", "who", "why"),
    [
        (command_tags("ada", "the month was closed"), "ada", "the month was closed"),
        ({"user": "ada@example.com", "triloop/why": "new weights"}, "ada@example.com", "new weights"),
        ({"dagster/schedule_name": "daily_run"}, "schedule daily_run", "schedule daily_run"),
        ({"dagster/sensor_name": "inbox_sensor", "triloop/why": "inbox"}, "sensor inbox_sensor", "inbox"),
        ({"user": "ada", "dagster/backfill": "abc"}, "ada", "backfill abc"),
        ({"user": "ada", "dagster/parent_run_id": "0123456789"}, "ada", "run 01234567 again"),
        ({"user": "ada"}, "ada", "launched in Dagster, no reason given"),
    ],
)
def test_who_started_a_run_and_why(tags: dict[str, str], who: str, why: str) -> None:
    assert who_and_why(tags) == (who, why)


def test_a_run_that_nobody_signed_is_answered_for_by_the_account(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("getpass.getuser", lambda: "svc")
    assert who_and_why({}) == ("svc (Dagster)", "launched in Dagster, no reason given")


def test_the_schedule_says_who_and_why(definitions: dg.Definitions) -> None:
    schedule = definitions.get_repository_def().get_schedule_def("daily_run")
    moment = datetime(2026, 1, 5, 6, tzinfo=ZoneInfo("Asia/Shanghai"))
    ticked = schedule.evaluate_tick(dg.build_schedule_context(scheduled_execution_time=moment))
    (request,) = ticked.run_requests or []
    assert (request.tags["triloop/who"], request.tags["triloop/why"]) == ("schedule daily_run", "due at 0 6 * * *")


def test_what_changed_names_a_few_and_counts_the_rest() -> None:
    before = {"a": [1, 1], "b": [1, 1], "gone": [1, 1]}
    assert what_changed(before, {"a": [1, 1], "b": [1, 2]}) == ("inbox: 1 file new or changed: b; 1 file gone: gone")
    many = {f"{number}.csv": [number, 0] for number in range(8)}
    assert what_changed({}, many) == "inbox: 8 files new or changed: 0.csv, 1.csv, 2.csv, 3.csv, 4.csv and 3 more"
