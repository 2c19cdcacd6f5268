"""Tables of customers over time and of distributors equal the demo's raw files: every row and
column."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest

from tests.oracles import (
    marts_cohorts,
    marts_customers,
    marts_distributor_matrix,
    marts_distributors,
    marts_lifetime,
)
from tests.oracles.compare import assert_mart, published_mart
from tests.oracles.demo_documents import Documents, documents_of

pytestmark = pytest.mark.slow

MARTS: dict[str, tuple[Callable[[Documents], pd.DataFrame], list[str]]] = {
    "repeat_purchase_facts": (
        lambda documents: marts_customers.repeat_purchase_facts(documents.demo),
        ["account_id"],
    ),
    "customer_retention": (
        lambda documents: marts_customers.customer_retention(documents.demo),
        "cut period_kind period_start channel_id distributor_id customer_segment customer_region".split(),  # noqa: SIM905
    ),
    "customer_cohort_month": (
        marts_cohorts.customer_cohort_month,
        ["cohort_start", "channel_id", "campaign_id", "months_since"],
    ),
    "customer_payback": (
        marts_cohorts.customer_payback,
        ["cut", "period_kind", "period_start", "channel_id", "campaign_id"],
    ),
    "distributor_share": (
        marts_distributors.distributor_share,
        ["cut", "period_kind", "period_start", "distributor_id"],
    ),
    "distributor_stability": (
        marts_distributors.distributor_stability,
        ["cut", "period_kind", "period_start", "distributor_id"],
    ),
    "distributor_matrix": (
        marts_distributor_matrix.distributor_matrix,
        ["span", "first_month", "distributor_id"],
    ),
    "customer_ltv": (marts_lifetime.customer_ltv, ["account_id"]),
    "customer_ltv_cohort": (
        marts_lifetime.customer_ltv_cohort,
        ["cut", "period_kind", "period_start", "customer_segment", "customer_region"],
    ),
}
DRAWN = "an end of an interval, which comes of draws; see the test of intervals"
NOT_COMPARED = {
    "customer_ltv": dict.fromkeys(marts_lifetime.ENDS, DRAWN),
    "customer_ltv_cohort": dict.fromkeys(("predicted_mean_low", "predicted_mean_high"), DRAWN),
}


@pytest.mark.parametrize("mart", MARTS)
def test_mart_equals_the_raw_files(mart: str, demo_workspace: Path) -> None:
    oracle, keys = MARTS[mart]
    assert_mart(demo_workspace, mart, oracle(documents_of(demo_workspace)), keys, NOT_COMPARED.get(mart))


def test_intervals_hold_what_is_expected_and_narrow_as_customers_add_up(demo_workspace: Path) -> None:
    customers = published_mart(demo_workspace, "customer_ltv").to_pylist()
    assert all(row["expected_low"] < row["expected"] < row["expected_high"] for row in customers)
    for row in customers:
        assert row["predicted_low"] == row["contribution_to_date"] + row["expected_low"]
        assert row["predicted_high"] == row["contribution_to_date"] + row["expected_high"]
    cohorts = published_mart(demo_workspace, "customer_ltv_cohort").to_pylist()
    [whole] = [row for row in cohorts if (row["cut"], row["period_kind"]) == ("total", "all")]
    mean = whole["predicted"] / whole["customers"]
    assert whole["predicted_mean_low"] < mean < whole["predicted_mean_high"]
    width = sum(row["expected_high"] - row["expected_low"] for row in customers) / len(customers)
    assert (
        whole["predicted_mean_high"] - whole["predicted_mean_low"] < width / 5
    )  # of 114, about a tenth by chance alone
