"""Adding a metric is one edit: what docs/how-to/add-a-metric.md says, done, and the result worked out by hand."""

from __future__ import annotations

import re
from decimal import Decimal
from pathlib import Path

import pytest

from orchestration.lib.metrics import materialise_metrics, metric_definitions
from orchestration.lib.workspace import PROJECT_ROOT
from tests.unit.metrics_case import metrics_project
from tests.unit.scratch_project import ScratchProject

PAGE = PROJECT_ROOT / "docs" / "how-to" / "add-a-metric.md"


@pytest.fixture(scope="module")
def edited(tmp_path_factory: pytest.TempPathFactory) -> ScratchProject:
    case = metrics_project(tmp_path_factory.mktemp("added"))
    [entry] = re.findall(r"```yaml\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    Path(case.project / "models" / "metrics" / "metrics_of_ours.yml").write_text(entry, encoding="utf-8")
    case.build("path:models/metrics")
    case.prepare()
    materialise_metrics(case.workspace, case, case.workspace.dbt_target_dir)
    return case


def test_its_values_are_there_by_channel_and_period(edited: ScratchProject) -> None:
    rows = edited.rows(
        "select cut, channel_id, period_kind, cast(period_start as varchar), numerator, denominator, value, n "
        "from metrics.metric_value where metric_id = 'booked_per_lead' and period_kind in ('all', 'half_year') "
        "order by all"
    )
    # orders: 1000 from the ad on 31 March, 500 from the show on 1 April; the excluded one of 70 is not in it.
    # leads: three of the ad (5 and 31 January, 15 June), one of the show and one of nowhere in February.
    # The fiscal year begins in April.
    assert rows == [
        ("channel", "ad", "all", None, 1000, 3, Decimal("333.33333333"), 3),
        ("channel", "ad", "half_year", "2023-10-01", 1000, 2, 500, 2),
        ("channel", "ad", "half_year", "2024-04-01", 0, 1, 0, 1),
        ("channel", "show", "all", None, 500, 1, 500, 1),
        ("channel", "show", "half_year", "2023-10-01", 0, 1, 0, 1),
        ("channel", "show", "half_year", "2024-04-01", 500, 0, None, 0),
        ("channel", "unknown", "all", None, 0, 1, 0, 1),
        ("channel", "unknown", "half_year", "2023-10-01", 0, 1, 0, 1),
        ("total", None, "all", None, 1500, 5, 300, 5),
        ("total", None, "half_year", "2023-10-01", 1000, 4, 250, 4),
        ("total", None, "half_year", "2024-04-01", 500, 1, 500, 1),
    ]


def test_it_is_defined_for_every_reader(edited: ScratchProject) -> None:
    [entry] = [
        one for one in metric_definitions(edited.workspace.dbt_target_dir) if one["metric_id"] == "booked_per_lead"
    ]
    assert (entry["label_en"], entry["label_zh"]) == ("Booked per lead", "每条线索带来的订单额")
    assert (entry["formula_en"], entry["formula_zh"]) == (
        "Net booked ÷ leads of the same period",
        "订单净额 ÷ 同期线索数",
    )
    assert [part["table"] for side in ("numerator", "denominator") for part in entry[side]["parts"]] == [
        "order_facts",
        "lead_facts",
    ]


def test_it_is_switched_off_where_the_data_cannot_carry_it(tmp_path: Path, edited: ScratchProject) -> None:
    with edited.connect() as database:
        database.execute("update canonical.entity_presence set is_mapped = false where entity = 'lead'")
    materialise_metrics(edited.workspace, edited, edited.workspace.dbt_target_dir)
    [(is_available, english)] = edited.rows(
        "select is_available, reason_en from metrics.metric_availability where metric_id = 'booked_per_lead'"
    )
    assert (is_available, english) == (False, "no source is mapped to lead")
    with edited.connect() as database:
        database.execute("update canonical.entity_presence set is_mapped = true where entity = 'lead'")
    materialise_metrics(edited.workspace, edited, edited.workspace.dbt_target_dir)
