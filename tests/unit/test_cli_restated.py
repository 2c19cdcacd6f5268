"""``triloop metrics`` and ``triloop trace`` of a cell that a closed month reported differently."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

import pytest

from orchestration.cli.main import invoke
from tests.unit.snapshot_fixture import make_workspace, publish

# a touch of the fair came late and a refund was posted into May; of another measure, channel and model: nothing
RESTATED = """
create table attribution.attribution_restatement as select date '2024-05-01' as month, date '2024-05-21' as posted_on,
  'erp:O1' as order_id, 'erp:O1-1' as order_line_id, 'p' || i as posting_id, measure, model, 't' || i as touch_id,
  channel_id, null::varchar as campaign_id, null::varchar as stage, null::varchar as unattributed_reason, reason,
  10.00::decimal(18,2) as reported, 5.00::decimal(18,2) as restated, -5.00::decimal(18,2) as difference
from (values
  (1, 'contribution', 'linear', 'crm:fair', 'refund'), (2, 'contribution', 'linear', 'crm:fair', 'late_touch'),
  (3, 'contribution', 'linear', 'crm:fair', 'refund'), (4, 'invoiced', 'linear', 'crm:fair', 'fx'),
  (5, 'contribution', 'linear', 'crm:paid_search', 'merge'), (6, 'contribution', 'first', 'crm:fair', 'removed'))
  t(i, measure, model, channel_id, reason);
update metrics.metric_value set reported = 2 where metric_id = 'channel_roi' and channel_id = 'crm:fair'
  and period_kind = 'all';
"""


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    workspace = make_workspace(tmp_path_factory.mktemp("workspace"), RESTATED)
    publish(workspace)
    return workspace.root


def run(capsys: pytest.CaptureFixture[str], root: Path, *words: str, lang: str = "en") -> str:
    code = invoke([*words, "--workspace", str(root), "--lang", lang])
    captured = capsys.readouterr()
    assert code == 0, captured.err
    return captured.out


def test_table_marks_it_and_says_both_with_the_reasons(capsys: pytest.CaptureFixture[str], root: Path) -> None:
    out = run(capsys, root, "metrics", "-m", "channel_roi", "-b", "channel")
    assert "150.00 %†" in out
    assert out.splitlines()[-1] == (
        "† Channel ROI (Trade fair): as reported 200.00 %, today 150.00 %: a touch came late, "
        "a refund posted into the closed month"
    )
    assert out.count("†") == 2
    chinese = run(capsys, root, "metrics", "-m", "channel_roi", "-b", "channel", lang="zh")
    assert "报告值 200.00 %，当前值 150.00 %：补录触点、已关账月份内的退款" in chinese


def test_json_and_csv_have_both(capsys: pytest.CaptureFixture[str], root: Path) -> None:
    rows = json.loads(run(capsys, root, "metrics", "-m", "channel_roi", "-b", "channel", "--json"))["rows"]
    assert [(row["channel_id"], row["value"], row["reported"], row["restated_because"]) for row in rows] == [
        ("crm:fair", "1.50000000", "2.00000000", "late_touch, refund"),
        ("crm:paid_search", "-1.00000000", "-1.00000000", None),
    ]
    out = run(capsys, root, "metrics", "-m", "marketing_spend", "--format", "csv")
    [row] = csv.DictReader(io.StringIO(out))
    assert (row["reported"], row["restated_because"]) == ("", "")


def test_trace_says_it_of_one_cell(capsys: pytest.CaptureFixture[str], root: Path) -> None:
    where = ("trace", "channel_roi", "--where", "channel=fair")
    assert "† as reported 200.00 %, today 150.00 %: a touch came late, a refund posted into the closed month" in run(
        capsys, root, *where
    )
    told = json.loads(run(capsys, root, *where, "--json"))
    assert (told["cell"]["reported"], told["restated_because"]) == ("2.00000000", ["late_touch", "refund"])
    assert "†" not in run(capsys, root, "trace", "channel_roi", "--where", "channel=paid_search")


def test_a_reader_without_the_table_is_told_that_it_differs(capsys: pytest.CaptureFixture[str], root: Path) -> None:
    out = run(capsys, root, "metrics", "-m", "channel_roi", "-b", "channel", "--role", "marketing")
    assert out.splitlines()[-1] == "† Channel ROI (Trade fair): as reported 200.00 %, today 150.00 %"
