"""Olist: what is published of a real company's data equals a plain pandas computation over its files."""

from __future__ import annotations

from collections import Counter
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from orchestration.examples.olist import SETTINGS
from tests.oracles.demo_metrics import Cell
from tests.oracles.exact import total
from tests.oracles.olist import OlistOracle
from tests.published import Published, bare

pytestmark = [pytest.mark.slow, pytest.mark.realdata]


@pytest.fixture(scope="module")
def oracle(olist_data: Path) -> OlistOracle:
    return OlistOracle(olist_data)


@pytest.fixture(scope="module")
def published(olist_workspace: Path) -> Published:
    return Published(olist_workspace)


def by_origin(published: Published, metric: str, variant: str, side: int) -> dict[str, Any]:
    """One side of a metric by channel, over all time."""
    cells = published.sides(metric, variant, None)
    wanted = {cell: row[side] for cell, row in cells.items() if cell.channel and cell.month is None}
    return {str(cell.channel): value for cell, value in wanted.items() if value}


def test_all_leads_by_origin(published: Published, oracle: OlistOracle) -> None:
    expected = oracle.leads_by_origin()
    assert sum(expected.values()) == 8000
    assert expected["unknown"] == 1159  # 1,099 say so, 60 say nothing
    assert by_origin(published, "leads", "standard", 0) == expected
    assert len(published.rows("lead_facts")) == 8000


def test_won_deals_by_origin(published: Published, oracle: OlistOracle) -> None:
    expected = oracle.wins_by_origin()
    assert sum(expected.values()) == 842
    assert by_origin(published, "win_rate", "count", 0) == expected
    assert by_origin(published, "win_rate", "count", 1) == expected  # only won deals are in the data
    facts = published.rows("opportunity_facts")
    assert Counter(bare(row["origin_channel_id"]) for row in facts if row["is_won"]) == expected


def test_the_deal_won_before_first_contact_is_flagged_not_lost(published: Published, oracle: OlistOracle) -> None:
    (early,) = oracle.won_before_first_contact()
    (fact,) = [row for row in published.rows("opportunity_facts") if bare(row["opportunity_id"]) == early]
    assert fact["is_won"]
    assert fact["is_won_before_contact"]
    flagged = [row for row in published.rows("opportunity_facts") if row["is_won_before_contact"]]
    assert len(flagged) == 1


def test_orders_and_revenue_of_linked_sellers_by_origin(published: Published, oracle: OlistOracle) -> None:
    sellers = set(oracle.deals["seller_id"])
    orders = [row for row in published.rows("order_facts") if bare(row["customer_id"]) in sellers]
    assert len({bare(row["order_id"])[:32] for row in orders}) == 4512  # the buyers' orders
    assert Counter(bare(row["origin_channel_id"]) for row in orders) == oracle.orders_by_origin()
    lines = {bare(row["order_id"]) for row in orders}
    items = [row for row in published.rows("order_line_facts") if bare(row["order_id"]) in lines]
    assert len(items) == 5044
    revenue: dict[str, Decimal] = {}
    for row in orders:
        origin = bare(row["origin_channel_id"])
        revenue[origin] = revenue.get(origin, Decimal(0)) + row["net_booked"]
    assert revenue == oracle.revenue_by_origin()
    assert total(revenue.values()) == Decimal("676851.48")


def test_credit_by_origin_and_nothing_dropped(published: Published, oracle: OlistOracle) -> None:
    expected = oracle.credit_by_origin(SETTINGS["attribution"]["lookback_days"])
    assert total(expected.values()) == Decimal("13591643.70")  # all 112,650 items
    for model in ("first", "last", "linear", "position_based"):
        credit: dict[str, Decimal] = {}
        for row in published.rows("attribution_credit"):
            if row["model"] == model and row["measure"] == "booked":
                origin = bare(row["channel_id"])
                credit[origin] = credit.get(origin, Decimal(0)) + row["amount"]
        assert credit == expected, model
    reasons = {row["unattributed_reason"] for row in published.rows("attribution_credit")} - {None}
    assert reasons <= {"no_touch", "no_identity"}


def test_customers_won_of_prospects(published: Published, oracle: OlistOracle) -> None:
    won, new = oracle.customers_of_prospects(365)
    found = published.sides("customer_conversion_rate", "standard", None)[Cell(None, None)]
    assert found[:2] == (won, new)
    assert 0 < won < new == 8000  # no seller of a won deal sold before its first contact


def test_what_the_data_lacks_is_switched_off_and_said(published: Published) -> None:
    available = {(row["metric_id"], row["variant"]): row for row in published.rows("metric_availability")}
    for missing in (
        ("channel_roi", "standard"), ("collection_days", "standard"), ("gross_margin_rate", "standard"),
        ("stage_conversion_rate", "lead"), ("stage_duration", "opportunity_p90"), ("lead_quality_rate", "sql_30d"),
        ("interaction_win_lift", "lift"),
    ):  # fmt: skip
        assert not available[missing]["is_available"]
        assert available[missing]["reason_en"]
        assert available[missing]["reason_zh"]
        assert not published.sides(*missing, None)
    assert available["leads", "standard"]["is_available"]
    [model] = published.rows("win_model")
    assert (model["is_available"], model["driver_count"]) == (False, 0)
    assert model["reason_en"]
    assert model["reason_zh"]
    assert published.rows("win_driver") == []
    assert Cell(None, None) in published.sides("leads", "standard", None)
