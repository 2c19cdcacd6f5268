"""Removal effects: by hand, against chains solved anew one by one, on published paths, and under changes that must not
matter."""

from __future__ import annotations

import random

import numpy as np
import pytest

from orchestration.lib.attribution import markov
from orchestration.lib.attribution.bootstrap import steps_of
from orchestration.lib.attribution.markov import chain_of, removal_effects
from orchestration.lib.attribution.paths import Touches, count_steps, distinct_paths
from orchestration.lib.errors import DataError
from tests.oracles import data_driven as oracle
from tests.oracles.data_driven import Outcomes
from tests.unit.paths_case import SMALL, TOUCHES, database_of, drawn, published_paths

NEAR = 1e-9


def effects_of(
    outcomes: Outcomes, order: int = 1, touches: Touches = TOUCHES, shuffled: int | None = None, times: int = 1
) -> dict[str, float]:
    with database_of(outcomes, shuffled=shuffled, times=times) as database:
        steps = count_steps(database, touches, order)
    return dict(zip(steps.members, removal_effects(chain_of(steps), steps.count).tolist(), strict=True))


def same(found: dict[str, float], expected: oracle.Mapping[str, object], tolerance: float = NEAR) -> None:
    assert found.keys() == expected.keys()
    assert {name: abs(value - float(expected[name])) < tolerance for name, value in found.items()} == dict.fromkeys(  # type: ignore[arg-type]
        found, True
    )


def test_three_channels_worked_out_by_hand() -> None:
    """8 journeys of SMALL: 4 begin with a, 2 with b, 2 with c. Of the 4 touches of a 1 is followed by b, 2 by c, 1 by
    null; of the 5 of b 2 by c, 2 by conversion, 1 by null; of the 6 of c 2 by b, 1 by conversion, 3 by null.

    Without any removal v_b = 2/5 + 2/5 v_c, v_c = 1/6 + 1/3 v_b: v_b = 7/13, v_c = 9/26, v_a = 1/4 v_b + 1/2 v_c =
    4/13; P = 1/2 · 4/13 + 1/4 · 7/13 + 1/4 · 9/26 = 3/8, which is 3 of 8 journeys, as it must be.
    Without a: 1/4 · 7/13 + 1/4 · 9/26 = 23/104, effect 1 - 23/39 = 16/39.
    Without b: v_c = 1/6, v_a = 1/12; 1/24 + 1/24 = 1/12, effect 1 - 2/9 = 7/9.
    Without c: v_b = 2/5, v_a = 1/10; 1/20 + 1/10 = 3/20, effect 1 - 2/5 = 3/5.
    """
    same(effects_of(SMALL), {"a": 16 / 39, "b": 7 / 9, "c": 3 / 5}, 1e-14)


@pytest.mark.parametrize("order", [1, 2, 3])
@pytest.mark.parametrize("seed", range(4))
def test_chains_solved_anew_in_fractions_say_the_same(seed: int, order: int) -> None:
    outcomes = drawn(seed, members=4, paths=25, longest=5)
    same(effects_of(outcomes, order), oracle.removal_effects(outcomes, order), 1e-12)


@pytest.mark.parametrize("order", [1, 2, 3])
def test_published_paths(order: int) -> None:
    outcomes = published_paths()
    assert len(outcomes) == 5_408
    same(effects_of(outcomes, order), oracle.removal_effects(outcomes, order, oracle.conversion_nearly))


@pytest.mark.parametrize("order", [1, 2, 3])
def test_a_chain_too_large_for_an_inverse_is_walked(order: int, monkeypatch: pytest.MonkeyPatch) -> None:
    outcomes = drawn(7)
    dense = effects_of(outcomes, order)
    monkeypatch.setattr(markov, "DENSE_STATES", 0)
    monkeypatch.setattr(markov, "_AT_ONCE", 2)
    same(effects_of(outcomes, order), dense, 1e-12)


@pytest.mark.parametrize("order", [1, 2, 3])
def test_distinct_paths_make_the_same_chain_as_the_touches(order: int) -> None:
    outcomes = drawn(3)
    with database_of(outcomes) as database:
        paths = distinct_paths(database, TOUCHES)
    assert (len(paths.converted), paths.converted.sum()) == (len(outcomes), sum(one for one, _ in outcomes.values()))
    chain, steps = steps_of(paths, order)
    counts = steps @ np.stack([paths.converted, paths.lost], axis=1).ravel()
    same(dict(zip(paths.members, removal_effects(chain, counts), strict=True)), effects_of(outcomes, order), 1e-14)


def test_three_hundred_campaigns() -> None:
    """Some of them against their own reduced chains."""
    outcomes = drawn(11, members=300, paths=1_500, longest=8)
    found = effects_of(outcomes)
    some = sorted(found)[::30]
    expected = oracle.removal_effects(outcomes, 1, oracle.conversion_nearly, some)
    same({name: found[name] for name in some}, expected)


def test_repeats_collapse_if_so_asked() -> None:
    repeated = {("a", "a", "b", "b", "b", "a"): (2, 1), ("b", "b"): (1, 3)}
    plain = {("a", "b", "a"): (2, 1), ("b",): (1, 3)}
    collapsed = Touches("touches", "member", collapse=True)
    assert effects_of(repeated, 2, collapsed) == effects_of(plain, 2)
    assert effects_of(repeated, 2) != effects_of(plain, 2)
    # of order 1 a repeat changes no chance of ever converting
    same(effects_of(repeated, 1, collapsed), effects_of(plain, 1), 1e-14)


@pytest.mark.parametrize("order", [1, 2])
def test_neither_the_order_of_rows_nor_as_many_times_the_journeys_matter(order: int) -> None:
    outcomes = drawn(5)
    turned = dict(random.Random(1).sample(list(outcomes.items()), len(outcomes)))
    assert effects_of(turned, order, shuffled=3) == effects_of(outcomes, order)
    same(effects_of(outcomes, order, times=7), effects_of(outcomes, order), 1e-13)


def test_renaming_a_channel_renames_its_effect() -> None:
    outcomes = drawn(9)
    other = {tuple({"m1": "zz"}.get(member, member) for member in path): counts for path, counts in outcomes.items()}
    renamed = {("m1" if name == "zz" else name): effect for name, effect in effects_of(other).items()}
    same(effects_of(outcomes), renamed, 1e-13)


@pytest.mark.parametrize("order", [1, 2, 3])
def test_who_never_bought_and_met_nothing_that_buyers_met_changes_nothing(order: int) -> None:
    outcomes = drawn(10, members=4)
    found = effects_of({**outcomes, ("apart", "away", "apart"): (0, 40)}, order)
    assert (found.pop("apart"), found.pop("away")) == (0, 0)
    same(found, effects_of(outcomes, order), 1e-12)


def test_a_channel_of_every_conversion_loses_all_and_of_none_nothing() -> None:
    assert effects_of({("a", "b"): (3, 1), ("c",): (0, 4), ("b",): (1, 1)}) == {"a": 2 / 3, "b": 1.0, "c": 0.0}


def test_a_journey_whose_positions_do_not_begin_at_one_is_refused() -> None:
    with database_of(SMALL) as database:
        database.execute("update touches set touch_position = touch_position + 1 where journey_id = 'j1'")
        with pytest.raises(DataError, match="7 paths of touches begin at position 1, and 8 end"):
            count_steps(database, TOUCHES)


def test_no_conversion_is_no_effect() -> None:
    assert effects_of({("a", "b"): (0, 3)}) == {"a": 0.0, "b": 0.0}
