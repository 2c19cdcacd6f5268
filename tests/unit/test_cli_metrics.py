"""``triloop metrics``: exact numbers, honest gaps, errors that name the nearest."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

import pytest

from orchestration.cli.main import invoke
from tests.unit.snapshot_fixture import change, make_workspace, publish

FAIR = "crm:fair"


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    workspace = make_workspace(tmp_path_factory.mktemp("workspace"))
    publish(workspace)
    return workspace.root


def run(capsys: pytest.CaptureFixture[str], root: Path, *words: str) -> tuple[int, str, str]:
    code = invoke(["metrics", *words, "--workspace", str(root), "--lang", "en"])
    captured = capsys.readouterr()
    return code, captured.out, captured.err


def test_json_is_exact(capsys: pytest.CaptureFixture[str], root: Path) -> None:
    code, out, _ = run(capsys, root, "-m", "channel_roi", "--json")
    [row] = json.loads(out)["rows"]
    assert code == 0
    assert row["numerator"] == "100.000000"
    assert row["value"] == "0.66666667"
    assert row["model"] == "linear"


def test_table_by_channel_names_channels_and_dashes_nothing(capsys: pytest.CaptureFixture[str], root: Path) -> None:
    code, out, _ = run(capsys, root, "-m", "cac,channel_roi", "-b", "channel")
    assert code == 0
    lines = [line.split() for line in out.splitlines()]
    assert lines[0] == ["channel", "Customer", "acquisition", "cost", "Channel", "ROI"]
    assert lines[2] == ["Trade", "fair", "100.00", "150.00", "%"]
    assert lines[3] == ["搜索广告", "–*", "-100.00", "%"]
    assert "not reached its whole window" in out


def test_csv_has_ids_and_names(capsys: pytest.CaptureFixture[str], root: Path) -> None:
    _, out, _ = run(capsys, root, "-m", "marketing_spend", "-b", "channel,month", "--format", "csv")
    rows = list(csv.DictReader(io.StringIO(out)))
    assert [(r["channel_id"], r["channel"], r["period_start"], r["value"]) for r in rows] == [
        (FAIR, "Trade fair", "2024-04-01", "60.00000000"),
        (FAIR, "Trade fair", "2024-05-01", "40.00000000"),
    ]


@pytest.mark.parametrize("typed", ["crm:fair", "fair", "trade fair"])
def test_a_channel_is_found_by_id_bare_id_or_name(capsys: pytest.CaptureFixture[str], root: Path, typed: str) -> None:
    _, out, _ = run(capsys, root, "-m", "channel_roi", "--where", f"channel={typed}", "--json")
    assert [row["value"] for row in json.loads(out)["rows"]] == ["1.50000000"]


def test_compare_with_the_month_before(capsys: pytest.CaptureFixture[str], root: Path) -> None:
    words = ["-m", "marketing_spend", "--where", "channel=fair,month=2024-05", "--compare", "prev"]
    _, out, _ = run(capsys, root, *words, "--json")
    [row] = json.loads(out)["rows"]
    assert (row["compared_value"], row["change"], row["change_rate"]) == ("60.00000000", "-20.00000000", "-0.33333333")
    _, out, _ = run(capsys, root, *words)
    assert "-33.3 %" in out
    _, out, _ = run(
        capsys, root, "-m", "marketing_spend", "--where", "channel=fair,month=2024-05", "--compare", "yoy", "--json"
    )
    assert json.loads(out)["rows"][0]["compared_value"] is None


def test_an_unavailable_metric_says_why_in_both_languages(capsys: pytest.CaptureFixture[str], root: Path) -> None:
    code, out, _ = run(capsys, root, "-m", "collection_days")
    assert code == 0
    assert "collection_days: not available: no source is mapped to payment" in out
    invoke(["metrics", "-m", "collection_days", "-w", str(root), "--lang", "zh"])
    assert "没有数据源映射到收款" in capsys.readouterr().out
    _, out, _ = run(capsys, root, "-m", "collection_days", "--json")
    assert json.loads(out)["not_available"][0]["reason"] == {
        "en": "no source is mapped to payment",
        "zh": "没有数据源映射到收款",
    }


@pytest.mark.parametrize(
    ("words", "message", "fix"),
    [
        (["-m", "chanel_roi"], "there is no metric 'chanel_roi'", "did you mean 'channel_roi'?"),
        (["-m", "cac", "-b", "chanel"], "'chanel' is neither a dimension nor a period", "did you mean 'channel'?"),
        (["-m", "cac", "-b", "campaign"], "cac is not published by campaign", "it is by: channel; total"),
        (["-m", "cac", "--where", "channel=fare"], "there is no channel 'fare'", "did you mean"),
        (["-m", "cac", "-b", "channel", "--compare", "prev"], "nothing to compare", "-b month"),
        (["-m", "cac", "--compare", "last"], "cannot compare with 'last'", "prev, yoy"),
        (["-m", "cac", "--period", "week"], "'week' is not a period", "known names"),
        (["-m", "cac", "--where", "month=May"], "'May' is not a month", "month=2024-05"),
        (["-m", "channel_roi", "--where", "basis=bookd"], "channel_roi has no basis 'bookd'", "invoiced"),
        (["-m", "cac", "--where", "fair"], "'fair' is not name=value", "--where channel="),
        (["-m", "cac", "--lang", "fr"], "there is no language 'fr'", "en, zh"),
        (["-m", "cac", "--snapshot", "1999"], "there is no snapshot '1999'", "triloop snapshots"),
    ],
)
def test_wrong_words_are_refused_with_a_way_on(
    capsys: pytest.CaptureFixture[str], root: Path, words: list[str], message: str, fix: str
) -> None:
    code = invoke(["metrics", "--workspace", str(root), *words])
    captured = capsys.readouterr()
    assert code == 2
    assert captured.out == ""
    assert message in captured.err
    assert fix in captured.err
    assert len(captured.err.splitlines()) <= 4


def test_without_a_metric_every_metric_of_the_cut_is_shown(capsys: pytest.CaptureFixture[str], root: Path) -> None:
    _, out, _ = run(capsys, root, "--json")
    answer = json.loads(out)
    assert {row["metric_id"] for row in answer["rows"]} == {"channel_roi", "marketing_spend"}
    assert [gap["metric_id"] for gap in answer["not_available"]] == ["collection_days"]


def test_one_line_is_turned_so_that_it_fits_a_screen(capsys: pytest.CaptureFixture[str], root: Path) -> None:
    _, out, _ = run(capsys, root)
    assert [line.split() for line in out.splitlines()[2:4]] == [
        ["Channel", "ROI", "66.67", "%"],
        ["Marketing", "spend", "150.00"],
    ]


def test_list_and_explain(capsys: pytest.CaptureFixture[str], root: Path) -> None:
    _, out, _ = run(capsys, root, "--list")
    assert "not available: no source is mapped to payment" in out
    assert "Channel ROI" in out
    _, out, _ = run(capsys, root, "--explain", "channel_roi")
    assert "numerator: (credited_contribution) - (cost)" in out
    assert "sum(amount) from cost_allocation" in out
    assert "note: mind Channel ROI" in out
    assert "    lead (Lead): created_at, status\n    invoice (Invoice): kind\n" in out
    invoke(["metrics", "--explain", "channel_roi", "--workspace", str(root), "--lang", "zh"])
    out = capsys.readouterr().out
    assert "负责: 市场" in out
    assert "    lead (线索): created_at, status\n" in out


def test_an_older_snapshot_answers_as_it_did(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    workspace = make_workspace(tmp_path)
    first = publish(workspace).snapshot_id
    change(workspace, "update metrics.metric_value set value = 9 where metric_id = 'channel_roi' and cut = 'total'")
    publish(workspace)
    _, out, _ = run(capsys, tmp_path, "-m", "channel_roi", "--json", "--snapshot", first)
    assert json.loads(out)["rows"][0]["value"] == "0.66666667"
    _, out, _ = run(capsys, tmp_path, "-m", "channel_roi", "--json")
    assert json.loads(out)["rows"][0]["value"] == "9.00000000"


def test_a_role_without_the_table_is_told_so(capsys: pytest.CaptureFixture[str], root: Path) -> None:
    code = invoke(["query", "from order_facts", "--role", "marketing", "-w", str(root)])
    assert code == 2
    assert "order_facts" in capsys.readouterr().err
