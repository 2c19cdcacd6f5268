"""The win drivers: a lift and its interval worked out by hand, the model on made-up deals, and its refusals."""

from __future__ import annotations

import random
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pytest

from orchestration.lib.win_model import build_win_model
from orchestration.lib.workspace import Workspace
from tests.oracles.marts_win_drivers import lift

NAMES = ("call", "email", "message", "meeting", "visit", "demo", "sample", "other")
COLUMNS = ", ".join(
    [
        "opportunity_id varchar", "is_won boolean", "is_quoted boolean", "amount_functional decimal(18, 2)",
        "days_to_close bigint", "interaction_count bigint", "days_to_response bigint", "days_to_first_quote bigint",
        "discount decimal(18, 8)", *(f"{name}_count bigint" for name in NAMES),
    ]
)  # fmt: skip
Rows = list[dict[str, Any]]


def test_a_lift_worked_out_by_hand() -> None:
    """6 of 8 with, 3 of 12 without: 0.75 ÷ 0.25 = 3; error² = 1/6 - 1/8 + 1/3 - 1/12 = 7/24, error 0.5400617;
    ln 3 = 1.0986123 ± 1.9599640 × 0.5400617 = 0.0401107 … 2.1571138, of which exp is 1.0409260 … 8.6461495."""
    found = lift(6, 8, 3, 12)
    assert (found["lift_numerator"], found["lift_denominator"], found["lift"]) == (72, 24, 3)
    assert abs(found["lift_low"] - Decimal("1.0409260")) < Decimal("0.000001")
    assert abs(found["lift_high"] - Decimal("8.6461495")) < Decimal("0.000005")
    assert lift(0, 8, 3, 12)["lift_low"] is None
    assert lift(6, 8, 0, 12)["lift"] is None


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    found = Workspace(tmp_path)
    found.state_dir.mkdir(parents=True)
    with duckdb.connect(str(found.warehouse_file)) as database:
        database.execute("create schema marts; create schema metrics")
        database.execute(f"create table marts.opportunity_driver_facts ({COLUMNS})")
        database.execute(
            "create table metrics.interaction_win_lift (driver varchar, label_en varchar, label_zh varchar, "
            "driver_group varchar, period_kind varchar, position bigint)"
        )
        for place, name in enumerate(NAMES):
            database.execute(
                "insert into metrics.interaction_win_lift values (?, ?, ?, 'kind', 'all', ?)",
                [f"kind:{name}", name.title(), name, place],
            )
    return found


def fill(workspace: Workspace, count: int, *, quoted: bool = True) -> None:
    """Deals of which 4 in 5 are won with a demo and 1 in 5 without; visits and all else are drawn whatever the end."""
    draw = random.Random(1)
    with duckdb.connect(str(workspace.warehouse_file)) as database:
        for number in range(count):
            demo = number % 2
            row: dict[str, Any] = {
                "opportunity_id": f"o{number:04}",
                "is_won": draw.random() < (0.8 if demo else 0.2),
                "is_quoted": quoted,
                "amount_functional": draw.randrange(1_000, 100_000),
                "days_to_close": draw.randrange(5, 200),
                "interaction_count": draw.randrange(1, 20),
                "days_to_response": draw.choice([None, 0, 1, 5]),
                "days_to_first_quote": draw.randrange(1, 40) if quoted else None,
                "discount": Decimal(draw.randrange(0, 30)) / 100 if quoted else None,
                **dict.fromkeys((f"{name}_count" for name in NAMES), 0),
                "demo_count": demo,
                "visit_count": draw.randrange(2),
                "sample_count": int(number < 9),  # too few to weigh
            }
            database.execute(
                f"insert into marts.opportunity_driver_facts ({', '.join(row)}) values ({', '.join('?' * len(row))})",
                list(row.values()),
            )


def rows(workspace: Workspace, table: str) -> Rows:
    with duckdb.connect(str(workspace.warehouse_file)) as database:
        found = database.execute(f"select * from metrics.{table}")
        names = [column[0] for column in found.description or ()]
        return [dict(zip(names, row, strict=True)) for row in found.fetchall()]


def test_what_goes_with_winning_is_found_and_what_does_not_is_not(workspace: Workspace) -> None:
    fill(workspace, 400)
    assert build_win_model(workspace, 50).reason_en is None
    drivers = {row["driver"]: row for row in rows(workspace, "win_driver")}
    # odds 4 with and 1/4 without: a ratio of 16, a little less by the penalty
    assert 8 < drivers["kind:demo"]["odds_low"] < drivers["kind:demo"]["odds_ratio"] < 25
    assert drivers["kind:visit"]["odds_low"] < 1 < drivers["kind:visit"]["odds_high"]
    assert drivers["kind:demo"]["n_with"] == 200
    assert {"kind:sample", "kind:call"}.isdisjoint(drivers)  # 9 deals have it, none has
    assert [name for name, row in drivers.items() if row["is_control"]] == ["amount", "days_open"]
    [model] = rows(workspace, "win_model")
    assert model["is_available"]
    assert model["deal_count"] == model["won_count"] + model["lost_count"] == 400
    assert 0.7 < model["auc"] < 0.9


def test_the_same_deals_give_the_same_numbers(workspace: Workspace) -> None:
    fill(workspace, 150)
    told = []
    for _ in range(2):
        build_win_model(workspace, 20)
        told.append((rows(workspace, "win_driver"), rows(workspace, "win_model")))
    assert told[0] == told[1]


def test_too_few_deals_are_refused_in_both_languages(workspace: Workspace) -> None:
    fill(workspace, 60)
    result = build_win_model(workspace, 50)
    [model] = rows(workspace, "win_model")
    won, lost = model["won_count"], model["lost_count"]
    assert min(won, lost) < 50
    assert model["reason_en"] == f"it needs 50 won and 50 lost quoted deals, and there are {won} won and {lost} lost"
    assert model["reason_zh"] == f"需要赢单与输单的已报价商机各 50 个，现有赢单 {won} 个、输单 {lost} 个"
    assert not model["is_available"]
    assert model["auc"] is None
    assert rows(workspace, "win_driver") == []
    assert result.explain() == f"win drivers: not available because {model['reason_en']}"


def test_without_any_quote_all_decided_deals_are_asked(workspace: Workspace) -> None:
    fill(workspace, 200, quoted=False)
    build_win_model(workspace, 20)
    [model] = rows(workspace, "win_model")
    assert (model["population"], model["deal_count"], model["is_available"]) == ("decided", 200, True)
    assert {"discount", "quote_speed"}.isdisjoint(row["driver"] for row in rows(workspace, "win_driver"))


def test_no_deals_at_all_is_a_refusal_and_no_fault(workspace: Workspace) -> None:
    assert "there are 0 won and 0 lost" in build_win_model(workspace, 50).explain()
