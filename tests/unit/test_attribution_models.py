"""Every model against cases worked out by hand, and against fractions on journeys drawn at random.

All of them live in one warehouse, an account each, and dbt builds it once.
"""

from __future__ import annotations

from collections import defaultdict
from decimal import Decimal
from fractions import Fraction
from pathlib import Path

import pytest

from tests.oracles import attribution_models as oracle
from tests.unit.attribution_case import MODELS, scratch
from tests.unit.journeys_case import ALL, CHANNELS, EFFECTS, ORDERED, Factory, Row, at_random, moment_of
from tests.unit.scratch_project import ScratchProject

D = Decimal


def as_oracle(rows: list[Row], ordered: str = ORDERED) -> list[Row]:
    """Touches in their order, as the oracle reads them."""
    at = moment_of(ordered)
    found = [
        {
            **row,
            "group": CHANNELS[row["channel_id"]],
            "touched_at": moment_of(row["touched_at"]),
            "counted_at": min(moment_of(row["effective_at"]), at),
        }
        for row in rows
    ]
    return sorted(found, key=lambda row: (row["counted_at"], row["precision"] == "date", row["touch_id"]))


HAND = {
    # a show, a search that made the lead, a direct visit, a mail before the quote
    "whole": {
        "touches": [
            ("2024-01-01 00:00:00", "show"),
            ("2024-02-01 00:00:00", "web"),
            ("2024-03-01 00:00:00", "typed"),
            ("2024-04-01 00:00:00", "mail"),
        ],
        "lead": "2024-02-02 00:00:00",
        "qualification": "2024-02-10 00:00:00",
        "opportunity": "2024-03-02 00:00:00",
        "quote": "2024-04-02 00:00:00",
    },
    "one": {"touches": [("2024-01-01 00:00:00", "show")], "lead": "2024-02-02 00:00:00"},
    "two": {
        "touches": [("2024-01-01 00:00:00", "show"), ("2024-02-01 00:00:00", "web")],
        "lead": "2024-01-02 00:00:00",
    },
    # the lead came before any touch of the journey, and nothing else is known
    "late": {
        "touches": [("2024-03-01 00:00:00", "web"), ("2024-03-02 00:00:00", "mail")],
        "lead": "2024-02-02 00:00:00",
    },
    "bare": {"touches": [("2024-03-01 00:00:00", "web"), ("2024-03-02 00:00:00", "typed")]},
    "direct": {"touches": [("2024-03-01 00:00:00", "typed"), ("2024-03-02 00:00:00", "typed")]},
    # a show on the day of the lead, of which the time is not known: it counts for the lead
    "day": {
        "touches": [("2024-03-05", "show"), ("2024-03-05 06:00:00", "web")],
        "lead": "2024-03-05 03:00:00",
    },
    # the opportunity was entered after its quote: it was there by then
    "order_of": {
        "touches": [("2024-01-01 00:00:00", "show"), ("2024-03-01 00:00:00", "web"), ("2024-05-01 00:00:00", "mail")],
        "lead": "2024-01-02 00:00:00",
        "opportunity": "2024-06-01 00:00:00",
        "quote": "2024-03-02 00:00:00",
    },
}  # fmt: skip
EXPECTED = {
    ("whole", "last_non_direct"): {3: "1"},
    ("whole", "u_shaped"): {0: ".5", 1: ".5"},
    ("whole", "w_shaped"): {0: ".3", 1: ".3", 2: ".3", 3: ".1"},
    # first, lead and opportunity .225 each; the last is the order's .225; nobody is left for .1, so all ÷ .9
    ("whole", "full_path"): {0: ".25", 1: ".25", 2: ".25", 3: ".25"},
    # .2 each: lead → show and search; qualification had no touch of its own → the search; opportunity → the visit;
    # quote → the mail; order none of its own → the mail
    ("whole", "staged"): {(0, "lead"): ".1", (1, "lead"): ".1", (1, "qualification"): ".2", (2, "opportunity"): ".2",
                          (3, "quote"): ".2", (3, "order"): ".2"},
    ("one", "u_shaped"): {0: "1"},
    ("one", "full_path"): {0: "1"},
    # lead .2, its qualification inferred at the order .2, order .2 of .6: opportunity and quote are missing
    ("one", "staged"): {(0, "lead"): ".333333333", (0, "qualification"): ".333333334", (0, "order"): ".333333333"},
    ("two", "u_shaped"): {0: "1"},
    # first and lead on one touch .6, no opportunity, others .1: ÷ .7
    ("two", "w_shaped"): {0: ".857142857", 1: ".142857143"},
    ("two", "full_path"): {0: ".666666667", 1: ".333333333"},
    ("two", "last_non_direct"): {1: "1"},
    ("late", "u_shaped"): {0: "1"},
    ("late", "w_shaped"): {0: ".75", 1: ".25"},
    # the lead's pool has no touch before it: qualification, inferred at the order, has both, the order carries
    ("late", "staged"): {(0, "qualification"): ".25", (1, "qualification"): ".25", (1, "order"): ".5"},
    ("bare", "last_non_direct"): {0: "1"},
    ("bare", "staged"): {(0, "order"): ".5", (1, "order"): ".5"},
    ("bare", "u_shaped"): {0: "1"},
    ("direct", "last_non_direct"): {1: "1"},
    # the search at 14:00 comes first in the order of touches, the show counts at the end of its day
    ("day", "u_shaped"): {0: ".5", 1: ".5"},
    ("day", "staged"): {(0, "qualification"): ".333333333", (1, "lead"): ".333333334", (1, "order"): ".333333333"},
    ("order_of", "staged"): {(0, "lead"): ".2", (1, "qualification"): ".2", (1, "opportunity"): ".2",
                             (1, "quote"): ".2", (2, "order"): ".2"},
}  # fmt: skip


@pytest.fixture(scope="module")
def made() -> Factory:
    factory = at_random(20261127)
    for name, case in HAND.items():
        touches = case["touches"]
        assert isinstance(touches, list)
        factory.journey(name, touches, **{key: str(text) for key, text in case.items() if key != "touches"})
    return factory


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory, made: Factory) -> ScratchProject:
    case = scratch(
        tmp_path_factory.mktemp("models"),
        {
            "attribution_models": [*ALL, "week"],
            "custom_attribution_models": {"week": {"family": "summed", "half_life_days": 7}},
        },
    )
    made.fill(case)
    case.build(MODELS, exclude="order_measure cost_allocation")
    return case


def weights(case: ScratchProject, name: str) -> dict[str, dict[tuple[int, str | None], Decimal]]:
    """Model → (index from 0, stage) → weight, in the order of their cumulative weights."""
    found: dict[str, dict[tuple[int, str | None], Decimal]] = defaultdict(dict)
    for model, position, stage, weight in case.rows(
        f"select model, touch_position, stage, weight from attribution.attribution_weight where order_id = 'o_{name}' "
        "order by cumulative_weight"
    ):
        found[model][position - 1, stage] = weight
    return found


@pytest.mark.parametrize(("name", "model"), EXPECTED)
def test_by_hand(built: ScratchProject, name: str, model: str) -> None:
    wanted = EXPECTED[name, model]
    assert weights(built, name)[model] == {
        (key if isinstance(key, tuple) else (key, None)): D(text) for key, text in wanted.items()
    }


def test_every_model_equals_fractions_on_random_journeys(built: ScratchProject, made: Factory) -> None:
    pools = {
        stage: Fraction(weight)
        for stage, weight in built.rows("select milestone, information_weight from attribution.stage_pool")
    }
    effects = {name: Fraction(effect) for name, effect in EFFECTS.items()}
    compared = 0
    for name, (rows, entries) in made.made.items():
        if name.startswith("shifted"):
            continue
        touches = as_oracle(rows)
        assert [touch_id for (touch_id,) in built.rows(
            f"select touch_id from attribution.journey_touch where order_id = 'o_{name}' and is_in_journey "
            "order by touch_position"
        )] == [row["touch_id"] for row in touches]  # fmt: skip
        actual = weights(built, name)
        for model, slots in oracle.slots_of(touches, entries, pools, effects).items():
            expected = {
                (index, stage): D(here - before).scaleb(-9) for index, stage, before, here in oracle.cumulative(slots)
            }
            assert actual[model] == expected, (name, model)
            compared += len(expected)
    assert compared > 5_000


def test_a_shorter_half_life_gives_the_last_touch_more(built: ScratchProject) -> None:
    whole = weights(built, "whole")
    assert whole["week"][3, None] > whole["time_decay"][3, None]
    # 91, 60, 31 and 0 days before: 2^-13, 2^(-60/7), 2^(-31/7), 1
    parts = [Fraction(round(2 ** (-days / 7) * 10**12)) for days in (91, 60, 31, 0)]
    assert whole["week"][0, None] == round(D(int(parts[0] * 10**9)) / D(int(sum(parts))), 0).scaleb(-9)


def test_weeks_later_all_weights_are_the_same(built: ScratchProject, made: Factory) -> None:
    shifted = [name for name in made.made if name.startswith("shifted")]
    assert len(shifted) == 15
    for name in shifted:
        assert weights(built, name) == weights(built, f"r{name.removeprefix('shifted')}")


def test_weights_end_at_exactly_one_and_credits_at_the_amount(built: ScratchProject) -> None:
    orders = built.rows(
        "select order_id, model, sum(weight), max(cumulative_weight) from attribution.attribution_weight group by all"
    )
    assert len(orders) == 14 * (150 + 15 + len(HAND))
    assert {(total, last) for _, _, total, last in orders} == {(D(1), D(1))}
    assert built.rows(
        "select posting_id, model from (select posting_id, model, sum(amount) as credited from "
        "attribution.attribution_credit group by all) join attribution.order_measure using (posting_id) "
        "where credited <> amount"
    ) == []  # fmt: skip


def test_staged_credits_name_their_stage(built: ScratchProject) -> None:
    # 1000.01 × .1, .2, .4, .6, .8, 1 = 100.001, 200.002, 400.004, 600.006, 800.008, 1000.01
    assert built.rows(
        "select touch_id, stage, amount from attribution.attribution_credit where posting_id = 'whole-0' "
        "and model = 'staged' order by touch_id, stage"
    ) == [
        ("whole_00", "lead", D("100.00")),
        ("whole_01", "lead", D("100.00")),
        ("whole_01", "qualification", D("200.00")),
        ("whole_02", "opportunity", D("200.01")),
        ("whole_03", "order", D("200.00")),
        ("whole_03", "quote", D("200.00")),
    ]


def test_milestones_say_what_is_missing_and_what_is_inferred(built: ScratchProject) -> None:
    assert built.rows(
        "select milestone, is_missing, is_inferred, entered_at, touch_id from attribution.journey_milestone "
        "where order_id = 'o_order_of' order by milestone_number"
    ) == [
        ("lead", False, False, moment_of("2024-01-02 00:00:00"), "order_of_00"),
        ("qualification", False, True, moment_of("2024-03-02 00:00:00"), "order_of_01"),
        ("opportunity", False, True, moment_of("2024-03-02 00:00:00"), "order_of_01"),
        ("quote", False, False, moment_of("2024-03-02 00:00:00"), "order_of_01"),
        ("order", False, False, moment_of(ORDERED), "order_of_02"),
    ]
    assert built.rows(
        "select milestone from attribution.journey_milestone where order_id = 'o_bare' and is_missing "
        "order by milestone_number"
    ) == [("lead",), ("qualification",), ("opportunity",), ("quote",)]


def test_unit_tests_of_the_models(built: ScratchProject) -> None:
    result = built.build("attribution_weight_current stage_entry stage_pool", unit_tests=True)
    proved = {node.name: node.status for node in result.nodes if node.resource_type == "unit_test"}
    assert proved == {
        "each_rule_model_weighs_four_touches": "pass",
        "what_is_hard_to_reach_is_worth_more": "pass",
        "who_stands_before_each_stage": "pass",
    }


def test_shares_that_do_not_add_up_are_refused(tmp_path: Path) -> None:
    from orchestration.lib.errors import TriloopError

    case = scratch(
        tmp_path,
        {
            "attribution_models": ["position_based", "mine"],
            "custom_attribution_models": {"mine": {"family": "milestone", "shares": {"first": "0.5", "lead": "0.4"}}},
        },
    )
    with pytest.raises(TriloopError, match="must be numbers of at most 9 decimals that add up to 1"):
        case.build("attribution_weight_current")
