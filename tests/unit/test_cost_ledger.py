"""The cost ledger against cases worked out by hand and, for a random company, against plain Python; in one build."""

from __future__ import annotations

from collections import Counter, defaultdict
from decimal import Decimal
from pathlib import Path

import pytest

from tests.oracles.marts_costs import VIEWS, Company
from tests.unit.attribution_case import scratch
from tests.unit.cost_case import AS_OF, COSTS, VARIABLES, Day, at_random, by_hand, load
from tests.unit.scratch_project import ScratchProject

D = Decimal
Built = tuple[ScratchProject, Company]


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Built:
    company = by_hand()
    at_random(company, seed=20250315, costs=500)
    case = scratch(tmp_path_factory.mktemp("costs"), VARIABLES)
    load(case, company)
    case.build(COSTS)
    return case, company


def parts(built: Built, spend_id: str, view: str, columns: str) -> list[tuple[object, ...]]:
    return built[0].rows(
        f"select {columns}, amount from attribution.cost_share where spend_id = '{spend_id}' and view = '{view}' "
        "order by all"
    )


def ledger(built: Built, cost_id: str, columns: str) -> list[tuple[object, ...]]:
    return built[0].rows(
        f"select {columns}, amount from attribution.cost_ledger where cost_id = '{cost_id}' and view = 'event' "
        "order by all"
    )


def test_a_booth_is_borne_by_the_shows_that_used_it_and_the_rest_waits(built: Built) -> None:
    # a third each; 33.33, 66.67 - 33.33, 100.00 - 66.67; the show of June 2025 is to come, that of April had another
    assert parts(built, "build", "event", "month, campaign_id, basis, reason") == [
        (Day(2021, 2, 1), "g_first", "direct", None, D("33.33")),
        (Day(2021, 2, 1), "g_first", "unallocated", "booth_not_yet_used", D("33.33")),
        (Day(2021, 6, 1), "g_second", "direct", None, D("33.34")),
    ]


def test_the_benefit_of_a_show_lasts_twelve_months(built: Built) -> None:
    # 33.33 × k/12 = 2.7775, 5.555, 8.3325, 11.11, 13.8875, … each rounded half up, less the one before
    found = built[0].rows(
        "select month, amount from attribution.cost_share where spend_id = 'build' and view = 'benefit' "
        "and campaign_id = 'g_first' and basis = 'direct' order by month"
    )
    cents = (278, 278, 277, 278, 278, 278, 277, 278, 278, 278, 277, 278)
    months = [Day(2021, month, 1) for month in range(2, 13)] + [Day(2022, 1, 1)]
    assert found == [(month, D(cent).scaleb(-2)) for month, cent in zip(months, cents, strict=True)]


def test_what_is_of_benefit_after_the_as_of_date_waits(built: Built) -> None:
    # 0.02 × k/12: 0.00 0.00 0.01 0.01 … 0.02 from k = 9; March is the 4th month, so the second cent falls in August
    late = parts(built, "floor", "benefit", "month, basis, reason")
    assert [row for row in late if row[-1]] == [
        (Day(2025, 2, 1), "direct", None, D("0.01")),
        (Day(2025, 8, 1), "unallocated", "not_yet_due", D("0.01")),
    ]
    assert {row[1] for row in late if row[0] > AS_OF} == {"unallocated"}
    assert len(late) == 12


def test_media_is_cut_at_the_as_of_date(built: Built) -> None:
    assert parts(built, "span", "event", "allocated_on, basis, reason") == [
        (Day(2025, 3, 10), "direct", None, D("6.00")),
        (Day(2025, 3, 16), "unallocated", "not_yet_due", D("5.00")),
    ]


@pytest.mark.parametrize(
    ("spend_id", "driver", "expected"),
    [
        # 1 of 3 hours at the show: 3.333 → 3.33; hours of nobody's channel count for none
        ("by_hours", "hours", [("show", True, "3.33"), ("web", True, "6.67")]),
        # a touch of a campaign for retention bears its own part: 3.33, 6.67 - 3.33, 10.00 - 6.67
        ("by_touches", "touches", [("mail", False, "3.33"), ("mail", True, "3.34"), ("web", True, "3.33")]),
        # -10.01 × ½ = -5.005, away from zero
        ("by_leads", "leads", [("show", True, "-5.01"), ("web", True, "-5.00")]),
    ],
)
def test_overhead_is_shared_by_its_driver(
    built: Built, spend_id: str, driver: str, expected: list[tuple[str, bool, str]]
) -> None:
    assert parts(built, spend_id, "event", "channel_id, is_acquisition, basis, driver") == [
        (channel, wins, "shared", driver, D(amount)) for channel, wins, amount in expected
    ]


def test_overhead_that_nothing_drove_or_that_is_to_come_is_unallocated(built: Built) -> None:
    columns = "channel_id, basis, driver, reason"
    assert parts(built, "by_nothing", "event", columns) == [
        ("unknown", "unallocated", "hours", "zero_driver", D("10.00"))
    ]
    assert parts(built, "ahead", "event", columns) == [("unknown", "unallocated", None, "not_yet_due", D("10.00"))]


def test_a_show_is_split_by_the_leads_scanned_at_it(built: Built) -> None:
    # of 4 leads one asked for nothing, 2 for ECG, 1 for US: 33.33 × ¼ = 8.3325, × ¾ = 24.9975; the second scan of a
    # lead, a lead that does not count and one that only called weigh nothing
    assert ledger(built, "build", "product_rule, product_interest, stage, stage_rule, campaign_id") == [
        ("lead_without_interest", None, "won over", "tagged", "g_first", D("8.33")),
        ("no_scanned_lead", None, "won over", "tagged", "g_second", D("33.34")),
        ("scanned_leads", "ECG", "won over", "tagged", "g_first", D("16.67")),
        ("scanned_leads", "US", "won over", "tagged", "g_first", D("8.33")),
        ("unallocated", None, "won over", "tagged", "g_first", D("33.33")),
    ]


def test_an_untagged_cost_stands_where_its_touches_found_their_accounts(built: Built) -> None:
    # the touch at the very moment of the lead came before it; the touch of nobody knows no stage
    assert ledger(built, "click", "stage, stage_rule") == [
        ("before_funnel", "touches", D("3.33")),
        ("lead:new", "touches", D("3.34")),
        ("opportunity:quotation", "touches", D("3.33")),
    ]


def test_sales_time_stands_where_the_salesperson_met_accounts_in_the_month(built: Built) -> None:
    # two meetings with a quoted account, one with an account in no stage yet, one with nobody known
    assert ledger(built, "h1", "cost_source, stage, stage_rule, basis") == [
        ("work_hours", "before_funnel", "interactions", "direct", D("33.33")),
        ("work_hours", "opportunity:quotation", "interactions", "direct", D("66.67")),
    ]
    assert ledger(built, "h2", "cost_source") == []  # nobody says what the hour cost
    assert ledger(built, "h3", "stage_rule, basis, reason") == [
        ("unallocated", "unallocated", "no_campaign_or_channel", D("50.00"))
    ]


def test_what_the_books_have_beyond_our_documents_is_a_line_of_its_own(built: Built) -> None:
    assert built[0].rows(
        "select cost_id, month, basis, reason, amount from attribution.cost_ledger where cost_source = 'books' "
        "and view = 'event'"
    ) == [("marketing_expense|2021-02-01", Day(2021, 2, 1), "unallocated", "books_difference", D("-4.20"))]


@pytest.mark.parametrize("view", VIEWS)
def test_every_cost_is_conserved_in_every_view(built: Built, view: str) -> None:
    case, company = built
    sources = {
        **{("marketing_spend", row["spend_id"]): row["cost_functional"] for row in company.spend},
        **{("work_hours", row["work_hours_id"]): row["sales_cost"] for row in company.hours if row["sales_cost"]},
        **{("books", row["tie_out_id"]): row["difference"] for row in company.books if row["difference"]},
    }
    sums = case.rows(
        f"select cost_source, cost_id, sum(amount) from attribution.cost_ledger where view = '{view}' group by all"
    )
    assert {(source, cost): amount for source, cost, amount in sums} == sources


def test_the_ledger_equals_plain_python(built: Built) -> None:
    case, company = built
    expected = {row["cost_ledger_id"]: row for row in company.ledger()}
    columns = list(next(iter(expected.values())))
    found = [
        dict(zip(columns, row, strict=True))
        for row in case.rows(f"select {', '.join(columns)} from attribution.cost_ledger")
    ]
    assert {row["cost_ledger_id"]: row for row in found} == expected
    assert len(found) == len(expected)
    # the random company has every case there is
    assert len(Counter(row["reason"] for row in found)) == 6
    assert len(Counter(row["stage_rule"] for row in found)) == 6
    assert len(Counter(row["product_rule"] for row in found)) == 5


def test_one_view_is_what_every_figure_reads(built: Built) -> None:
    case, company = built
    columns = "cost_allocation_id, spend_id, channel_id, month, amount, basis, driver, reason, is_acquisition"
    found = case.rows(f"select {columns} from attribution.cost_allocation")
    names = columns.split(", ")
    assert sorted(found) == sorted(tuple(row[name] for name in names) for row in company.shared("event"))


def test_the_other_view_can_be_read_and_lasts_as_long_as_is_set(tmp_path: Path) -> None:
    company = by_hand()
    company.benefit_months = 5
    company.driver_by_cost_type = {}
    company.driver = "leads"
    case = scratch(tmp_path, {"costs_view": "benefit", "benefit_months": 5, "overhead_driver": "leads"})
    load(case, company)
    case.build(COSTS)
    sums: dict[str, Decimal] = defaultdict(Decimal)
    for row in company.shared("benefit"):
        sums[row["cost_allocation_id"]] += row["amount"]
    assert dict(case.rows("select cost_allocation_id, amount from attribution.cost_allocation")) == sums
    assert case.rows(
        "select count(*) from attribution.cost_allocation where spend_id = 'build' and campaign_id = 'g_second'"
    ) == [(5,)]
