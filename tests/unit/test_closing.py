"""Closing a month: what was reported stands, later data restates it for a reason, payments follow frozen weights."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from orchestration.lib.closing import close_month, closings, load_closings, reopen_month
from orchestration.lib.closing.store import folders
from orchestration.lib.errors import ConfigurationError, DataError
from tests.unit.attribution_case import MODELS, order, scratch, touch
from tests.unit.scratch_project import ScratchProject

D = Decimal
MARCH, APRIL = dt.date(2024, 3, 15), dt.date(2024, 4, 15)
THREE = {"attribution_models": ["linear", "first", "last"], "default_attribution_model": "linear"}


def posting(order_id: str, name: str, amount: str, on: dt.date = MARCH, measure: str = "invoiced") -> dict[str, Any]:
    return {
        "order_id": order_id,
        "order_line_id": f"{order_id}-1",
        "posting_id": name,
        "posted_on": on,
        "measure": measure,
        "amount": amount,
    }


def build(case: ScratchProject) -> None:
    load_closings(case.workspace, folders(case.workspace))
    case.build(MODELS, exclude="order_measure cost_allocation cost_ledger cost_part cost_share stage_pool")


def change(case: ScratchProject, *statements: str) -> None:
    with case.connect() as connection:
        for statement in statements:
            connection.execute(statement)


@pytest.fixture
def closed(tmp_path: Path) -> ScratchProject:
    """March is closed: five orders of two touches each, 100.00 invoiced in March."""
    case = scratch(tmp_path, THREE)
    case.load("intermediate.int_as_of", [{"as_of_on": dt.date(2024, 4, 30)}])
    case.load("marts.dim_channel", [{"channel_id": "web", "channel_group": "paid_online"}])
    names = ("late", "gone", "fx", "same", "merged")
    for name in names:
        case.load(
            "intermediate.int_touch",
            [touch(f"{name}_1", name, "2024-03-01 01:00:00"), touch(f"{name}_2", name, "2024-03-02 01:00:00")],
        )
        currency = "USD" if name == "fx" else "CNY"
        case.load("marts.order_facts", [order(f"o_{name}", name, "2024-03-10 06:00:00", currency=currency)])
        case.load("attribution.order_measure", [posting(f"o_{name}", f"p_{name}", "100.00")])
    case.load("attribution.order_measure", [posting("o_late", "april", "30.00", APRIL, "collected")])
    build(case)
    published = case.workspace.published_dir
    published.mkdir(parents=True, exist_ok=True)
    (published / "20240430T000000Z-00000000").mkdir()
    (published / "20240430T000000Z-00000000" / "manifest.json").write_text("{}", encoding="utf-8")
    (published / "CURRENT").write_text("20240430T000000Z-00000000\n", encoding="utf-8")
    close_month(case.workspace, "2024-03", user="finance")
    return case


def credits(case: ScratchProject, posting_id: str, model: str = "linear") -> list[tuple[Any, ...]]:
    return case.rows(
        "select version, touch_id, amount from attribution.attribution_credit "
        f"where posting_id = '{posting_id}' and model = '{model}' order by version, touch_id"
    )


def restated(case: ScratchProject, model: str = "linear") -> list[tuple[Any, ...]]:
    return case.rows(
        "select posting_id, touch_id, reason, reported, restated, difference from "
        f"attribution.attribution_restatement where model = '{model}' order by posting_id, touch_id"
    )


def test_a_closed_month_is_told_as_it_was(closed: ScratchProject) -> None:
    build(closed)
    assert restated(closed) == []
    assert credits(closed, "p_late") == [(1, "late_1", D("50.00")), (1, "late_2", D("50.00"))]
    assert closed.rows("select distinct is_frozen from attribution.attribution_weight") == [(True,)]
    [closing] = closings(closed.workspace)
    assert (closing.closed_from, closing.closed_to, closing.closed_by) == ("0001-01-02", "2024-03-31", "finance")
    assert closing.rows == {
        "closed_period": 1,
        "closed_order": 15,
        "closed_touch": 10,
        "closed_weight": 20,
        "closed_credit": 20,
    }


def test_what_comes_later_is_a_restatement_with_its_reason(closed: ScratchProject) -> None:
    late = touch("late_0", "late", "2024-02-28 01:00:00")
    closed.load("intermediate.int_touch", [late])
    closed.load(
        "attribution.order_measure", [posting("o_same", "p_back", "-40.00"), posting("o_same", "p_more", "10.00")]
    )
    change(
        closed,
        "delete from attribution.order_measure where posting_id = 'p_gone'",
        "update attribution.order_measure set amount = 110.00 where posting_id = 'p_fx'",
        "update marts.order_facts set account_id = 'late' where order_id = 'o_merged'",
    )
    build(closed)
    found = restated(closed)
    by_reason = {reason: [row for row in found if row[2] == reason] for reason in {row[2] for row in found}}
    # 100.00 of three touches: 33.33, 33.34, 33.33 instead of 50.00, 50.00
    assert by_reason["late_touch"] == [
        ("p_late", "late_0", "late_touch", D("0.00"), D("33.33"), D("33.33")),
        ("p_late", "late_1", "late_touch", D("50.00"), D("33.34"), D("-16.66")),
        ("p_late", "late_2", "late_touch", D("50.00"), D("33.33"), D("-16.67")),
    ]
    assert by_reason["removed"] == [
        ("p_gone", "gone_1", "removed", D("50.00"), D("0.00"), D("-50.00")),
        ("p_gone", "gone_2", "removed", D("50.00"), D("0.00"), D("-50.00")),
    ]
    assert by_reason["fx"] == [
        ("p_fx", "fx_1", "fx", D("50.00"), D("55.00"), D("5.00")),
        ("p_fx", "fx_2", "fx", D("50.00"), D("55.00"), D("5.00")),
    ]
    assert [row[:2] + row[5:] for row in by_reason["refund"]] == [
        ("p_back", "same_1", D("-20.00")),
        ("p_back", "same_2", D("-20.00")),
    ]
    assert [row[:2] + row[5:] for row in by_reason["late_posting"]] == [
        ("p_more", "same_1", D("5.00")),
        ("p_more", "same_2", D("5.00")),
    ]
    assert {row[1]: row[5] for row in by_reason["merge"]} == {
        "late_0": D("33.33"),
        "late_1": D("33.34"),
        "late_2": D("33.33"),
        "merged_1": D("-50.00"),
        "merged_2": D("-50.00"),
    }
    assert set(by_reason) == {"late_touch", "removed", "fx", "refund", "late_posting", "merge"}
    # as reported beside restated: version 1 as it was, both together what is true today
    assert credits(closed, "p_late")[:2] == [(1, "late_1", D("50.00")), (1, "late_2", D("50.00"))]
    assert closed.rows(
        "select posting_id from (select posting_id, model, sum(amount) as credited from attribution.attribution_credit "
        "group by all) left join attribution.order_measure using (posting_id) where credited <> coalesce(amount, 0)"
    ) == []  # fmt: skip


def test_a_later_payment_follows_the_frozen_weights(closed: ScratchProject) -> None:
    closed.load("intermediate.int_touch", [touch("late_0", "late", "2024-02-28 01:00:00")])
    build(closed)
    assert credits(closed, "april") == [(1, "late_1", D("15.00")), (1, "late_2", D("15.00"))]


def test_rule_change_is_told_as_such(closed: ScratchProject) -> None:
    closed.variables["lookback_days"] = 9
    build(closed)
    # nine days before 10 March 06:00 begin on 1 March 06:00: the first touch is out
    assert {row[2] for row in restated(closed)} == {"rule_change"}
    assert [row[1::2] for row in restated(closed) if row[0] == "p_same"] == [
        ("same_1", D("50.00"), D("-50.00")),
        ("same_2", D("50.00"), D("50.00")),
    ]


def test_a_month_that_is_closed_or_not_over_is_refused(closed: ScratchProject) -> None:
    with pytest.raises(ConfigurationError, match="2024-02 is closed already, by finance on"):
        close_month(closed.workspace, "2024-02", user="x")
    with pytest.raises(ConfigurationError, match="2024-05 is not over: the data go to 2024-04-30"):
        close_month(closed.workspace, "2024-05", user="x")
    with pytest.raises(ConfigurationError, match="'March' is not a month"):
        close_month(closed.workspace, "March", user="x")


def test_the_next_close_goes_on_where_the_last_one_ended(closed: ScratchProject) -> None:
    build(closed)
    second = close_month(closed.workspace, "2024-04", user="finance")
    assert (second.closed_from, second.closed_to, second.rows["closed_credit"]) == ("2024-04-01", "2024-04-30", 4)
    build(closed)
    assert restated(closed) == []


def test_reopening_needs_a_reason_and_keeps_what_was_reported(closed: ScratchProject) -> None:
    with pytest.raises(ConfigurationError, match="reopened for a reason"):
        reopen_month(closed.workspace, "2024-03", reason=" ", user="finance")
    assert [one.month for one in reopen_month(closed.workspace, "2024-03", reason="auditor", user="finance")] == [
        "2024-03"
    ]
    assert closings(closed.workspace) == []
    assert len(list((closed.workspace.state_dir / "closed" / "reopened").glob("2024-03-*/close.json"))) == 1
    closed.load("intermediate.int_touch", [touch("late_0", "late", "2024-02-28 01:00:00")])
    build(closed)
    assert [amount for _, _, amount in credits(closed, "p_late")] == [D("33.33"), D("33.34"), D("33.33")]
    with pytest.raises(ConfigurationError, match="2024-03 is not closed"):
        reopen_month(closed.workspace, "2024-03", reason="again", user="finance")


def test_a_file_that_was_changed_is_named(closed: ScratchProject) -> None:
    file = closed.workspace.state_dir / "closed" / "2024-03" / "closed_credit.parquet"
    content = bytearray(file.read_bytes())
    content[len(content) // 2] ^= 1
    file.write_bytes(content)
    with pytest.raises(DataError, match=r"closed_credit\.parquet is not what it was when 2024-03 was closed"):
        closings(closed.workspace)
