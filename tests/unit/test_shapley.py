"""Shapley values: by hand, against every order of the players, on published paths, and under changes that must not
matter."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest

from orchestration.lib.attribution.paths import Touches
from orchestration.lib.attribution.shapley import (
    count_sets,
    ordered_conversions,
    pooled_rate,
    rates_of_own_sets,
    shapley_values,
    shared_conversions,
)
from orchestration.lib.errors import ConfigurationError
from tests.oracles import data_driven as oracle
from tests.unit.paths_case import SMALL, TOUCHES, database_of, drawn, published_paths

F = Fraction


def test_conversions_worked_out_by_hand() -> None:
    """Of SMALL converted a > b, b > c > b and c: a has half of one, b half of two, c half of one and one whole."""
    with database_of(SMALL) as database:
        assert shared_conversions(database, TOUCHES) == {"a": F(1, 2), "b": F(1), "c": F(3, 2)}
        assert ordered_conversions(database, TOUCHES) == {
            ("a", 1): F(1, 2),
            ("b", 1): F(1, 2),
            ("b", 2): F(1, 2),
            ("c", 1): F(1),
            ("c", 2): F(1, 2),
        }


def test_rates_worked_out_by_hand() -> None:
    """Rates of SMALL: ab 1/1, a 0/1, bc 1/2, c 1/2, ac 0/2; b alone never came.

    Own sets: c 2 · 1/2; ab 1 · (1/2, 1/2); a and ac never converted;
    bc 2 · (b: (0 + 1/2 - 1/2) / 2 = 0, c: (1/2 + 1/2) / 2 = 1/2).

    Pooled worth: a 0, b 0, c 1/2, ab 1/2, ac 1/5, bc 2/4, abc 3/8; over the orders of coming
    a: (2·0 + (1/2 - 0) + (1/5 - 1/2) + 2·(3/8 - 1/2)) / 6 = -1/120,
    b: (2·0 + (1/2 - 0) + (1/2 - 1/2) + 2·(3/8 - 1/5)) / 6 = 17/120,
    c: (2·1/2 + (1/5 - 0) + (1/2 - 0) + 2·(3/8 - 1/2)) / 6 = 29/120, together 3/8.
    """
    with database_of(SMALL) as database:
        sets = count_sets(database, TOUCHES)
    assert rates_of_own_sets(sets) == pytest.approx([1 / 2, 1 / 2, 2], abs=1e-15)
    assert pooled_rate(sets) == pytest.approx([-1 / 120, 17 / 120, 29 / 120], abs=1e-15)


@pytest.mark.parametrize("seed", range(3))
def test_every_order_of_the_players_says_the_same(seed: int) -> None:
    outcomes = drawn(seed, members=5, paths=40)
    with database_of(outcomes) as database:
        sets, shared = count_sets(database, TOUCHES), shared_conversions(database, TOUCHES)
    players = sets.members
    assert shared == oracle.shapley_by_orders(players, oracle.conversions(outcomes))
    pooled = oracle.shapley_by_orders(players, oracle.pooled(outcomes))
    for values, expected in (
        (rates_of_own_sets(sets), oracle.rates_of_own_sets(outcomes)),
        (pooled_rate(sets), pooled),
    ):
        assert values == pytest.approx([float(expected[player]) for player in players], abs=1e-12)


def test_published_paths_by_all_sets() -> None:
    """The closed form equals the values worked out from the worth of all 2ⁿ sets; rates add up to all conversions."""
    outcomes = published_paths()
    with database_of(outcomes) as database:
        sets, shared = count_sets(database, TOUCHES), shared_conversions(database, TOUCHES)
    players = sets.members
    total = sum(converted for converted, _ in outcomes.values())
    assert sum(shared.values()) == total
    worth = oracle.conversions(outcomes)
    masks = range(2 ** len(players))
    all_sets = [frozenset(one for bit, one in enumerate(players) if mask >> bit & 1) for mask in masks]
    by_sets = shapley_values(np.array([float(worth(one)) for one in all_sets]))
    assert [float(value) for value in shared.values()] == pytest.approx(by_sets, rel=1e-11, abs=1e-9)
    assert rates_of_own_sets(sets).sum() == pytest.approx(total, rel=1e-11)


def test_twenty_players_add_up() -> None:
    worth = np.random.default_rng(1).random(2**20)
    worth[0] = 0
    values = shapley_values(worth)
    assert values.sum() == pytest.approx(worth[-1], abs=1e-9)
    # a player who adds 1 to every set has 1, whatever the others do
    free = np.concatenate([worth[: 2**19], worth[: 2**19] + 1])
    assert shapley_values(free)[-1] == pytest.approx(1, abs=1e-9)


def test_a_thousand_campaigns_have_a_closed_form() -> None:
    outcomes = drawn(4, members=1_000, paths=3_000, longest=9)
    with database_of(outcomes) as database:
        shared = shared_conversions(database, TOUCHES)
    expected = dict.fromkeys(shared, F(0))
    for path, (converted, _) in outcomes.items():
        for member in set(path):
            expected[member] += F(converted, len(set(path)))
    assert shared == expected


def test_ordered_values_add_up_to_those_without_order() -> None:
    with database_of(drawn(6)) as database:
        shared, ordered = shared_conversions(database, TOUCHES), ordered_conversions(database, TOUCHES)
    for member, value in shared.items():
        assert sum(part for (name, _), part in ordered.items() if name == member) == value


def test_order_of_rows_repeats_and_as_many_times_the_journeys() -> None:
    outcomes = drawn(8)
    with database_of(outcomes) as plain, database_of(outcomes, shuffled=2, times=3) as more:
        once, thrice = shared_conversions(plain, TOUCHES), shared_conversions(more, TOUCHES)
        rates, more_rates = (rates_of_own_sets(count_sets(one, TOUCHES)) for one in (plain, more))
        assert shared_conversions(plain, Touches("touches", "member", collapse=True)) == once
    assert more_rates == pytest.approx(3 * rates)
    assert thrice == {member: 3 * value for member, value in once.items()}


def test_names_do_not_matter_and_who_never_bought_changes_nothing() -> None:
    outcomes = drawn(10)
    names = sorted({member for path in outcomes for member in path})
    turned = dict(zip(names, [*names[1:], names[0]], strict=True))
    renamed = {tuple(turned[member] for member in path): counts for path, counts in outcomes.items()}
    with (
        database_of(outcomes) as plain,
        database_of(renamed, shuffled=4) as other,
        database_of({**outcomes, ("apart", "m1"): (0, 9)}) as more,
    ):
        once, again, beside = (shared_conversions(one, TOUCHES) for one in (plain, other, more))
    assert again == {turned[member]: value for member, value in once.items()}
    assert beside == {**once, "apart": 0}


def test_too_many_players_are_refused() -> None:
    with pytest.raises(ConfigurationError, match="up to 20 members, and there are 21"):
        shapley_values(np.zeros(2**21))
    many = {(f"m{number:02}",): (1, 0) for number in range(63)}
    refused = pytest.raises(ConfigurationError, match="up to 62 members, and there are 63")
    with database_of(many) as database, refused:
        count_sets(database, TOUCHES)
