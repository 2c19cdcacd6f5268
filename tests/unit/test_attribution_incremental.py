"""Only what changed is computed anew, and the result is that of computing everything."""

from __future__ import annotations

import datetime as dt
import os
import random
import shutil
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from orchestration.lib.closing import load_closings
from orchestration.lib.closing.store import folders
from orchestration.lib.errors import TriloopError
from tests.unit.attribution_case import MODELS, order, postings, scratch, touch
from tests.unit.journeys_case import ALL, at_random
from tests.unit.scratch_project import ScratchProject

NOT_BUILT = "order_measure cost_allocation cost_ledger cost_part cost_share"
TABLES = (
    "journey_touch", "journey_milestone", "journey_path", "null_path_touch", "path_touch", "attribution_weight_current",
    "attribution_weight", "attribution_credit_current", "attribution_credit", "attribution_restatement",
    "new_customer_weight", "stage_pool",
)  # fmt: skip
SETTINGS = {
    "attribution_models": [*ALL, "week"],
    "custom_attribution_models": {"week": {"family": "summed", "half_life_days": 7}},
}
#: sequences of changes, and changes at a time in each; make torture-attribution asks for more
SEQUENCES = int(os.environ.get("TRILOOP_CHANGE_SEQUENCES", "1"))
STEPS = int(os.environ.get("TRILOOP_CHANGE_STEPS", "3"))


def build(case: ScratchProject) -> None:
    load_closings(case.workspace, folders(case.workspace))
    case.build(MODELS, exclude=NOT_BUILT)


def change(case: ScratchProject, *statements: str) -> None:
    with case.connect() as connection:
        for statement in statements:
            connection.execute(statement)


# ---- who is computed anew -----------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> ScratchProject:
    case = scratch(tmp_path_factory.mktemp("incremental"), SETTINGS)
    at_random(7).fill(case)
    case.load("attribution.order_measure", postings(None, "orderless", "invoiced", "70.00"))
    build(case)
    return case


#: a column of each table that nothing further on is computed from, and what no row has in it
MARKS = {
    "journey_touch": ("converted_at", "timestamp '1999-01-01'"),
    "journey_milestone": ("document_id", "'kept'"),
    "journey_path": ("channel_count", "-1"),
    "attribution_weight_current": ("touch_count", "-1"),
    "attribution_credit_current": ("campaign_id", "'kept'"),
}


@pytest.fixture
def marked(built: ScratchProject, tmp_path: Path) -> Iterator[ScratchProject]:
    """Every row that is there carries a mark, which a row that is computed anew has not."""
    kept = tmp_path / "before.duckdb"
    shutil.copy(built.workspace.warehouse_file, kept)
    variables = dict(built.variables)
    change(built, *(f"update attribution.{table} set {column} = {mark}" for table, (column, mark) in MARKS.items()))
    yield built
    built.variables = variables
    shutil.copy(kept, built.workspace.warehouse_file)


def anew(case: ScratchProject, table: str, column: str = "order_id") -> set[str | None]:
    marked, mark = MARKS[table]
    return {
        value
        for (value,) in case.rows(
            f"select distinct {column} from attribution.{table} where {marked} is distinct from {mark}"
        )
    }


def everyone(case: ScratchProject) -> set[str | None]:
    return {order_id for (order_id,) in case.rows("select order_id from attribution.conversion")}


def test_nothing_changed_nothing_is_computed(marked: ScratchProject) -> None:
    build(marked)
    assert [anew(marked, table) for table in MARKS] == [set()] * 5


def test_accounts_that_changed_are_computed_in_every_model(marked: ScratchProject) -> None:
    marked.load("intermediate.int_touch", [touch("late", "r001", "2024-06-01 00:00:00")])
    [refund] = postings("o_r004", "r004", "invoiced", "-100.00")
    [orderless] = postings(None, "orderless", "invoiced", "-70.00")
    marked.load(
        "attribution.order_measure",
        [{**refund, "posting_id": "refund"}, {**orderless, "posting_id": "orderless-1"}],
    )
    change(
        marked,
        "update intermediate.int_touch set account_id = 'r003' where touch_id = 'r002_00'",
        "update marts.order_facts set is_excluded = true where order_id = 'o_r005'",
        "delete from attribution.order_measure where order_id = 'o_r005'",
    )
    build(marked)
    journeys = {"o_r001", "o_r002", "o_r003"}
    found = [anew(marked, table) for table in MARKS]
    assert found == [journeys, journeys, journeys, journeys, {*journeys, "o_r004", None}]
    assert anew(marked, "attribution_weight_current", "model") == {*SETTINGS["attribution_models"]}
    # an order that no longer counts leaves nothing
    for table in MARKS:
        assert marked.rows(f"select 1 from attribution.{table} where order_id = 'o_r005'") == []


def test_a_setting_and_a_channel_effect_compute_the_models_that_ask(marked: ScratchProject) -> None:
    marked.variables["half_life_days"] = 14
    change(marked, "update attribution.channel_effect set effect = 0.5 where member_id = 'web'")
    build(marked)
    assert [anew(marked, table) for table in ("journey_touch", "journey_milestone", "journey_path")] == [set()] * 3
    models = [anew(marked, table, "model") for table in ("attribution_weight_current", "attribution_credit_current")]
    assert models == [{"time_decay", "markov"}] * 2


@pytest.mark.parametrize(
    "setting", [{"lookback_days": 100, "lookback_days_by_channel_group": {}}, {"reset_at_order": False}]
)
def test_a_rule_of_journeys_computes_everything(marked: ScratchProject, setting: dict[str, object]) -> None:
    marked.variables.update(setting)
    build(marked)
    with_touches = {name for (name,) in marked.rows("select distinct order_id from attribution.journey_touch")}
    assert anew(marked, "attribution_credit_current") - {None} == everyone(marked)
    assert anew(marked, "journey_touch") == with_touches


def test_another_version_of_the_project_computes_everything(marked: ScratchProject) -> None:
    (marked.project / "macros" / "another_version.sql").write_text(
        "{% macro another_version() %}{% endmacro %}\n", encoding="utf-8"
    )
    change(marked, "alter table attribution.attribution_weight_current drop column stage")
    build(marked)
    assert anew(marked, "attribution_credit_current") == {*everyone(marked), None}
    assert (
        "stage" in marked.rows("select list(column_name) from (describe attribution.attribution_weight_current)")[0][0]
    )


def test_a_run_that_breaks_leaves_the_table_as_it_was(marked: ScratchProject) -> None:
    before = marked.rows("select * from attribution.attribution_weight_current order by all")
    marked.load("intermediate.int_touch", [touch("late", "r001", "2024-06-01 00:00:00")])
    model = marked.project / "models" / "marts" / "attribution" / "attribution_weight_current.sql"
    right = model.read_text(encoding="utf-8")
    model.write_text(right + " and 1 = cast(weight.touch_id as integer)\n", encoding="utf-8")
    try:
        with pytest.raises(TriloopError, match="Could not convert"):
            build(marked)
        assert marked.rows("select * from attribution.attribution_weight_current order by all") == before
    finally:
        model.write_text(right, encoding="utf-8")


# ---- and it is right ----------------------------------------------------------------------------------------------


def _late_touch(draw: random.Random, _case: ScratchProject) -> str:
    account, minute = f"r{draw.randrange(150):03}", draw.randrange(0, 170 * 24 * 60)
    moment = dt.datetime(2024, 1, 5) + dt.timedelta(minutes=minute)
    channel = draw.choice(["show", "web", "mail", "typed", "unheard_of"])
    name = f"late_{draw.randrange(10**9)}"
    row = touch(name, account, str(moment) if draw.random() < 0.7 else str(moment)[:10], channel_id=channel)
    return "insert into intermediate.int_touch ({}) values ({})".format(
        ", ".join(row), ", ".join(f"'{value}'" for value in row.values())
    )


def _repeat_order(draw: random.Random, _case: ScratchProject) -> str:
    account = f"r{draw.randrange(150):03}"
    row = order(f"again_{draw.randrange(10**9)}", account, f"2024-0{draw.randint(2, 9)}-15 04:00:00")
    return "insert into marts.order_facts ({}) values ({})".format(
        ", ".join(row), ", ".join(f"'{value}'" for value in row.values())
    )


def _sample(table: str, key: str, draw: random.Random, count: int = 3) -> str:
    """A condition that holds for some rows, the same ones whenever it is asked."""
    return f"{key} in (select {key} from {table} order by hash({key}, {draw.randrange(10**6)}) limit {count})"


CHANGES: dict[str, Callable[[random.Random, ScratchProject], str]] = {
    "late touch": _late_touch,
    "touch gone": lambda draw, _: (
        "delete from intermediate.int_touch where " + _sample("intermediate.int_touch", "touch_id", draw)
    ),
    "touch of another account": lambda draw, _: (
        f"update intermediate.int_touch set account_id = 'r{draw.randrange(150):03}' where "
        + _sample("intermediate.int_touch", "touch_id", draw)
    ),
    "merge": lambda draw, _: (
        f"update marts.order_facts set account_id = 'r{draw.randrange(150):03}' where "
        + _sample("marts.order_facts", "order_id", draw, 1)
    ),
    "nobody's order": lambda draw, _: (
        "update marts.order_facts set account_id = null where " + _sample("marts.order_facts", "order_id", draw, 1)
    ),
    "repeat order": _repeat_order,
    "order moved": lambda draw, _: (
        "update marts.order_facts set confirmed_at = confirmed_at - interval 40 days, "
        "confirmed_on = confirmed_on - 40 where " + _sample("marts.order_facts", "order_id", draw)
    ),
    "order excluded": lambda draw, _: (
        "update marts.order_facts set is_excluded = not is_excluded where "
        + _sample("marts.order_facts", "order_id", draw, 2)
    ),
    "refund": lambda draw, _: (
        "insert into attribution.order_measure select order_id, order_line_id, posting_id || '-back', posted_on + 20, "
        "measure, -amount, document_kind, document_id from attribution.order_measure where "
        + _sample("attribution.order_measure", "posting_id", draw)
    ),
    "amended": lambda draw, _: (
        f"update attribution.order_measure set amount = {draw.randint(-9999, 9999)}.07 where "
        + _sample("attribution.order_measure", "posting_id", draw)
    ),
    "posting gone": lambda draw, _: (
        "delete from attribution.order_measure where " + _sample("attribution.order_measure", "posting_id", draw)
    ),
    "posting of no order": lambda draw, _: (
        "update attribution.order_measure set order_id = null where "
        + _sample("attribution.order_measure", "posting_id", draw, 1)
    ),
    "lead moved": lambda draw, _: (
        "update intermediate.int_lead set created_at = created_at + interval 9 days where "
        + _sample("intermediate.int_lead", "lead_id", draw)
    ),
    "opportunity unlinked": lambda draw, _: (
        "update marts.order_facts set opportunity_id = null where " + _sample("marts.order_facts", "order_id", draw)
    ),
    "quote gone": lambda draw, _: (
        "delete from marts.quote_facts where " + _sample("marts.quote_facts", "quote_id", draw)
    ),
    "channel regrouped": lambda draw, _: (
        f"update marts.dim_channel set channel_group = '{draw.choice(['trade_show', 'direct', 'email'])}' "
        f"where channel_id = '{draw.choice(['show', 'web', 'mail', 'typed'])}'"
    ),
    "channel worth": lambda draw, _: (
        f"update attribution.channel_effect set effect = {draw.random():.9f} where member_id = 'mail'"
    ),
    "days pass": lambda _draw, _: "update intermediate.int_as_of set as_of_on = as_of_on + 60",
}
NEW_SETTINGS: tuple[dict[str, object], ...] = (
    {"half_life_days": 5},
    {"lookback_days": 60, "lookback_days_by_channel_group": {"trade_show": 90}},
    {"reset_at_order": False},
    {"position_weights": ["0.3", "0.4", "0.3"], "stage_inner": "time_decay"},
    {"attribution_models": ["linear", "position_based", "markov", "staged_information"]},
    {"default_attribution_model": "linear"},
    {"stage_pools": {"lead": "0.5", "qualification": "0.1", "opportunity": "0.1", "quote": "0.1", "order": "0.2"}},
)


def differences(case: ScratchProject, whole: ScratchProject) -> list[tuple[str, list[object], list[object]]]:
    """Tables that are not the same, with rows that only one of the two has."""
    found: list[tuple[str, list[object], list[object]]] = []
    for table in TABLES:
        ours, theirs = (Counter(one.rows(f"from attribution.{table}")) for one in (case, whole))
        if ours != theirs:
            found.append((table, list(ours - theirs)[:3], list(theirs - ours)[:3]))
    return found


@pytest.mark.parametrize("seed", range(SEQUENCES))
def test_any_sequence_of_changes_ends_where_a_full_rebuild_does(tmp_path: Path, seed: int) -> None:
    draw = random.Random(20261127 + seed)
    case = scratch(tmp_path / "step_by_step", SETTINGS)
    at_random(seed).fill(case)
    # some who never order, about when their touches cease to count
    case.load(
        "intermediate.int_touch",
        [touch(f"nil_{month}", f"nil_{month}", f"2024-0{month}-01 00:00:00") for month in range(2, 8)],
    )
    change(case, "update intermediate.int_as_of set as_of_on = date '2025-05-15'")
    build(case)
    told: list[str] = []
    for step in range(STEPS):
        for kind in draw.sample(list(CHANGES), draw.randint(1, 6)):
            change(case, CHANGES[kind](draw, case))
            told.append(kind)
        if draw.random() < 0.5:
            setting = draw.choice(NEW_SETTINGS)
            case.variables.update(setting)
            told.append(str(setting))
        build(case)
        whole = scratch(tmp_path / f"whole_{step}", case.variables)
        shutil.copy(case.workspace.warehouse_file, whole.workspace.warehouse_file)
        change(whole, *(f"drop table attribution.{table}" for table in (*MARKS, "null_path_touch")))
        build(whole)
        assert differences(case, whole) == [], told
    assert case.rows("select count(*) from attribution.attribution_credit")[0][0] > 1_000
    assert case.rows("select count(*) from attribution.null_path_touch")[0][0] > 0
