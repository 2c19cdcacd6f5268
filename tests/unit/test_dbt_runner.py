"""The resident dbt runner on a three-model project of its own."""

from __future__ import annotations

import json
import os
import re
from pathlib import Path
from typing import Any

import duckdb
import pytest

from orchestration.lib.dbt_runner import DbtError, DbtRunner, NodeFinished
from orchestration.lib.errors import ConfigurationError
from orchestration.lib.workspace import Workspace

PROFILE = """\
mini:
  target: dev
  outputs:
    dev: {type: duckdb, path: "{{ env_var('TRILOOP_WAREHOUSE') }}", schema: main, threads: 2}
"""
PROJECT = """\
name: mini
profile: mini
config-version: 2
vars: {factor: 1}
models:
  mini:
    +materialized: table
"""
SELECTORS = """\
selectors:
  - name: floor_one
    definition: {method: fqn, value: mini.one}
"""


class Variables:
    """Settings as far as dbt is concerned."""

    def __init__(self, **values: Any) -> None:
        self.values = values

    def dbt_vars(self) -> dict[str, Any]:
        return self.values


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


@pytest.fixture
def project(tmp_path: Path) -> Path:
    folder = tmp_path / "mini"
    _write(folder / "dbt_project.yml", PROJECT)
    _write(folder / "profiles.yml", PROFILE)
    _write(folder / "selectors.yml", SELECTORS)
    _write(folder / "models/one/numbers.sql", "select i as id, i * {{ var('factor') }} as n from range(3) as r(i)")
    _write(folder / "models/two/doubled.sql", "select id, 2 * n as n from {{ ref('numbers') }}")
    _write(
        folder / "models/models.yml",
        "models:\n  - name: doubled\n    columns:\n      - name: id\n        data_tests: [unique, not_null]\n"
        "unit_tests:\n  - name: doubles\n    model: doubled\n    given:\n"
        "      - {input: ref('numbers'), rows: [{id: 1, n: 4}]}\n    expect: {rows: [{id: 1, n: 8}]}\n",
    )
    return folder


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    root = tmp_path / "work space"
    _write(root / "triloop.yml", "company: {}\n")
    (root / ".triloop").mkdir()
    return Workspace(root)


def _rows(workspace: Workspace, sql: str, **config: str) -> list[tuple[Any, ...]]:
    with duckdb.connect(str(workspace.warehouse_file), config=config) as connection:
        return connection.execute(sql).fetchall()


def test_prepare_needs_no_warehouse_and_is_kept(project: Path, workspace: Workspace) -> None:
    runner = DbtRunner(workspace, Variables(factor=1), project_dir=project)
    manifest = runner.prepare()
    assert manifest == workspace.dbt_target_dir / "manifest.json"
    assert (workspace.dbt_target_dir / "semantic_manifest.json").is_file()
    assert not workspace.warehouse_file.exists()

    before = manifest.stat().st_mtime_ns
    DbtRunner(workspace, Variables(factor=1), project_dir=project).prepare()
    assert manifest.stat().st_mtime_ns == before, "nothing changed, nothing parsed"

    _write(project / "models/two/more.sql", "select 1 as id")
    runner.prepare()
    assert "model.mini.more" in manifest.read_text(encoding="utf-8")


def test_run_builds_tells_rows_and_leaves_the_file_free(project: Path, workspace: Workspace) -> None:
    heard: list[NodeFinished] = []
    environment, folder = dict(os.environ), Path.cwd()
    runner = DbtRunner(workspace, Variables(factor=5), project_dir=project)
    result = runner.run(on_node=heard.append)

    assert result.success
    models = {node.name: node for node in result.models()}
    assert {name: (node.status, node.rows) for name, node in models.items()} == {
        "numbers": ("success", 3),
        "doubled": ("success", 3),
    }
    assert result.describe() == "2 models, 6 rows; 2 tests passed"
    assert models["doubled"].relation == "main.doubled"
    assert models["doubled"].depends_on == ("model.mini.numbers",)
    assert "select id, 2 * n as n from" in (models["doubled"].compiled_code or "")
    assert {node.resource_type for node in result.nodes} == {"model", "test"}, "unit tests only when asked"
    assert {node.name for node in heard} == {node.name for node in result.nodes}
    assert (dict(os.environ), Path.cwd()) == (environment, folder)

    # free for us at once, in the same process and under another configuration
    assert _rows(workspace, "select sum(n) from doubled", threads="1") == [(30,)]
    assert runner.run(selector="floor_one").models()[0].name == "numbers"
    assert _rows(workspace, "select count(*) from doubled", memory_limit="512MB") == [(3,)]


def test_changed_variables_reach_the_models(project: Path, workspace: Workspace) -> None:
    DbtRunner(workspace, Variables(factor=1), project_dir=project).run()
    DbtRunner(workspace, Variables(factor=7), project_dir=project).run()
    assert _rows(workspace, "select sum(n) from numbers") == [(21,)]


def test_unit_tests_run_when_asked(project: Path, workspace: Workspace) -> None:
    runner = DbtRunner(workspace, Variables(), project_dir=project)
    runner.run(select="numbers")
    result = runner.run(select="doubled", unit_tests=True)
    assert [node.status for node in result.nodes if node.resource_type == "unit_test"] == ["pass"]


def test_an_empty_value_against_the_contract_names_model_and_column(project: Path, workspace: Workspace) -> None:
    _write(project / "models/two/doubled.sql", "select id, nullif(n, 1) as n from {{ ref('numbers') }}")
    _write(
        project / "models/models.yml",
        "models:\n  - name: doubled\n    config: {contract: {enforced: true}}\n    columns:\n"
        "      - {name: id, data_type: bigint}\n"
        "      - {name: n, data_type: bigint, constraints: [{type: not_null}]}\n",
    )
    with pytest.raises(DbtError) as caught:
        DbtRunner(workspace, Variables(factor=1), project_dir=project).run()
    assert "dbt model doubled failed" in str(caught.value)
    assert re.search(r"NOT NULL constraint failed: doubled\w*\.n\b", str(caught.value))
    assert not _rows(workspace, "select 1 from duckdb_tables() where table_name = 'doubled'")


def test_failure_names_model_message_and_file(project: Path, workspace: Workspace) -> None:
    _write(project / "models/two/doubled.sql", "select id, no_such_column from {{ ref('numbers') }}")
    runner = DbtRunner(workspace, Variables(), project_dir=project)
    with pytest.raises(DbtError, match=r"model doubled failed(.|\n)*no_such_column") as caught:
        runner.run()
    assert caught.value.file == "models/two/doubled.sql"
    states = {node.name: node.status for node in caught.value.result.models()}
    assert states == {"numbers": "success", "doubled": "error"}
    assert _rows(workspace, "select count(*) from numbers") == [(3,)]


def test_failed_data_test_is_an_error(project: Path, workspace: Workspace) -> None:
    _write(project / "models/two/doubled.sql", "select 1 as id, n from {{ ref('numbers') }}")
    with pytest.raises(DbtError, match="unique_doubled_id failed"):
        DbtRunner(workspace, Variables(), project_dir=project).run()


@pytest.mark.parametrize(
    ("path", "text", "says"),
    [
        ("models/two/doubled.sql", "select * from {{ ref('nobody') }}", "nobody"),
        ("models/two/doubled.sql", "select {{ unclosed", "unclosed|expected token|unexpected"),
    ],
)
def test_a_project_that_does_not_parse_says_why(
    project: Path, workspace: Workspace, path: str, text: str, says: str
) -> None:
    _write(project / path, text)
    with pytest.raises(ConfigurationError, match=says):
        DbtRunner(workspace, Variables(), project_dir=project).prepare()


def test_unknown_selector(project: Path, workspace: Workspace) -> None:
    with pytest.raises(ConfigurationError, match="floor_nine"):
        DbtRunner(workspace, Variables(), project_dir=project).run(selector="floor_nine")


def test_changed_selectors_reach_the_manifest(project: Path, workspace: Workspace) -> None:
    """dbt's partial parse keeps the old selectors in manifest.json, which is what Dagster selects by."""
    runner = DbtRunner(workspace, Variables(), project_dir=project)
    runner.run(selector="floor_one")
    _write(project / "selectors.yml", SELECTORS + "  - {name: floor_two, definition: {method: fqn, value: mini.two}}\n")
    assert "floor_two" in json.loads(runner.prepare().read_text(encoding="utf-8"))["selectors"]
    assert [node.name for node in runner.run(selector="floor_two").models()] == ["doubled"]
