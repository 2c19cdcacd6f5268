"""The table of the data-driven models: what is in it, when it may not be relied on, and how its intervals compare with
resampling every journey anew."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pytest

from orchestration.lib.attribution.bootstrap import intervals
from orchestration.lib.attribution.build import build_channel_effect, exact_shares
from orchestration.lib.attribution.paths import distinct_paths
from orchestration.lib.settings_attribution import AttributionSettings
from orchestration.lib.workspace import Workspace
from tests.oracles import data_driven as oracle
from tests.oracles.data_driven import Outcomes
from tests.unit.paths_case import SMALL, TOUCHES, database_of, drawn

D = Decimal


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    found = Workspace(tmp_path)
    found.state_dir.mkdir(parents=True)
    return found


def fill(workspace: Workspace, outcomes: Outcomes, *, shuffled: int | None = None) -> None:
    """Table ``attribution.path_touch``; each channel has one campaign, named so that they sort the other way."""
    warehouse = closing(duckdb.connect(str(workspace.warehouse_file)))
    with database_of(outcomes, shuffled=shuffled) as made, warehouse as kept:
        touches = made.sql(
            "select journey_id, touch_position, member as channel_member, "
            "'c' || (200 - ascii(member)) as campaign_member, is_converted from touches"
        )
        kept.register("touches", touches.to_arrow_table())
        kept.execute("create schema if not exists attribution")
        kept.execute("create or replace table attribution.path_touch as select * from touches")


def rows(workspace: Workspace, columns: str, where: str = "true") -> list[tuple[Any, ...]]:
    with closing(duckdb.connect(str(workspace.warehouse_file), read_only=True)) as database:
        sql = f"select {columns} from attribution.channel_effect where {where} order by model, level, member_id"
        return database.execute(sql).fetchall()


def test_the_small_case_worked_out_by_hand(workspace: Workspace) -> None:
    """Effects 16/39, 7/9, 3/5 of test_markov.py sum to 1046/585: shares 240, 455, 351 of 1046, reached .229445507,
    .664435946, 1; of Shapley 1/2, 1, 3/2 of 3."""
    fill(workspace, SMALL)
    result = build_channel_effect(workspace, AttributionSettings(least_conversions=3, bootstrap_draws=100))
    assert result.explain() == ("data-driven attribution: 3 conversions and 5 null paths, 3 channels, 3 campaigns")
    assert rows(workspace, "model, member_id, effect, share, conversions, journeys", "level = 'channel'") == [
        ("markov_1", "a", D("0.410256410"), D("0.229445507"), 1, 4),
        ("markov_1", "b", D("0.777777778"), D("0.434990439"), 2, 3),
        ("markov_1", "c", D("0.600000000"), D("0.335564054"), 2, 6),
        ("shapley", "a", D("0.5"), D("0.166666667"), 1, 4),
        ("shapley", "b", D("1"), D("0.333333333"), 2, 3),
        ("shapley", "c", D("1.5"), D("0.5"), 2, 6),
    ]
    campaigns = rows(workspace, "member_id, effect", "level = 'campaign' and model = 'markov_1'")
    assert [member for member, _ in campaigns] == ["c101", "c102", "c103"]
    assert [effect for _, effect in campaigns][::-1] == [D("0.410256410"), D("0.777777778"), D("0.600000000")]
    assert rows(workspace, "distinct total_conversions, is_reliable, reason_en", "level = 'channel'")[0] == (
        3,
        True,
        None,
    )


def test_too_few_conversions_are_told_in_both_languages(workspace: Workspace) -> None:
    fill(workspace, SMALL)
    result = build_channel_effect(workspace, AttributionSettings(bootstrap_draws=100))
    assert result.explain().endswith("; no advice, because it needs 100 converting journeys, and there are 3")
    told = set(rows(workspace, "is_reliable, reason_en, reason_zh"))
    assert told == {(False, "it needs 100 converting journeys, and there are 3", "需要至少 100 段转化旅程，现有 3 段")}


def test_no_conversions_and_no_paths_are_no_fault(workspace: Workspace) -> None:
    fill(workspace, {("a", "b"): (0, 2)})
    build_channel_effect(workspace, AttributionSettings(bootstrap_draws=100))
    assert set(rows(workspace, "effect, share, share_low, share_high")) == {(D(0), None, None, None)}
    with closing(duckdb.connect(str(workspace.warehouse_file))) as database:
        database.execute("delete from attribution.path_touch")
    assert (
        "0 conversions and 0 null paths, 0 channels"
        in build_channel_effect(workspace, AttributionSettings(bootstrap_draws=100)).explain()
    )
    assert rows(workspace, "*") == []


@pytest.mark.parametrize("order", [1, 2])
def test_the_same_paths_in_any_order_give_the_same_bytes(workspace: Workspace, order: int) -> None:
    settings = AttributionSettings(markov_order=order, bootstrap_draws=100)
    told = []
    for shuffled in (None, 3, 4):
        fill(workspace, drawn(2), shuffled=shuffled)
        build_channel_effect(workspace, settings)
        told.append(rows(workspace, "*"))
    assert told[0] == told[1] == told[2]
    assert {row[0] for row in told[0]} == {f"markov_{order}", "shapley"}
    for model in (f"markov_{order}", "shapley"):
        assert sum(row[3 + 1] for row in told[0] if row[:2] == (model, "channel")) == 1


def test_shares_add_up_to_exactly_one() -> None:
    shares = exact_shares([Fraction(1)] * 7)
    assert sum(share for share in shares if share is not None) == 1
    assert set(shares) == {D("0.142857143"), D("0.142857142")}
    assert exact_shares([Fraction(0), Fraction(1), Fraction(0)]) == [0, 1, 0]
    assert exact_shares([Fraction(0)]) == [None]


def resampled(outcomes: Outcomes, draws: int) -> Iterator[tuple[list[float], list[float]]]:
    """Shares of both models, journey by journey drawn with replacement, each chain solved for itself."""
    source = np.random.default_rng(5)
    cells = [(path, kind) for path in outcomes for kind in (0, 1)]
    counts = np.array([outcomes[path][kind] for path, kind in cells])
    for drawn_counts in source.multinomial(counts.sum(), counts / counts.sum(), size=draws).tolist():
        made: dict[tuple[str, ...], list[int]] = {path: [0, 0] for path in outcomes}
        for (path, kind), count in zip(cells, drawn_counts, strict=True):
            made[path][kind] = count
        again = {path: (one, other) for path, (one, other) in made.items() if one + other}
        members = sorted({member for path in outcomes for member in path})
        removed = oracle.removal_effects(again, 1, oracle.conversion_nearly, members)
        equal = dict.fromkeys(members, 0.0)
        for path, (converted, _) in again.items():
            for member in set(path):
                equal[member] += converted / len(set(path))
        yield tuple([values[m] / sum(values.values()) for m in members] for values in (removed, equal))  # type: ignore[misc]


def test_intervals_are_those_of_resampled_journeys() -> None:
    outcomes = {path: (3 * one, 3 * other) for path, (one, other) in drawn(1, members=4, paths=20, longest=4).items()}
    with database_of(outcomes) as database:
        found = intervals(distinct_paths(database, TOUCHES), 1, 4_000)
    assert found.draws == 4_000
    removed, equal = (np.array(shares) for shares in zip(*resampled(outcomes, 600), strict=True))
    for ends, shares in ((found.markov, removed), (found.shapley, equal)):
        expected = np.quantile(shares, (0.025, 0.975), axis=0).T
        width = (expected[:, 1] - expected[:, 0])[:, None]
        # both ends are drawn; a tenth of the width is four of their standard errors
        assert (np.abs(ends - expected) < 0.13 * width).all()


def test_more_journeys_are_less_chance() -> None:
    outcomes = drawn(1)
    widths = []
    for times in (1, 16):
        with database_of(outcomes, times=times) as database:
            found = intervals(distinct_paths(database, TOUCHES), 1, 500)
        widths.append(np.diff(found.markov, axis=1).mean())
    assert widths[1] == pytest.approx(widths[0] / 4, rel=0.2)
