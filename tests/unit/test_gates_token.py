"""A gate's token opens the gate for exactly the data, suites and settings it was issued for - in Python and in dbt."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb
import pytest

from orchestration.lib import gate_token
from orchestration.lib.dbt_runner import DbtRunner
from orchestration.lib.errors import ConfigurationError, GateRefusedError
from orchestration.lib.workspace import DBT_PROJECT_DIR, EXPECTATIONS_DIR, WORKSPACE_VARIABLE, Workspace

PROFILE = """\
guarded:
  target: dev
  outputs:
    dev: {type: duckdb, path: "{{ env_var('TRILOOP_WAREHOUSE') }}", schema: marts, threads: 2}
"""
PROJECT = """\
name: guarded
profile: guarded
config-version: 2
models:
  guarded:
    +materialized: table
    marts:
      +pre-hook: "{{ require_gate('staging') }}"
"""
SCHEMAS = ("staging", "intermediate")


class NoVariables:
    def dbt_vars(self) -> dict[str, Any]:
        return {}


class Place:
    """A workspace with two gated tables, its own copy of the suites, and a dbt project with two guarded models."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        root = folder / "ws [a]"
        (root / ".triloop").mkdir(parents=True)
        (root / "triloop.yml").write_text("company: {name: A}\n", encoding="utf-8")
        self.workspace = Workspace(root)
        self.suites = folder / "suites"
        (self.suites / "deep").mkdir(parents=True)
        (self.suites / "registry.py").write_text("CHECKS = 1\n", encoding="utf-8")
        (self.suites / "deep" / "money.py").write_text("CHECKS = 2\n", encoding="utf-8")
        self.project = folder / "guarded"
        (self.project / "models" / "marts").mkdir(parents=True)
        shutil.copytree(DBT_PROJECT_DIR / "macros" / "gates", self.project / "macros" / "gates")
        (self.project / "dbt_project.yml").write_text(PROJECT, encoding="utf-8")
        (self.project / "profiles.yml").write_text(PROFILE, encoding="utf-8")
        self.model("marts/revenue", "select sum(amount) as total from staging.stg_order")
        self.model("marts/orders", "select * from intermediate.int_order")
        monkeypatch.setenv(gate_token.EXPECTATIONS_VARIABLE, str(self.suites))
        monkeypatch.delenv(WORKSPACE_VARIABLE, raising=False)
        self.execute(
            "create schema staging; create schema intermediate;"
            "create table staging.stg_order as "
            "select * from (values ('a', 10.00), ('b', 20.00)) as v(order_id, amount);"
            "create table intermediate.int_order as select order_id, amount from staging.stg_order"
        )

    def model(self, path: str, sql: str) -> None:
        file = self.project / "models" / f"{path}.sql"
        file.parent.mkdir(exist_ok=True)
        file.write_text(sql, encoding="utf-8")

    def execute(self, sql: str) -> list[tuple[Any, ...]]:
        with duckdb.connect(str(self.workspace.warehouse_file)) as connection:
            return connection.execute(sql).fetchall()

    def issue(self, gate: str = "staging") -> None:
        with duckdb.connect(str(self.workspace.warehouse_file)) as connection:
            gate_token.ensure_store(connection)
            connection.begin()
            gate_token.revoke(connection, gate)
            gate_token.issue(connection, gate, "build-1", SCHEMAS, gate_token.policy_hash(connection, gate))
            connection.commit()

    def ask_python(self) -> str | None:
        """None when the gate is open, else the refusal."""
        try:
            gate_token.require_gate_passed(self.workspace, "staging")
        except GateRefusedError as refusal:
            return str(refusal.message)
        return None

    def ask_dbt(self) -> str | None:
        runner = DbtRunner(self.workspace, NoVariables(), project_dir=self.project, expectations_dir=self.suites)
        try:
            runner.run()
        except GateRefusedError as refusal:
            return str(refusal.message)
        return None


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Place:
    return Place(tmp_path, monkeypatch)


def test_a_fresh_pass_opens_both_guards(place: Place) -> None:
    place.issue()
    assert place.ask_python() is None
    assert place.ask_dbt() is None
    assert place.execute("select total from marts.revenue") == [(30,)]
    assert place.execute("select count(distinct invocation_id), count(distinct gate) from gate.verification") == [
        (1, 1)
    ]
    assert place.ask_dbt() is None, "the same data a second time"


def _rewrite(place: Place) -> None:
    place.execute("create or replace table staging.stg_order as select 'a' as order_id, 30.00 as amount")


def _edit_one_cell(place: Place) -> None:
    place.execute("update intermediate.int_order set amount = 20.01 where order_id = 'b'")


def _swap_two_cells(place: Place) -> None:
    place.execute("update intermediate.int_order set amount = 30.00 - amount")


def _same_row_twice(place: Place) -> None:
    place.execute("insert into staging.stg_order select * from staging.stg_order limit 1")


def _drop(place: Place) -> None:
    place.execute("drop table intermediate.int_order")


def _add_table(place: Place) -> None:
    place.execute("create table staging.stg_smuggled as select 1 as id")


def _rename_column(place: Place) -> None:
    place.execute("alter table staging.stg_order rename amount to betrag")


def _edit_suite(place: Place) -> None:
    (place.suites / "deep" / "money.py").write_text("CHECKS = 0\n", encoding="utf-8")


def _add_suite(place: Place) -> None:
    (place.suites / "deep" / "more.py").write_text("CHECKS = 3\n", encoding="utf-8")


def _edit_settings(place: Place) -> None:
    place.workspace.settings_file.write_text("company: {name: B}\n", encoding="utf-8")


def _remove_settings(place: Place) -> None:
    place.workspace.settings_file.unlink()


def _forge_table_row(place: Place) -> None:
    _edit_one_cell(place)
    place.execute(
        "update gate.token_table set content_hash = (select sum(hash(t))::varchar from intermediate.int_order t) "
        "where table_name = 'int_order'"
    )


def _delete_token(place: Place) -> None:
    place.execute("delete from gate.token")


def _fail(place: Place) -> None:
    place.execute(
        "delete from gate.token; insert into gate.result (gate, check_id, status) values "
        "('staging', 'dedup.lead', 'failed'), ('staging', 'time.range', 'passed')"
    )


def _break(place: Place) -> None:
    _fail(place)
    place.execute(
        "insert into gate.result (gate, check_id, status) values ('staging', 'currency.rate', 'not_evaluated')"
    )


@pytest.mark.parametrize(
    ("harm", "says"),
    [
        (_rewrite, "table staging.stg_order was rewritten after the gate passed"),
        (_edit_one_cell, "table intermediate.int_order was rewritten"),
        (_swap_two_cells, "table intermediate.int_order was rewritten"),
        (_same_row_twice, "table staging.stg_order was rewritten"),
        (_drop, "table intermediate.int_order is gone"),
        (_add_table, "table staging.stg_smuggled appeared after"),
        (_rename_column, "table staging.stg_order was rewritten"),
        (_edit_suite, "the checks or triloop.yml changed"),
        (_add_suite, "the checks or triloop.yml changed"),
        (_edit_settings, "the checks or triloop.yml changed"),
        (_remove_settings, "triloop.yml was not found"),
        (_forge_table_row, "its token does not match"),
        (_delete_token, "was not evaluated for this data"),
        (_fail, "failed: dedup.lead"),
        (_break, "something broke in it: currency.rate"),
    ],
)
def test_python_and_dbt_refuse_alike(place: Place, harm: Callable[[Place], None], says: str) -> None:
    place.issue()
    harm(place)
    in_python, in_dbt = place.ask_python(), place.ask_dbt()
    assert in_python is not None
    for text in (says, "gate 'staging'", "关卡 staging"):
        assert text in in_python
    assert in_dbt == in_python
    assert place.execute("select count(*) from duckdb_tables() where schema_name = 'marts'") == [(0,)]


def test_row_order_does_not_matter(place: Place) -> None:
    place.issue()
    place.execute("create or replace table staging.stg_order as select * from staging.stg_order order by order_id desc")
    assert (place.ask_python(), place.ask_dbt()) == (None, None)


def test_no_store_at_all(place: Place) -> None:
    in_python, in_dbt = place.ask_python(), place.ask_dbt()
    assert "was not evaluated" in str(in_python)
    assert in_dbt == in_python


def test_revoking_a_gate_revokes_the_gates_below(place: Place) -> None:
    for gate in ("canonical", "staging", "loops"):
        with duckdb.connect(str(place.workspace.warehouse_file)) as connection:
            gate_token.ensure_store(connection)
            gate_token.issue(connection, gate, "b", SCHEMAS, gate_token.policy_hash(connection, gate))
    with duckdb.connect(str(place.workspace.warehouse_file)) as connection:
        gate_token.revoke(connection, "staging")
    assert place.execute("select gate from gate.token") == [("canonical",)]
    assert place.execute("select distinct gate from gate.token_table") == [("canonical",)]


def test_a_table_rebuilt_within_the_same_dbt_call_is_verified_again(place: Place) -> None:
    """One ``dbt build`` over everything: a guarded model passes, then a gated table changes, then another reads it."""
    place.issue()
    (place.project / "macros" / "schemas.sql").write_text(
        "{% macro generate_schema_name(name, node) %}{{ name or 'marts' }}{% endmacro %}"
    )
    place.model(
        "staging/stg_late",
        "{{ config(schema='staging', alias='stg_order') }} -- depends_on: {{ ref('orders') }}\n"
        "select 'x' as order_id, 99.00 as amount",
    )
    place.model("marts/after", "select amount from {{ ref('stg_late') }}")
    refused = place.ask_dbt()
    assert "table staging.stg_order was rewritten" in str(refused)
    built = {name for (name,) in place.execute("select table_name from duckdb_tables() where schema_name = 'marts'")}
    assert "orders" in built
    assert "after" not in built


def test_what_a_gated_view_reads_is_watched_within_the_same_dbt_call(place: Place) -> None:
    place.execute(
        "create schema base; create table base.seen as select 5.00 as amount;"
        "create view intermediate.int_seen as select * from base.seen"
    )
    place.issue()
    assert place.ask_dbt() is None
    # a view does not make every model verify anew: what was verified is remembered
    assert place.execute("select count(*) from gate.verification")[0][0] > 0
    (place.project / "macros" / "schemas.sql").write_text(
        "{% macro generate_schema_name(name, node) %}{{ name or 'marts' }}{% endmacro %}"
    )
    place.model(
        "base/late",
        "{{ config(schema='base', alias='seen') }} -- depends_on: {{ ref('orders') }}\nselect 6.00 as amount",
    )
    place.model("marts/after", "select amount from {{ ref('late') }}")
    assert "table intermediate.int_seen was rewritten" in str(place.ask_dbt())


def test_plain_dbt_from_the_shell_is_refused_and_told_what_to_do(place: Place) -> None:
    place.issue()
    _edit_one_cell(place)
    environment = {key: value for key, value in os.environ.items() if not key.startswith("TRILOOP_")}
    # the suites are found beside the project when no variable names them
    shutil.copytree(place.suites, place.project.parent / "expectations")
    environment["TRILOOP_WAREHOUSE"] = str(place.workspace.warehouse_file)
    command = [str(Path(sys.executable).parent / "dbt"), "run", "--profiles-dir", ".", "--select", "revenue"]

    def run() -> subprocess.CompletedProcess[str]:
        return subprocess.run(command, cwd=place.project, env=environment, capture_output=True, text=True, check=False)

    done = run()
    assert done.returncode != 0
    assert "table intermediate.int_order was rewritten after the gate passed" in done.stdout
    assert "triloop run" in done.stdout
    assert place.execute("select count(*) from duckdb_tables() where schema_name = 'marts'") == [(0,)]

    place.issue()
    done = run()
    assert done.returncode == 0, done.stdout


def test_the_default_suites_are_the_projects_own(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(gate_token.EXPECTATIONS_VARIABLE, raising=False)
    assert gate_token.expectations_dir() == EXPECTATIONS_DIR


def test_unknown_gate_names_the_nearest(place: Place) -> None:
    with (
        duckdb.connect(str(place.workspace.warehouse_file)) as connection,
        pytest.raises(ConfigurationError, match="did you mean 'loops'"),
    ):
        gate_token.require_gate(connection, "lops")
