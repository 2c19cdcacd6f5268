"""Anomaly monitoring: the baseline against plain Python, planted anomalies, what moved them, and what people say."""

from __future__ import annotations

import datetime as dt
import random
from collections.abc import Iterator, Sequence
from decimal import Decimal
from pathlib import Path
from statistics import mean, median
from typing import Any

import duckdb
import pytest

from orchestration.lib.anomalies import build_anomalies
from orchestration.lib.anomalies.baseline import Limits, judge_sql
from orchestration.lib.anomalies.listing import EVERY, anomalies, anomaly_of, markdown, months_before, trace_where
from orchestration.lib.anomalies.series import last_closed_month, write_series
from orchestration.lib.anomalies.words import said
from orchestration.lib.errors import DataError
from orchestration.lib.landing.acknowledgements import acknowledge, acknowledgements
from orchestration.lib.landing.ledger import Ledger
from orchestration.lib.metrics import materialise_metrics
from orchestration.lib.settings import AnomalySettings
from tests.unit.metrics_case import metrics_project
from tests.unit.scratch_project import ScratchProject

LIMITS = Limits(threshold=3.5, least_months=12, least_change=0.1, least_n=10)
FIRST = dt.date(2021, 1, 1)


def month(number: int) -> dt.date:
    return dt.date(FIRST.year + number // 12, 1 + number % 12, 1)


def judged(values: Sequence[float | None], *, is_count: bool = False) -> dict[str, Any]:
    """What the SQL says of the last month of a series."""
    with duckdb.connect() as database:
        database.execute(
            "create temporary table watched (kind varchar, subject varchar, variant varchar, basis varchar, "
            "model varchar, cut varchar, member varchar, month date, numerator decimal(28, 9), "
            "denominator decimal(28, 9), value double, n bigint, is_additive boolean, is_count boolean, "
            "is_proportion boolean)"
        )
        database.executemany(
            "insert into watched values ('metric', 'm', 'standard', null, null, 'total', null, ?, ?, null, ?, 99, "
            "true, ?, false)",
            [[month(number), value, value, is_count] for number, value in enumerate(values)],
        )
        database.execute(judge_sql(LIMITS))
        columns = ("expected", "scale", "score", "history", "is_unusual")
        [row] = database.execute(f"select {', '.join(columns)} from judged").fetchall()
    return dict(zip(columns, row, strict=True))


def by_hand(values: Sequence[float | None]) -> tuple[float | None, float]:
    """Expected value and scale of the last month, as the module's text defines them, month by month."""
    deviation: list[float | None] = []
    miss: list[float | None] = []
    expected: float | None = None
    for now, value in enumerate(values):
        before = [one for one in values[max(now - 12, 0) : now] if one is not None]
        level = median(before) if before else None
        seasons = [
            found for year in range(1, 6) if now - 12 * year >= 0 and (found := deviation[now - 12 * year]) is not None
        ]
        expected = None
        if level is not None:
            season = median(seasons) * len(seasons) / (len(seasons) + 1) if seasons else 0.0
            expected = level + season
        enough = len(before) >= 6 and value is not None and level is not None and expected is not None
        deviation.append(value - level if enough else None)  # type: ignore[operator]
        miss.append(abs(value - expected) if enough else None)  # type: ignore[operator]
    earlier = [one for one in miss[:-1] if one is not None]
    scale = max(1.4826 * median(earlier), 1.2533 * mean(earlier)) if earlier else 0.0
    return expected, scale


@pytest.mark.parametrize("seed", range(25))
def test_expected_value_and_scale_are_those_worked_out_in_plain_python(seed: int) -> None:
    chance = random.Random(seed)
    length = chance.choice([2, 7, 14, 25, 40, 75])
    values: list[float | None] = [
        None
        if chance.random() < 0.1
        else round(chance.gauss(100, 20) + (50 if number % 12 == 11 else 0) + number * chance.choice([0, 1]), 2)
        for number in range(length)
    ]
    values[-1] = 123.0
    found = judged(values)
    expected, scale = by_hand(values)
    assert (found["expected"] is None) == (expected is None)
    if expected is not None:
        assert found["expected"] == pytest.approx(expected, rel=1e-9)
        assert found["scale"] == pytest.approx(scale, rel=1e-9)
    assert found["history"] == sum(value is not None for value in values[:-1])


def test_planted_jumps_are_found_and_usual_months_are_not() -> None:
    chance = random.Random(7)
    calm: list[float | None] = [40 + chance.randrange(-5, 6) for _ in range(36)]
    assert not judged([*calm, 44.0], is_count=True)["is_unusual"]
    assert judged([*calm, 120.0], is_count=True)["is_unusual"]
    assert judged([*calm, 0.0], is_count=True)["is_unusual"]


def test_a_season_that_comes_each_year_is_usual_and_its_absence_is_not() -> None:
    chance = random.Random(3)
    years: list[float | None] = [
        100 + chance.randrange(-4, 5) + (300 if number % 12 == 11 else 0) for number in range(59)
    ]
    assert not judged([*years, 400.0])["is_unusual"]  # a December like those before
    assert judged([*years[:-4], 400.0])["is_unusual"]  # the same in August


def test_lumps_are_usual_for_a_series_of_lumps() -> None:
    lumps: list[float | None] = [900.0 if number % 5 == 0 else 0.0 for number in range(35)]
    assert not judged([*lumps, 900.0])["is_unusual"]
    assert judged([*lumps, 9000.0])["is_unusual"]


@pytest.mark.parametrize(
    ("values", "unusual"),
    [
        ([5.0] * 11 + [500.0], False),  # 11 months are too few
        ([5.0] * 12 + [500.0], True),
        ([5.0] * 12 + [5.0], False),
        ([100.0] * 12 + [109.0], False),  # a change below least_change does not matter, though it never varied
    ],
)
def test_short_and_constant_histories(values: list[float | None], unusual: bool) -> None:
    assert judged(values)["is_unusual"] is unusual


@pytest.mark.parametrize(
    ("as_of", "expected"),
    [("2025-12-31", "2025-12-01"), ("2025-12-30", "2025-11-01"), ("2024-02-29", "2024-02-01"),
     ("2025-01-01", "2024-12-01")],
)  # fmt: skip
def test_only_months_that_are_over_are_judged(as_of: str, expected: str) -> None:
    assert last_closed_month(dt.date.fromisoformat(as_of)) == dt.date.fromisoformat(expected)


# ---- the whole, on real metrics ----------------------------------------------------------------------------------
@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> ScratchProject:
    case = metrics_project(tmp_path_factory.mktemp("anomalies"))
    case.build("path:models/metrics")
    case.prepare()
    materialise_metrics(case.workspace, case, case.workspace.dbt_target_dir)
    with duckdb.connect(str(case.workspace.warehouse_file)) as database:
        _plant(database)
    return case


def _plant(database: duckdb.DuckDBPyConnection) -> None:
    """Two years of leads, 40 a month from two channels; in the last month one of them brings 90 instead of 20."""
    database.execute("delete from metrics.metric_value")
    database.execute("update canonical.entity_presence set row_count = 0")  # the case has no canonical tables
    for number in range(24):
        start = dt.date(2022 + (number + 5) // 12, 1 + (number + 5) % 12, 1)
        last = number == 23
        for cut, channel, count in (
            ("total", None, 110 + number % 2 if last else 40 + number % 3),
            ("channel", "ad", 90 if last else 20),
            ("channel", "show", 20 + (number % 2 if last else number % 3)),
        ):
            database.execute(
                "insert into metrics.metric_value (metric_id, variant, cut, channel_id, period_kind, period_start, "
                "view, numerator, value, n, is_mature) values ('leads', 'standard', ?, ?, 'month', ?, 'cohort', ?, "
                "?, ?, true)",
                [cut, channel, start, count, count, count],
            )


@pytest.fixture
def case(built: ScratchProject) -> Iterator[ScratchProject]:
    yield built
    with Ledger(built.workspace).writing() as db:
        db.execute("delete from acknowledgement")


def build(case: ScratchProject) -> Any:
    return build_anomalies(case.workspace, AnomalySettings())


def note(case: ScratchProject, kind: str, subject: str, content: str = "always") -> None:
    acknowledge(Ledger(case.workspace), kind=kind, subject=subject, content=content, reason="a fair", user="wang")


def statuses(case: ScratchProject) -> dict[str, str]:
    return {one.anomaly_id: one.status for one in anomalies(case.workspace, EVERY)}


def test_a_planted_jump_is_told_with_what_moved_it(case: ScratchProject) -> None:
    result = build(case)
    assert (result.unusual, result.spoken_of) == (2, 0)
    assert statuses(case) == {"leads@total@2024-05": "unusual", "leads@channel=ad@2024-05": "unusual"}
    whole = anomaly_of(case.workspace, "leads@total@2024-05")
    # the level is 41; the same month a year before lay 1 above its own, which counts half
    assert (whole.value, whole.expected, whole.history) == (Decimal(111), Decimal("41.5"), 23)
    [first, *others] = whole.movers
    # 90 instead of the 20 of the twelve months before; the other channel brought 21, as its median
    assert (first.cut, first.member, first.value, first.usual, first.effect) == ("channel", "ad", 90, 20, 70)
    assert others == []
    assert [value for _, value in months_before(case.workspace, whole)][-2:] == [Decimal(41), Decimal(111)]
    assert trace_where(whole) == {"month": "2024-05"}
    assert "| `leads@total@2024-05` | 111.00 | 41.50 | +69.50 (+167 %) | channel ad: +70.00 |" in markdown([whole])


def test_what_is_acknowledged_is_not_told_until_it_changes(case: ScratchProject) -> None:
    build(case)
    note(case, "anomaly", "leads@total@2024-05", anomaly_of(case.workspace, "leads@total@2024-05").content)
    assert build(case).unusual == 1
    assert statuses(case)["leads@total@2024-05"] == "acknowledged"
    assert anomaly_of(case.workspace, "leads@total@2024-05").said == "a fair (wang)"
    note(case, "anomaly", "leads@channel=ad@2024-05", "another content")
    assert statuses(case)["leads@channel=ad@2024-05"] == "unusual"


def test_a_mute_holds_for_a_series_or_a_metric_until_its_day(case: ScratchProject) -> None:
    note(case, "mute", "leads@channel=ad")
    build(case)
    assert statuses(case) == {"leads@total@2024-05": "unusual", "leads@channel=ad@2024-05": "muted"}
    note(case, "mute", "leads", "2024-06-30")  # the day of as_of still counts
    assert build(case).unusual == 0
    note(case, "mute", "leads", "2024-06-29")
    assert build(case).unusual == 1
    note(case, "unmute", "leads@channel=ad")
    assert build(case).unusual == 2
    assert [one.subject for one in said(acknowledgements(Ledger(case.workspace)))] == ["leads"]


def test_an_unknown_anomaly_names_the_nearest(case: ScratchProject) -> None:
    build(case)
    with pytest.raises(DataError, match="there is no anomaly 'leads@total@2024-04'") as caught:
        anomaly_of(case.workspace, "leads@total@2024-04")
    assert "leads@total@2024-05" in str(caught.value.hint)


def test_a_rerun_writes_the_same(case: ScratchProject) -> None:
    def content() -> list[tuple[Any, ...]]:
        return [row for table in ("metric_anomaly", "anomaly_mover", "anomaly_series")
                for row in case.rows(f"select * from metrics.{table} order by all")]  # fmt: skip

    build(case)
    first = content()
    build(case)
    assert content() == first


def test_rows_of_a_source_are_a_series_of_their_own(tmp_path: Path) -> None:
    """Four months, one without rows; the source's last month ends its series, a row without a day counts nowhere."""
    with duckdb.connect() as database:
        database.execute("create schema canonical")
        database.execute("create schema metrics")
        database.execute(
            "create table canonical.lead as select 'crm' as source_system, 'leads' as source_object, day as created_at "
            "from (values (timestamp '2024-01-05'), ('2024-01-31'), ('2024-03-01'), ('2024-04-30'), (null)) as t(day)"
        )

        class NoMetrics:
            metrics = ()

        write_series(
            database,
            NoMetrics(),  # type: ignore[arg-type]
            cuts=(),
            closed=dt.date(2024, 3, 1),
            present=[("lead", "created_at")],
        )
        rows = database.execute("select subject, cut, member, month, value from watched order by month").fetchall()
    assert rows == [
        ("lead", "source", "crm.leads", dt.date(2024, 1, 1), 2),
        ("lead", "source", "crm.leads", dt.date(2024, 2, 1), 0),
        ("lead", "source", "crm.leads", dt.date(2024, 3, 1), 1),
    ]
