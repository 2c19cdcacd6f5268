"""Tables of customers over time, of distributors and of product combinations equal the demo's raw files: every row and
column."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest

from tests.oracles import marts_cohorts, marts_customers
from tests.oracles.compare import assert_mart
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
        ["cohort_month", "channel_id", "campaign_id", "months_since"],
    ),
    "customer_payback": (
        marts_cohorts.customer_payback,
        ["cut", "period_kind", "period_start", "channel_id", "campaign_id"],
    ),
}


@pytest.mark.parametrize("mart", MARTS)
def test_mart_equals_the_raw_files(mart: str, demo_workspace: Path) -> None:
    oracle, keys = MARTS[mart]
    assert_mart(demo_workspace, mart, oracle(documents_of(demo_workspace)), keys)
