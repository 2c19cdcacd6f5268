"""The picture at the end of a run."""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path

import pytest

from orchestration.lib.errors import DataError
from orchestration.lib.summary import build_summary, render, to_json
from orchestration.lib.workspace import Workspace
from tests.unit.snapshot_fixture import change, make_workspace, publish

TOKENS = (
    "create table gate.token as select * from (values ('canonical'), ('staging'), ('loops'), ('attribution'), "
    "('metrics')) t(gate); insert into gate.result select g, g || '_check', 'b1', 'passed', now()::timestamp, '[]' "
    "from (values ('canonical'), ('loops'), ('attribution')) t(g);"
)


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    made = make_workspace(tmp_path, TOKENS)
    publish(made)
    return made


def test_figures_are_those_of_the_snapshot(workspace: Workspace) -> None:
    summary = build_summary(workspace)
    fair, search = summary.channels
    assert (fair.name, fair.cost, fair.contribution, fair.roi, fair.new_customers, fair.cac) == (
        "Trade fair",
        Decimal(100),
        Decimal(250),
        Decimal("1.5"),
        Decimal(1),
        Decimal(100),
    )
    assert (search.cost, search.contribution, search.cac) == (Decimal(50), Decimal(0), None)
    assert summary.total is not None
    assert (summary.total.cost, summary.total.contribution) == (Decimal(150), Decimal(250))
    assert not summary.is_refused
    assert [gate.status for gate in summary.gates] == ["passed", "passed", "passed", "passed", "warned"]


def test_rows_balance_and_quarantine_names_file_and_row(workspace: Workspace) -> None:
    summary = build_summary(workspace)
    for line in summary.rows:
        assert line.rows_in == line.loaded + line.quarantined + line.merged + line.filtered + line.unchanged
    assert [(line.rule_id, line.source_file, line.first_row) for line in summary.quarantine] == [
        ("cast:created_at", "leads.csv", 6)
    ]
    assert [gap["metric_id"] for gap in summary.not_available] == ["collection_days"]


def test_a_refused_run_says_so_and_shows_the_last_snapshot(
    workspace: Workspace, capsys: pytest.CaptureFixture[str]
) -> None:
    change(
        workspace,
        "delete from gate.token where gate <> 'canonical'; update gate.result set status = 'failed' "
        "where gate = 'staging'; update metrics.metric_value set value = 0",
    )
    summary = build_summary(workspace)
    assert summary.is_refused
    assert [gate.status for gate in summary.gates] == [
        "passed",
        "failed",
        "not_evaluated",
        "not_evaluated",
        "not_evaluated",
    ]
    assert summary.channels[0].roi == Decimal("1.5")
    render(summary, "en")
    out = capsys.readouterr().out
    assert "A gate refused this run" in out
    assert "✗ staging" in out
    render(summary, "zh")
    assert "质量门拒绝了本次运行" in capsys.readouterr().out


def test_nothing_published_and_nothing_run_is_still_a_picture(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "triloop.yml").write_text("{}", encoding="utf-8")
    summary = build_summary(Workspace.open(tmp_path))
    assert summary.snapshot_id is None
    render(summary, "en")
    assert "nothing has been published in this workspace yet" in capsys.readouterr().out


def test_json_carries_exact_numbers(workspace: Workspace) -> None:
    told = json.loads(json.dumps(to_json(build_summary(workspace))))
    assert told["channels"][0]["contribution"] == "250.000000"
    assert told["is_refused"] is False


def test_a_run_that_stopped_before_the_gates_shows_no_old_picture(
    workspace: Workspace, capsys: pytest.CaptureFixture[str]
) -> None:
    summary = build_summary(workspace, DataError("leads.csv is empty"))
    assert not summary.is_refused
    assert to_json(summary)["stopped"] == "leads.csv is empty"
    render(summary, "en")
    out = capsys.readouterr().out
    assert "This run stopped" in out
    assert "the last good snapshot stays" in out
    assert summary.snapshot_id is not None
    assert summary.snapshot_id in out
    assert "What each channel brought" not in out
    assert len(out.splitlines()) < 6
    render(summary, "zh")
    assert "本次运行已中止" in capsys.readouterr().out


COLUMNS = "gate, check_id, build_id, status, evaluated_at, examples, violations, reason_en, reason_zh, fix_en, fix_zh"
NEW = "".join(
    f"alter table gate.result add column {name} {kind};"
    for name, kind in (
        ("violations", "bigint"),
        ("reason_en", "varchar"),
        ("reason_zh", "varchar"),
        ("fix_en", "varchar"),
        ("fix_zh", "varchar"),
    )
)


def _result(gate: str, check: str, status: str, *, violations: int | None, rows: list[tuple[str, int | None]]) -> str:
    examples = json.dumps(
        [
            {"key": f"K{n}", "source_file": file, "source_row": row, "detail": f"x = {n}"}
            for n, (file, row) in enumerate(rows)
        ]
    )
    count = "null" if violations is None else str(violations)
    return (
        f"insert into gate.result ({COLUMNS}) values ('{gate}', '{check}', 'b1', '{status}', now()::timestamp, "
        f"'{examples}', {count}, 'why {check}', '原因 {check}', 'mend {check}', '修正 {check}');"
    )


def test_failed_and_warned_rules_name_rows_and_what_to_do(
    workspace: Workspace, capsys: pytest.CaptureFixture[str]
) -> None:
    change(
        workspace,
        "delete from gate.token where gate <> 'canonical';"
        + NEW
        + _result("staging", "a.warn", "warned", violations=2, rows=[("orders.csv", 5), ("orders.csv", 9)])
        + _result("staging", "b.fail", "failed", violations=1204, rows=[("rates.csv", None)] + [("pay.csv", 7)] * 4)
        + "delete from gate.result where gate in ('loops', 'attribution', 'metrics')",
    )
    summary = build_summary(workspace)
    gate = summary.gates[1]
    assert [check.check_id for check in gate.not_passed] == ["b.fail", "a.warn"], "gravest first"
    assert gate.not_passed[0].fix == {"en": "mend b.fail", "zh": "修正 b.fail"}
    render(summary, "en")
    out = capsys.readouterr().out
    assert "✗ b.fail failed (rows: 1,204): why b.fail" in out
    assert "rates.csv; K0; x = 0" in out
    assert "pay.csv row 7; K2; x = 2" in out
    assert "K3" not in out, "three rows are enough"
    assert "→ mend b.fail" in out
    assert "! a.warn warned (rows: 2): why a.warn" in out
    assert "orders.csv row 9" in out
    render(summary, "zh")
    out = capsys.readouterr().out
    assert "b.fail 未通过（" in out or "b.fail 未通过 (1,204 行)" in out
    assert "→ 修正 b.fail" in out
    told = json.loads(json.dumps(to_json(summary)))["gates"][1]["not_passed"]
    assert [len(check["examples"]) for check in told] == [5, 2]


def _broken(check: str, error: str) -> str:
    example = json.dumps([{"key": None, "source_file": None, "source_row": None, "detail": error}])
    return _result("loops", check, "not_evaluated", violations=None, rows=[]).replace("'[]'", f"'{example}'")


def test_a_gate_that_was_not_evaluated_says_why(workspace: Workspace, capsys: pytest.CaptureFixture[str]) -> None:
    """Broken as a whole, shut because of that, or passed for other data: none of it is called failed."""
    change(
        workspace,
        "delete from gate.token where gate not in ('canonical', 'staging'); delete from gate.result "
        "where gate in ('loops', 'attribution', 'metrics');"
        + NEW
        + "".join(_broken(f"loops.{number}", "ImportError: gone") for number in range(2)),
    )
    loops, attribution = build_summary(workspace).gates[2:4]
    assert (loops.status, loops.reason, loops.not_passed) == (
        "not_evaluated",
        {"en": "ImportError: gone", "zh": "ImportError: gone"},
        [],
    )
    assert attribution.status == "not_evaluated"
    assert attribution.reason == {
        "en": "the gate 'loops' above it was not evaluated",
        "zh": "其上的质量门 loops 未评估",
    }
    render(build_summary(workspace), "en")
    out = capsys.readouterr().out
    assert "? loops        not evaluated: 2 not evaluated" in out
    assert "ImportError: gone" in out
    assert "failed" not in out
    change(workspace, "delete from gate.token where gate = 'staging'")
    stale = build_summary(workspace).gates[1]
    assert (stale.status, stale.reason is not None and "not for the data" in stale.reason["en"]) == (
        "not_evaluated",
        True,
    )
