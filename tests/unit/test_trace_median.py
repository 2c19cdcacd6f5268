"""``triloop trace`` of a median or percentile: the rows it was taken over, those in the middle marked, and the proof.

The costs of the fixture: 60 and 40 of the fair, 50 of paid search.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path
from statistics import median, quantiles
from typing import Any

import pytest

from orchestration.cli.main import invoke
from orchestration.lib.trace.ranked import ranks
from tests.unit.snapshot_fixture import COST, change, make_workspace, metric, publish, side

MEDIAN = {"aggregation": "median", "quantile": "0.5", "is_discrete": False}
P90 = {"aggregation": "percentile", "quantile": "0.9", "is_discrete": True}
P90_BETWEEN = {**P90, "is_discrete": False}
NAMES = {"middle_cost": MEDIAN, "high_cost": P90, "high_cost_between": P90_BETWEEN}
VALUES = """
insert into metrics.metric_value (metric_id, variant, cut, channel_id, period_kind, view, numerator, value, n) values
  ('middle_cost', 'standard', 'total', null, 'all', 'period', 50, 50, 3),
  ('middle_cost', 'standard', 'channel', 'crm:fair', 'all', 'period', 50, 50, 2),
  ('high_cost', 'standard', 'total', null, 'all', 'period', 60, 60, 3),
  ('high_cost_between', 'standard', 'total', null, 'all', 'period', 58, 58, 3);
"""


@pytest.fixture
def root(tmp_path: Path) -> Path:
    workspace = make_workspace(tmp_path)
    change(workspace, VALUES)
    publish(
        workspace,
        definitions=[
            metric(name, (name, "成本"), "money", side("cost", {**COST, **how}), None) for name, how in NAMES.items()
        ],
    )
    return tmp_path


def run(capsys: pytest.CaptureFixture[str], root: Path, *words: str) -> tuple[int, str, str]:
    code = invoke(["trace", *words, "--workspace", str(root), "--lang", "en"])
    captured = capsys.readouterr()
    return code, captured.out, captured.err


def traced(capsys: pytest.CaptureFixture[str], root: Path, *words: str) -> dict[str, Any]:
    code, out, err = run(capsys, root, *words, "--json")
    assert code == 0, err
    [part] = json.loads(out)["sides"][0]["parts"]
    return dict(part)


def test_the_middle_row_is_marked_and_ends_in_its_file(capsys: pytest.CaptureFixture[str], root: Path) -> None:
    part = traced(capsys, root, "middle_cost")
    assert (part["row_count"], Decimal(part["total"])) == (3, 50)
    assert [(row["amount"], row["is_picked"]) for row in part["rows"]] == [
        ("40.00", False), ("50.00", True), ("60.00", False),
    ]  # fmt: skip
    [document] = part["rows"][1]["documents"]
    assert (document["document_id"], document["source"]["source_row"]) == ("crm:S3", 4)
    assert not {"_rank", "_exact", "_picked"} & set(part["rows"][1]["row"])


def test_of_an_even_number_both_rows_in_the_middle_are_marked(capsys: pytest.CaptureFixture[str], root: Path) -> None:
    part = traced(capsys, root, "middle_cost", "--where", "channel=fair", "--limit", "1")
    assert [(row["amount"], row["is_picked"]) for row in part["rows"]] == [("40.00", True), ("60.00", True)]


@pytest.mark.parametrize(("name", "value", "picked"), [("high_cost", 60, [60]), ("high_cost_between", 58, [50, 60])])
def test_a_percentile_is_one_row_or_lies_between_two(
    capsys: pytest.CaptureFixture[str], root: Path, name: str, value: int, picked: list[int]
) -> None:
    part = traced(capsys, root, name)
    assert Decimal(part["total"]) == value
    assert [Decimal(row["amount"]) for row in part["rows"] if row["is_picked"]] == picked


def test_for_a_person_it_is_said_in_words(capsys: pytest.CaptureFixture[str], root: Path) -> None:
    code, out, _ = run(capsys, root, "middle_cost", "--limit", "1")
    assert code == 0
    assert "cost 50: 3 rows of cost_allocation; by size; it is that of the rows marked → ✓" in out
    assert "→ 50.00" in out
    assert "2 more rows; --limit 3 shows all" in out


def test_a_median_that_its_rows_do_not_have_is_an_error(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    workspace = make_workspace(tmp_path)
    change(workspace, VALUES + "update attribution.cost_allocation set amount = 50.01 where spend_id = 'crm:S3'")
    publish(
        workspace,
        definitions=[metric("middle_cost", ("m", "中"), "money", side("cost", {**COST, **MEDIAN}), None)],
    )
    code, _, err = run(capsys, tmp_path, "middle_cost")
    assert code == 1
    assert "50.010000000, but 50.000000 is published" in err


@pytest.mark.parametrize("values", [[7], [1, 2], [1, 5, 9], [1, 2, 4, 8], list(range(0, 110, 10))])
def test_ranks_give_what_the_standard_library_gives(values: Sequence[int]) -> None:
    def at(quantile: str) -> Decimal:
        below, above, share = ranks(len(values), Decimal(quantile), is_discrete=False)
        return values[below - 1] + (values[above - 1] - values[below - 1]) * share

    assert at("0.5") == Decimal(median(values))
    if len(values) > 1:
        assert float(at("0.9")) == pytest.approx(quantiles(values, n=10, method="inclusive")[-1])
    below, above, _ = ranks(len(values), Decimal("0.9"), is_discrete=True)
    assert below == above
    up_to = sum(value <= values[below - 1] for value in values)
    assert up_to * 10 >= 9 * len(values) > (up_to - 1) * 10
