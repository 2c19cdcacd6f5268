"""Changes of the input whose effect on the credits is known, whatever the models do: names, money, weeks, lines.

Every base journey stands in one warehouse with its changed copies, an account each; dbt builds it once, and once more
with the base journeys alone. What data-driven models do under such changes: test_markov.py, test_shapley.py.
"""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

import pytest

from tests.unit.attribution_case import END_OF_DAY, MODELS, scratch
from tests.unit.journeys_case import ALL, Drawn, Factory, Money, drawn
from tests.unit.scratch_project import ScratchProject

D = Decimal
CENT = D("0.01")
JOURNEYS = range(30)
#: so many cents, and billionths of them, are whole: nothing is rounded
ROUND = "10000000.00"
MODELS_OF_ONE_TOUCH = {"first", "last", "last_non_direct"}
NOT_BUILT = (
    "order_measure cost_allocation cost_ledger cost_part cost_share path_touch journey_path touch_stage "
    "new_customer_weight"
)
#: model, line, number of the posting, touch by its place, stage
Key = tuple[str, str, int, int, str | None]
Credits = dict[Key, Decimal]


def base(number: int) -> tuple[Drawn, tuple[str, str, str]]:
    """A journey with an invoice and two refunds of its odd line."""
    draw = random.Random(number)
    journey = drawn(draw)
    invoice = draw.randrange(2, 10**8)
    refunds = [draw.randrange(1, invoice) // 2 for _ in range(2)]
    amounts = [D(cents).scaleb(-2) for cents in (invoice, -refunds[0], -refunds[1])]
    return journey, (str(amounts[0]), str(amounts[1]), str(amounts[2]))


def times(factor: int, money: Money) -> Money:
    return {line: tuple(str(D(amount) * factor) for amount in amounts) for line, amounts in money.items()}


def has_ties(journey: Drawn) -> bool:
    """Whether touches of one moment are told apart by their ids."""
    moments = [f"{moment} {END_OF_DAY}" if len(moment) == 10 else moment for moment, _ in journey.touches]
    return len(set(zip(moments, [len(moment) for moment, _ in journey.touches], strict=True))) < len(moments)


def put_base(factory: Factory, number: int) -> None:
    journey, (invoice, *refunds) = base(number)
    money = {"odd": (invoice, *refunds), "round": (ROUND, f"-{ROUND}", "30000000.00")}
    factory.journey(f"b{number:03}", journey.touches, money=money, **journey.milestones)


def put_changed(factory: Factory, number: int) -> None:
    """The copies of a base journey; what became of each is asserted below."""
    journey, (invoice, *refunds) = base(number)
    odd, even = (invoice, *refunds), (ROUND, f"-{ROUND}", "30000000.00")
    money: Money = {"odd": odd, "round": even}
    touches, milestones = journey.touches, journey.milestones
    # accounts in the opposite order, and touches whose ids are others in the same order
    account = f"n{999 - number:03}"
    named = [f"{chr(97 + place)}{number}" for place in range(len(touches))]
    factory.journey(account, touches, names=named, money=money, **milestones)
    # touches in the opposite order of their ids
    turned = [f"x{number:03}_{99 - place}" for place in range(len(touches))]
    factory.journey(f"x{number:03}", touches, names=turned, money=money, **milestones)
    factory.journey(f"h{number:03}", touches, money=times(100, money), **milestones)
    factory.journey(f"m{number:03}", touches, money=times(-1, money), **milestones)
    later, ordered = journey.weeks_later(5)
    factory.journey(f"l{number:03}", later.touches, ordered, money=money, **later.milestones)
    part = tuple(str((D(amount) * number / 37).quantize(CENT)) for amount in odd)
    rest = tuple(str(D(amount) - D(one)) for amount, one in zip(odd, part, strict=True))
    split: Money = {"odd": part, "odd_too": rest, "round": ("0.00", "0.00", ROUND), "round_too": (
        ROUND, f"-{ROUND}", "20000000.00")}  # fmt: skip
    factory.journey(f"s{number:03}", touches, money=split, **milestones)
    third = (D(invoice) / 3).quantize(CENT)
    instalments = (str(third), str(third), str(D(invoice) - 2 * third), *refunds)
    factory.journey(f"i{number:03}", touches, money={"odd": instalments}, **milestones)


def built_of(folder: Path, *put: Callable[[Factory, int], None], seed: int) -> ScratchProject:
    factory = Factory()
    for number in JOURNEYS:
        for one in put:
            one(factory, number)
    for rows in factory.rows.values():
        random.Random(seed).shuffle(rows)
    case = scratch(folder, {"attribution_models": list(ALL)})
    factory.fill(case)
    with case.connect() as connection:  # an order has no posting of nothing
        connection.execute("delete from attribution.order_measure where amount = 0")
    case.build(MODELS, exclude=NOT_BUILT)
    return case


def credits_of(case: ScratchProject) -> dict[str, Credits]:
    """By account."""
    found: dict[str, Credits] = defaultdict(dict)
    for order_id, line, model, posting, place, stage, amount in case.rows(
        "select credit.order_id, credit.order_line_id, credit.model, credit.posting_id, journey.touch_position, "
        "credit.stage, credit.amount from attribution.attribution_credit as credit join attribution.journey_touch as "
        "journey on credit.order_id = journey.order_id and credit.touch_id = journey.touch_id"
    ):
        number = int(posting.rpartition("-")[2])
        found[order_id.removeprefix("o_")][model, line.rpartition("/")[2], number, place, stage] = amount
    return found


@pytest.fixture(scope="module")
def case(tmp_path_factory: pytest.TempPathFactory) -> ScratchProject:
    return built_of(tmp_path_factory.mktemp("changed"), put_base, put_changed, seed=1)


@pytest.fixture(scope="module")
def credited(case: ScratchProject) -> dict[str, Credits]:
    found = credits_of(case)
    assert len(found) == 8 * len(JOURNEYS)
    return found


def by_touch(credited: Credits, line: str) -> dict[tuple[str, int, str | None], Decimal]:
    """What a touch has of a line (or of those whose names begin alike) after all postings."""
    total: dict[tuple[str, int, str | None], Decimal] = defaultdict(Decimal)
    for (model, name, _, place, stage), amount in credited.items():
        if name.startswith(line):
            total[model, place, stage] += amount
    return {key: amount for key, amount in total.items() if amount}


def pairs(credited: dict[str, Credits], letter: str) -> list[tuple[Credits, Credits]]:
    """Base journeys and their copies."""
    return [
        (credited[f"b{number:03}"], credited[f"{letter}{999 - number if letter == 'n' else number:03}"])
        for number in JOURNEYS
    ]


def test_nothing_is_left_over_in_any_of_them(case: ScratchProject) -> None:
    assert case.rows(
        "select posting_id, model from (select posting_id, model, sum(amount) as credited from "
        "attribution.attribution_credit group by all) join attribution.order_measure using (posting_id) "
        "where credited <> amount"
    ) == []  # fmt: skip
    [(postings, credited)] = case.rows(
        "select (select count(*) from attribution.order_measure), "
        "(select count(distinct posting_id || ' ' || model) from attribution.attribution_credit)"
    )
    assert credited == postings * len(ALL)


def test_names_do_not_matter_but_for_the_order_of_what_happened_at_one_moment(credited: dict[str, Credits]) -> None:
    for one, other in pairs(credited, "n"):
        assert one == other
    untied = [number for number in JOURNEYS if not has_ties(base(number)[0])]
    assert len(untied) > 20
    for number in untied:
        assert credited[f"b{number:03}"] == credited[f"x{number:03}"], number


def test_of_what_happened_at_one_moment_the_smaller_id_comes_first(credited: dict[str, Credits]) -> None:
    tied = [number for number in JOURNEYS if has_ties(base(number)[0])]
    assert any(credited[f"b{number:03}"] != credited[f"x{number:03}"] for number in tied)


def test_weeks_later_all_credits_are_the_same(credited: dict[str, Credits]) -> None:
    for one, other in pairs(credited, "l"):
        assert one == other


def test_the_opposite_amounts_give_the_opposite_credits(credited: dict[str, Credits]) -> None:
    for one, other in pairs(credited, "m"):
        assert {key: -amount for key, amount in one.items()} == other


def test_a_hundred_times_the_money_is_a_hundred_times_the_credit_but_for_rounding(
    case: ScratchProject, credited: dict[str, Credits]
) -> None:
    """A cumulative credit is within half a cent of its share, so a hundred of them are within 50.5 cents of that of a
    hundred times the amount; a credit of the first posting takes two of them, one of a later posting four. Where the
    shares are whole cents nothing is rounded, and a credit is the amount times the weight."""
    differing = 0
    for one, other in pairs(credited, "h"):
        for key in one.keys() | other.keys():
            model, line, number, *_ = key
            off = abs(other.get(key, D(0)) - 100 * one.get(key, D(0)))
            exact = line == "round" or model in MODELS_OF_ONE_TOUCH
            assert off <= (0 if exact else D("1.01") if number == 0 else D("2.02")), key
            differing += off > 0
    assert differing > 1_000
    weights = {
        (order_id.removeprefix("o_"), model, place, stage): weight
        for order_id, model, place, stage, weight in case.rows(
            "select order_id, model, touch_position, stage, weight from attribution.attribution_weight"
        )
    }
    amounts = [D(ROUND), -D(ROUND), D(30_000_000)]
    compared = 0
    for number in JOURNEYS:
        for (model, line, posting, place, stage), amount in credited[f"b{number:03}"].items():
            if line == "round":
                assert amount == amounts[posting] * weights[f"b{number:03}", model, place, stage]
                compared += 1
    assert compared > 3_000


def test_a_line_split_in_two_is_credited_alike_but_for_rounding(credited: dict[str, Credits]) -> None:
    """Two roundings and one differ by a cent at most, so a credit of all postings, which is the difference of two
    cumulative ones, by two cents; by none where nothing is rounded."""
    differing = 0
    for one, other in pairs(credited, "s"):
        assert by_touch(one, "round") == by_touch(other, "round")
        whole, parts = by_touch(one, "odd"), by_touch(other, "odd")
        for key in whole.keys() | parts.keys():
            off = abs(whole.get(key, D(0)) - parts.get(key, D(0)))
            assert off <= (0 if key[0] in MODELS_OF_ONE_TOUCH else 2 * CENT), key
            differing += off > 0
    assert differing > 100


def test_in_whatever_instalments_an_invoice_comes_it_ends_at_the_same_cents(credited: dict[str, Credits]) -> None:
    for one, other in pairs(credited, "i"):
        assert by_touch(one, "odd") == by_touch(other, "odd")
        # and what is refunded afterwards is taken from the same touches
        refunds = {key: amount for key, amount in one.items() if key[1] == "odd" and key[2] > 0}
        later = {(*key[:2], key[2] - 2, *key[3:]): amount for key, amount in other.items() if key[2] > 2}
        assert refunds == later


def test_accounts_that_have_nothing_to_do_with_it_change_nothing(credited: dict[str, Credits], tmp_path: Path) -> None:
    """But for the stage pools of staged_information, which are measured over everybody."""
    alone = credits_of(built_of(tmp_path, put_base, seed=2))
    assert len(alone) == len(JOURNEYS)
    for name, found in alone.items():
        own = {key: amount for key, amount in found.items() if key[0] != "staged_information"}
        assert own == {key: amount for key, amount in credited[name].items() if key[0] != "staged_information"}
