"""Snapshots: gates first, atomic, content-hashed, per role, and honest when damaged."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb
import pytest

from orchestration.lib.errors import ConfigurationError, DataError, GateRefusedError
from orchestration.lib.publish.columns import COLUMNS
from orchestration.lib.publish.content import content_of
from orchestration.lib.publish.docs import PAGE, describe, page
from orchestration.lib.publish.pointer import current_id, new_id, set_current, snapshot_ids
from orchestration.lib.publish.reader import open_snapshot
from orchestration.lib.publish.retention import apply_retention
from orchestration.lib.publish.tables import TABLES
from orchestration.lib.publish.writer import publish_snapshot
from orchestration.lib.settings import Settings
from orchestration.lib.workspace import Workspace
from tests.unit.snapshot_fixture import change, make_workspace, publish, settings


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    return make_workspace(tmp_path)


def test_publish_writes_what_the_warehouse_says(workspace: Workspace) -> None:
    result = publish(workspace)
    assert not result.unchanged
    assert current_id(workspace.published_dir) == result.snapshot_id
    with open_snapshot(workspace, verify=True) as snapshot:
        assert snapshot.rows("select amount from attribution_credit order by 1")[1]["amount"].as_tuple().exponent == -2
        total = snapshot.rows("select sum(amount)::varchar as total from attribution_credit")
        assert total == [{"total": "250.00"}]
        assert snapshot.manifest.as_of == "2024-06-30"
        assert snapshot.manifest.tables["dim_channel"].rows == 2
        # Entities that the company does not have are named, not silently missing.
        assert "payment_facts" in snapshot.manifest.absent


def test_merged_leads_move_from_loaded_to_merged_and_the_account_balances(workspace: Workspace) -> None:
    publish(workspace)
    with open_snapshot(workspace) as snapshot:
        [lead] = snapshot.rows("select * from row_account where entity = 'lead'")
        [order] = snapshot.rows("select * from row_account where entity = 'sales_order'")
    assert (lead["rows_in"], lead["loaded"], lead["quarantined"], lead["merged"], lead["filtered"]) == (5, 2, 1, 1, 1)
    assert (order["rows_in"], order["loaded"], order["merged"]) == (1, 1, 0)


def test_gate_result_keeps_the_last_evaluation_without_tokens(workspace: Workspace) -> None:
    publish(workspace)
    with open_snapshot(workspace) as snapshot:
        rows = snapshot.rows("select gate, status, examples from gate_result order by gate")
        gates = {entry.gate: entry.status for entry in snapshot.manifest.gates}
    assert [(row["gate"], row["status"]) for row in rows] == [("metrics", "warned"), ("staging", "passed")]
    assert rows[0]["examples"] == '[{"key": "[personal]"}]'
    assert gates == {"metrics": "warned", "staging": "passed"}


def test_same_content_is_not_published_twice_whatever_the_run(workspace: Workspace) -> None:
    first = publish(workspace)
    change(
        workspace,
        "create or replace table attribution.attribution_credit as "
        "select * from attribution.attribution_credit order by touch_id desc;"
        "update gate.result set build_id = 'b2', evaluated_at = now()::timestamp where build_id = 'b1'",
    )
    second = publish(workspace)
    assert second.unchanged
    assert second.snapshot_id == first.snapshot_id
    assert snapshot_ids(workspace.published_dir) == [first.snapshot_id]


def test_one_cent_makes_a_new_snapshot_and_the_old_one_stays(workspace: Workspace) -> None:
    first = publish(workspace)
    change(workspace, "update attribution.cost_allocation set amount = amount + 0.01 where spend_id = 'crm:S1'")
    second = publish(workspace)
    assert not second.unchanged
    assert snapshot_ids(workspace.published_dir) == [second.snapshot_id, first.snapshot_id]
    with open_snapshot(workspace, first.snapshot_id, verify=True) as old:
        assert old.rows("select sum(amount)::varchar as s from cost_allocation") == [{"s": "150.00"}]


def test_changed_roles_make_a_new_snapshot(workspace: Workspace) -> None:
    publish(workspace)
    assert not publish(workspace, settings=settings(marketing=["metric_value"])).unchanged


@pytest.mark.parametrize("threads", [1, 2, 4])
def test_content_hash_is_blind_to_threads_order_and_counts_doubles(threads: int) -> None:
    with duckdb.connect(config={"threads": threads}) as connection:
        connection.execute(
            "create table a as select i, 'x' || i as t, i * 0.01::decimal(9,2) as d from range(5000) r(i)"
        )
        connection.execute("create table b as select * from a order by i desc")
        connection.execute("create table c as select * from a union all select * from a where i = 7")
        connection.execute("create table e as select i, nullif(t, 'x7') as t, d from a")
        hashes = {name: content_of(connection, name).content_hash for name in "abce"}
    assert hashes["a"] == hashes["b"]
    assert len({hashes["a"], hashes["c"], hashes["e"]}) == 3
    # The same worked out without DuckDB: the two halves of each row's MD5, summed.
    low = high = 0
    for i in range(5000):
        digest = hashlib.md5(f'["{i}","x{i}","{i // 100}.{i % 100:02}"]'.encode()).digest()
        low, high = low + int.from_bytes(digest[8:], "little"), high + int.from_bytes(digest[:8], "little")
    said = f"i BIGINT\nt VARCHAR\nd DECIMAL(28,2)\n5000 {low} {high}"
    assert hashes["a"] == hashlib.sha256(said.encode()).hexdigest()


def test_a_gate_that_refuses_leaves_the_last_snapshot(workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    first = publish(workspace)
    asked: list[str] = []

    def refuse(_connection: Any, gate: str) -> None:
        asked.append(gate)
        raise GateRefusedError("gate not passed")

    monkeypatch.setattr("orchestration.lib.gate_token.require_gate", refuse)
    change(workspace, "update attribution.cost_allocation set amount = 1")
    with pytest.raises(GateRefusedError):
        publish(workspace, gates=None)
    assert asked == ["canonical"]
    assert snapshot_ids(workspace.published_dir) == [first.snapshot_id]


def test_every_gate_is_asked(workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []
    monkeypatch.setattr("orchestration.lib.gate_token.require_gate", lambda _connection, gate: asked.append(gate))
    publish(workspace, gates=None)
    assert asked == ["canonical", "staging", "loops", "attribution", "metrics"]


def test_a_personal_token_is_never_published(workspace: Workspace) -> None:
    change(workspace, f"update marts.dim_channel set name = 'crm:tok_phone_{'a' * 32}' where channel_id = 'crm:fair'")
    with pytest.raises(DataError, match="'dim_channel' would publish personal tokens in column name") as caught:
        publish(workspace)
    assert "aaaa" not in str(caught.value)
    assert snapshot_ids(workspace.published_dir) == []


def test_a_broken_promise_is_not_published(workspace: Workspace) -> None:
    change(workspace, "alter table attribution.cost_allocation rename column basis to base")
    with pytest.raises(Exception, match="'cost_allocation' lacks promised columns: basis"):
        publish(workspace)


def test_roles_see_their_tables_and_no_more(workspace: Workspace) -> None:
    result = publish(workspace)
    folder = result.path / "roles" / "marketing"
    assert {path.name for path in folder.iterdir()} == {
        "metric_value.parquet",
        "dim_channel.parquet",
        "manifest.json",
        "metric_definitions.json",
    }
    assert (folder / "dim_channel.parquet").samefile(result.path / "tables" / "dim_channel.parquet")
    with open_snapshot(workspace, role="marketing", verify=True) as snapshot:
        assert [row["name"] for row in snapshot.rows("show tables")] == ["dim_channel", "metric_value"]
        with pytest.raises(duckdb.PermissionException):
            snapshot.connection.execute(f"from '{result.path}/tables/order_facts.parquet'")
        with pytest.raises(ConfigurationError, match="not among those this reader may see"):
            snapshot.require("order_facts")
    with (
        pytest.raises(ConfigurationError, match="there is no role 'marketting'") as caught,
        open_snapshot(workspace, role="marketting"),
    ):
        pass
    assert caught.value.hint == "did you mean 'marketing'?"


def test_a_role_that_asks_for_an_unknown_table_is_refused(workspace: Workspace) -> None:
    with pytest.raises(ConfigurationError, match="'order_fact', which is not published") as caught:
        publish(workspace, settings=settings(sales=["order_fact"]))
    assert caught.value.hint == "did you mean 'order_facts'?"


def test_retention_keeps_n_and_never_removes_the_current(workspace: Workspace) -> None:
    ids = [publish(workspace).snapshot_id]
    for amount in range(4):
        change(workspace, f"update attribution.cost_allocation set amount = {amount}")
        ids.append(publish(workspace).snapshot_id)
    assert snapshot_ids(workspace.published_dir) == ids[:1:-1]
    set_current(workspace.published_dir, ids[2])  # someone went back
    assert apply_retention(workspace.published_dir, 1) == [ids[3]]
    assert snapshot_ids(workspace.published_dir) == [ids[4], ids[2]]


def test_damage_is_named_with_the_way_back_and_the_next_publish_mends_it(workspace: Workspace) -> None:
    first = publish(workspace)
    change(workspace, "update attribution.cost_allocation set amount = 1")
    second = publish(workspace)
    file = second.path / "tables" / "cost_allocation.parquet"
    file.chmod(0o644)
    body = bytearray(file.read_bytes())
    body[len(body) // 2] ^= 1
    file.write_bytes(body)
    told = "is damaged: cost_allocation is not as the manifest says"
    with pytest.raises(DataError, match=told) as caught, open_snapshot(workspace, verify=True):
        pass
    assert first.snapshot_id in (caught.value.hint or "")
    third = publish(workspace)
    assert not third.unchanged
    with open_snapshot(workspace, verify=True) as mended:
        assert mended.snapshot_id == third.snapshot_id


def test_a_torn_pointer_names_what_can_be_read(workspace: Workspace) -> None:
    first = publish(workspace)
    (workspace.published_dir / "CURRENT").write_text("2024", encoding="utf-8")
    with pytest.raises(DataError) as caught, open_snapshot(workspace):
        pass
    assert first.snapshot_id in (caught.value.hint or "")
    assert not publish(workspace).unchanged  # and publishing puts it right


def test_nothing_published_yet(workspace: Workspace) -> None:
    with pytest.raises(DataError, match="nothing has been published"), open_snapshot(workspace):
        pass


def test_ids_rise_even_when_the_clock_is_set_back(workspace: Workspace) -> None:
    first = publish(workspace)
    later, _ = new_id(workspace.published_dir, "cd" * 32, datetime(2001, 1, 1, tzinfo=UTC))
    assert later > first.snapshot_id


KILLED = """
import sys
from pathlib import Path
from orchestration.lib.workspace import Workspace
from tests.unit.snapshot_fixture import publish
publish(Workspace(Path(sys.argv[1])))
"""


@pytest.mark.parametrize(
    ("point", "new_is_seen"),
    [
        ("PUBLISH_BEFORE_RENAME", False),
        ("PUBLISH_AFTER_RENAME", False),
        ("PUBLISH_BEFORE_POINTER:SIGTERM", False),
        ("PUBLISH_AFTER_POINTER", True),
    ],
)
def test_a_kill_leaves_the_old_or_the_new_snapshot(workspace: Workspace, point: str, new_is_seen: bool) -> None:
    first = publish(workspace)
    change(workspace, "update attribution.cost_allocation set amount = 7")
    ended = subprocess.run(
        [sys.executable, "-c", KILLED, str(workspace.root)],
        env={**os.environ, "TRILOOP_CRASH_POINT": point},
        cwd=Path(__file__).parents[2],
        check=False,
        capture_output=True,
    )
    assert ended.returncode < 0, ended.stderr.decode()
    with open_snapshot(workspace, verify=True) as seen:
        assert (seen.snapshot_id != first.snapshot_id) is new_is_seen
        costs = seen.rows("select distinct amount::varchar as a from cost_allocation order by a")
    assert costs == ([{"a": "7.00"}] if new_is_seen else [{"a": "40.00"}, {"a": "50.00"}, {"a": "60.00"}])
    again = publish(workspace)
    assert again.unchanged is new_is_seen
    left = {path.name for path in workspace.published_dir.iterdir()}
    assert left == {"CURRENT", first.snapshot_id, again.snapshot_id}


def test_every_promised_column_is_described() -> None:
    told = [text for table in TABLES for column in table.promised for text in describe(table, column)]
    assert len(told) > 800
    assert all(told)
    needed = {column for table in TABLES for column in table.promised}
    assert set(COLUMNS) <= needed  # what a dbt model describes is not described again
    assert all(table.keys and set(table.keys) <= set(table.promised) for table in TABLES)


def test_the_reference_page_is_that_of_the_list() -> None:
    assert PAGE.read_text(encoding="utf-8") == page(), "run: python -m orchestration.lib.publish.docs"


def test_a_full_disk_is_told_and_leaves_the_last_snapshot(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = publish(workspace)
    change(workspace, "update attribution.cost_allocation set amount = 3")

    def full(_path: Path, _text: str) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("orchestration.lib.publish.writer.write_durably", full)
    with pytest.raises(DataError, match=r"could not be written: .*No space left") as caught:
        publish(workspace)
    assert "readers still see the last snapshot" in (caught.value.hint or "")
    assert {path.name for path in workspace.published_dir.iterdir()} == {"CURRENT", first.snapshot_id}


def test_the_real_settings_contract_and_default_roles_fit(workspace: Workspace) -> None:
    result = publish_snapshot(workspace, Settings(), run_id="r", code_version="v", gates=(), definitions=[])
    with open_snapshot(workspace, role="marketing") as snapshot:
        assert "attribution_credit" in snapshot.manifest.tables
        assert "order_facts" not in snapshot.manifest.tables
        assert snapshot.manifest.keys["sales_order"] == "order_id"
    assert {path.name for path in (result.path / "roles").iterdir()} == set(Settings().roles)
