"""Each published metric of the demo equals an independent computation from the raw files, to the last digit.

Not compared: rows that are 0 on both sides, which either way of computing may list or leave out.
"""

from __future__ import annotations

from collections import Counter
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

from orchestration.examples.demo import truth
from orchestration.lib.publish import open_snapshot
from orchestration.lib.workspace import Workspace
from tests.oracles.demo_metrics import Cell, DemoMetrics
from tests.oracles.exact import rounded, total
from tests.published import Published, bare

pytestmark = pytest.mark.slow

TOTAL = Cell(None, None)
# name in the oracle → metric, variant, basis as published
METRICS = {
    "marketing_spend": ("marketing_spend", "direct", None),
    "leads": ("leads", "standard", None),
    "cpl": ("cpl", "direct", None),
    "lead_to_opportunity_rate": ("lead_to_opportunity_rate", "standard", None),
    "opportunity_to_order_rate": ("opportunity_to_order_rate", "count", None),
    "opportunity_to_order_rate_by_value": ("opportunity_to_order_rate", "value", None),
    "win_rate": ("win_rate", "count", None),
    "win_rate_by_value": ("win_rate", "amount", None),
    "cac": ("cac", "direct", None),
    "aov": ("aov", "standard", "booked"),
    "gross_margin_rate": ("gross_margin_rate", "standard", "invoiced"),
    "collection_days": ("collection_days", "standard", "collected"),
    "on_time_delivery_rate": ("on_time_delivery_rate", "standard", None),
    "channel_roi": ("channel_roi", "standard", "invoiced"),
    "roas": ("roas", "standard", "invoiced"),
}


@pytest.fixture(scope="module")
def oracle(demo_workspace: Path) -> DemoMetrics:
    return DemoMetrics(demo_workspace)


@pytest.fixture(scope="module")
def published(demo_workspace: Path) -> Published:
    return Published(demo_workspace)


@pytest.fixture(scope="module")
def planted() -> dict[str, Any]:
    return truth()


def is_something(sides: tuple[Decimal, Decimal | None]) -> bool:
    return bool(sides[0] or sides[1])


@pytest.mark.parametrize("name", METRICS)
def test_metric_equals_the_oracle(name: str, oracle: DemoMetrics, published: Published) -> None:
    exact = {cell: sides for cell, sides in getattr(oracle, name).items() if is_something(sides)}
    # metric_value holds both sides with 6 decimals; only the weights behind new customers have more
    expected = {cell: (nine(top), None if below is None else nine(below)) for cell, (top, below) in exact.items()}
    found = published.sides(*METRICS[name])
    is_ratio = any(below is not None for _, below in expected.values())
    shown = {
        cell: (top or Decimal(0), (below or Decimal(0)) if is_ratio else below)
        for cell, (top, below, _) in found.items()
    }
    shown = {cell: sides for cell, sides in shown.items() if is_something(sides)}
    wrong = {
        cell: (expected.get(cell), shown.get(cell))
        for cell in expected.keys() | shown.keys()
        if expected.get(cell) != shown.get(cell)
    }
    assert not wrong, f"{len(wrong)} of {len(expected)} cells differ (expected, published): {list(wrong.items())[:5]}"
    assert TOTAL in expected
    assert len(expected) > 20
    values = {cell: found[cell][2] for cell in expected}
    quotients = {cell: quotient(top, below) if is_ratio else top for cell, (top, below) in expected.items()}
    assert values == quotients


def nine(amount: Decimal) -> Decimal:
    return rounded(amount, 9)


def quotient(top: Decimal, below: Decimal | None) -> Decimal | None:
    """What is published: 8 decimals, and nothing where the denominator is 0."""
    return rounded(Fraction(top) / Fraction(below), 8) if below else None


def test_planted_duplicates_merge(published: Published, planted: dict[str, Any]) -> None:
    merged = {bare(row["lead_id"]): bare(row["surviving_lead_id"]) for row in published.rows("lead_merge")}
    assert merged == planted["duplicate_leads"]
    sizes = {bare(row["account_id"]): row["customer_count"] for row in published.rows("customer_facts")}
    for pair in planted["customer_pairs"]:
        assert [sizes[number] for number in pair if number in sizes] == [2]  # one legal entity, two numbers


def test_every_row_is_accounted_for(published: Published, planted: dict[str, Any], oracle: DemoMetrics) -> None:
    accounts = published.rows("row_account")
    for row in accounts:
        fates = row["loaded"] + row["quarantined"] + row["merged"] + row["filtered"] + row["unchanged"]
        assert row["rows_in"] == fates, row
    by_file = Counter[str]()
    for row in accounts:
        by_file[Path(row["source_file"]).name] += row["rows_in"]
    written = Counter[str]()
    for name, count in planted["rows"].items():
        # behind # stands a part of a file: a table, which is accounted for by itself, or a sheet
        written[Path(name if ".sqlite" in name else name.split("#")[0]).name] += count
    assert by_file == written
    # merged: rows repeated exactly, leads of one person, touches of one campaign, account and day
    merged = Counter({Path(name).name: count for name, count in planted["repeated_rows"].items()})
    merged["leads.csv"] += len(planted["duplicate_leads"])
    assert oracle.journeys.touches
    for touch in oracle.journeys.merged_touches:
        merged["touchpoints.csv" if touch.startswith("T") else "offline_touchpoints.csv"] += 1
    put_away = {Path(row["source_file"]).name: row["merged"] + row["unchanged"] for row in accounts}
    assert {name: count for name, count in put_away.items() if count} == merged
    quarantined = Counter(Path(row["file"]).name for row in planted["quarantined"])
    kept_back = {Path(row["source_file"]).name: row["quarantined"] for row in accounts if row["quarantined"]}
    assert kept_back == quarantined
    transfers = [row["filtered"] for row in accounts if row["source_object"] == "orders"]
    assert transfers == [len(planted["transfer_orders"])]


def test_spend_without_orders_stays_in(published: Published, planted: dict[str, Any]) -> None:
    spent = {
        bare(row["campaign_id"]): row["numerator"]
        for row in published.rows("metric_value")
        if (row["metric_id"], row["cut"], row["period_kind"]) == ("marketing_spend", "campaign", "all")
    }
    for campaign in planted["campaigns_without_orders"]:
        assert spent[campaign] > 0


def test_credits_of_every_model_are_the_money(published: Published, oracle: DemoMetrics) -> None:
    """Per measure and model the credits sum to the measure; per channel they equal the oracle's."""
    money: dict[str, Decimal] = {}
    for row in published.rows("order_measure"):
        money[row["measure"]] = money.get(row["measure"], Decimal(0)) + row["amount"]
    postings = oracle.postings
    for measure, expected in (("booked", postings.booked), ("invoiced", postings.invoiced)):
        assert money[measure] == total(posting.amount for posting in expected)
    assert money["contribution"] == total(posting.amount for posting in postings.contribution)
    credits: dict[tuple[str, str, str], Decimal] = {}
    for row in published.rows("attribution_credit"):
        channel = bare(row["channel_id"]) or "unattributed"
        key = (row["model"], row["measure"], channel)
        credits[key] = credits.get(key, Decimal(0)) + row["amount"]
    for model in ("first", "last", "linear", "position_based"):
        for measure, amount in money.items():
            assert total(value for key, value in credits.items() if key[:2] == (model, measure)) == amount
        by_channel: dict[str, Decimal] = {}
        for channel, _, amount in oracle.credits(postings.contribution, model):
            by_channel[channel] = by_channel.get(channel, Decimal(0)) + amount
        published_credit = {key[2]: value for key, value in credits.items() if key[:2] == (model, "contribution")}
        assert {c: a for c, a in published_credit.items() if a} == {c: a for c, a in by_channel.items() if a}


def test_each_metric_says_which_columns_it_is_made_of(demo_workspace: Path) -> None:
    """Read off the mapping of the canonical model by hand; of every row's own origin nothing is told."""
    with open_snapshot(Workspace(demo_workspace)) as snapshot:
        made_of = {entry["name"]: entry["source_columns"] for entry in snapshot.definitions}
    assert made_of["win_rate"] == ["opportunity.closed_at", "opportunity.is_won", "opportunity.stage"]
    assert made_of["leads"] == ["lead.created_at", "lead.status"]
    assert {"marketing_spend.amount", "marketing_spend.service_from", "exchange_rate.rate"} <= set(
        made_of["marketing_spend"]
    )
    assert {
        "invoice_line.net_amount",
        "product.standard_cost",
        "order_cost.amount",
        "service_ticket.parts_cost",
    } <= set(made_of["contribution"])
    # predicted by a program, which has no column lineage
    assert [name for name, columns in made_of.items() if not columns] == ["ltv_predicted"]
