"""Olist's sellers as customers: repurchase, retention and the price waterfall equal plain pandas over the files; what
the files do not carry is not available, and says so. On the workspace that test_olist.py uses."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

from tests.oracles.exact import rounded, total
from tests.oracles.olist import OlistOracle
from tests.oracles.olist_customers import At, OlistCustomers
from tests.published import Published, bare

pytestmark = [pytest.mark.slow, pytest.mark.realdata]

Sides = tuple[Decimal, Decimal]


@pytest.fixture(scope="module")
def oracle(olist_data: Path) -> OlistCustomers:
    return OlistCustomers(OlistOracle(olist_data))


@pytest.fixture(scope="module")
def published(olist_workspace: Path) -> Published:
    return Published(olist_workspace)


@pytest.fixture(scope="module")
def values(published: Published) -> dict[tuple[str, str], dict[At, dict[str, Any]]]:
    """Metric and variant → period and origin → its row; 0 ÷ 0 left out."""
    found: dict[tuple[str, str], dict[At, dict[str, Any]]] = {}
    for row in published.rows("metric_value"):
        if row["cut"] in {"total", "channel"} and (row["numerator"] or row["denominator"]):
            origin = None if row["cut"] == "total" else bare(row["channel_id"])
            at = (row["period_kind"], origin, row["period_start"])
            found.setdefault((row["metric_id"], row["variant"]), {})[at] = row
    return found


def assert_equal(rows: dict[At, dict[str, Any]], expected: dict[At, Sides], n: dict[At, int]) -> None:
    have = {at: (row["numerator"], row["denominator"]) for at, row in rows.items()}
    wrong = {at: (expected.get(at), have.get(at)) for at in expected | have if expected.get(at) != have.get(at)}
    assert not wrong, f"{len(wrong)} of {len(expected)} cells differ (expected, published): {list(wrong.items())[:5]}"
    assert {at: row["n"] for at, row in rows.items()} == n
    for at, row in rows.items():
        top, below = expected[at]
        assert row["value"] == (rounded(Fraction(top) / Fraction(below), 8) if below else None), at


def test_repurchase(oracle: OlistCustomers, values: dict[tuple[str, str], dict[At, dict[str, Any]]]) -> None:
    expected = oracle.repeat()
    assert expected["all", None, None][1] > 2000
    assert_equal(
        values["repeat_purchase_rate", "standard"],
        {at: (Decimal(hits), Decimal(cases)) for at, (hits, cases) in expected.items()},
        {at: cases for at, (_, cases) in expected.items()},
    )


@pytest.mark.parametrize(
    ("variant", "top", "below"), [("customers", 0, 1), ("gross_revenue", 2, 4), ("net_revenue", 3, 4)]
)
def test_retention(
    variant: str,
    top: int,
    below: int,
    oracle: OlistCustomers,
    values: dict[tuple[str, str], dict[At, dict[str, Any]]],
) -> None:
    expected = oracle.retention()
    assert expected["year", None, date(2018, 1, 1)][1] > 1000
    assert_equal(
        values["retention_rate", variant],
        {at: (Decimal(sides[top]), Decimal(sides[below])) for at, sides in expected.items()},
        {at: sides[1] for at, sides in expected.items()},
    )


def test_the_price_waterfall_ends_with_what_is_ordered(published: Published, oracle: OlistCustomers) -> None:
    """Nobody publishes list prices or invoices, so all that was ordered is unlisted, and nothing of it invoiced."""
    ordered: dict[date, Decimal] = {}
    for row in published.rows("price_waterfall_month"):
        ordered[row["month"]] = ordered.get(row["month"], Decimal(0)) + row["net_ordered"]
        assert row["list_value"] == row["unlisted"] == row["net_ordered"] == row["net_booked"] == row["not_invoiced"]
        assert not any(row[name] for name in ("discount", "cancelled", "net_invoiced", "contribution", "collected"))
    assert ordered == oracle.ordered_by_month()
    assert total(ordered.values()) == Decimal("13591643.70")


def test_what_needs_invoices_shipments_or_costs_is_not_available(
    published: Published, values: dict[tuple[str, str], dict[At, dict[str, Any]]]
) -> None:
    availability = {(row["metric_id"], row["variant"]): row for row in published.rows("metric_availability")}
    needed = {
        ("ltv_historic", "12m"): "invoice", ("ltv_cac_ratio", "12m"): "invoice",
        ("ltv_predicted", "standard"): "invoice",
        ("payback_months", "standard"): "invoice", ("on_time_delivery_rate", "standard"): "shipment",
        ("delivery_lead_time", "median"): "shipment", ("delivery_lead_time", "p90"): "shipment",
        ("dso", "standard"): "invoice", ("receivables", "standard"): "invoice",
        ("sell_through_rate", "standard"): "sell-out", ("distributor_stock_months", "standard"): "sell-out",
        ("distributor_stability", "trend"): "distributor",
    }  # fmt: skip
    for metric, entity in needed.items():
        assert not availability[metric]["is_available"], metric
        assert entity in availability[metric]["reason_en"], (metric, availability[metric]["reason_en"])
        assert availability[metric]["reason_zh"], metric
        assert metric not in values
    assert published.rows("distributor_matrix") == []
    assert published.rows("distributor_stock_month") == []
