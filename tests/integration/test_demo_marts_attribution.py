"""Attribution tables and the scorecards equal the demo's raw files: every row and column.

The design is silent on what is 0: postings, credits and weights of 0 are no rows; postings of a line on one day follow
one another by their id.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest

from tests.oracles import (
    marts_attribution,
    marts_campaigns,
    marts_channel_models,
    marts_journey,
    marts_path_explorer,
    marts_paths,
    marts_scorecards,
    marts_stages,
)
from tests.oracles.compare import assert_large_mart, assert_mart
from tests.oracles.demo_documents import Documents, documents_of

pytestmark = pytest.mark.slow

MARTS: dict[str, tuple[Callable[[Documents], pd.DataFrame], list[str]]] = {
    "journey_touch": (marts_journey.journey_touch, ["order_id", "touch_id"]),
    "journey_milestone": (marts_journey.journey_milestone, ["order_id", "milestone"]),
    "stage_pool": (marts_journey.stage_pool, ["milestone"]),
    "journey_path": (marts_paths.journey_path, ["journey_id"]),
    "channel_effect": (marts_paths.channel_effect, ["model", "level", "member_id"]),
    "order_measure": (marts_attribution.order_measure, ["posting_id", "measure"]),
    "attribution_credit": (
        marts_attribution.attribution_credit,
        ["posting_id", "measure", "version", "model", "touch_id", "stage"],
    ),
    "new_customer_weight": (
        marts_attribution.new_customer_weight,
        ["account_id", "model", "channel_id", "campaign_id"],
    ),
    "cost_allocation": (marts_attribution.cost_allocation, ["cost_allocation_id"]),
    "cost_ledger": (marts_attribution.cost_ledger, ["cost_ledger_id"]),
    "campaign_scorecard": (marts_campaigns.campaign_scorecard, ["campaign_id"]),
    "campaign_reach": (marts_campaigns.campaign_reach, ["campaign_id"]),
    "campaign_stage_cost": (marts_campaigns.campaign_stage_cost, ["campaign_id", "stage"]),
    "attributed_payback": (marts_campaigns.attributed_payback, ["cut", "channel_id", "campaign_id"]),
    "channel_month": (marts_scorecards.channel_month, ["channel_id", "month"]),
    "stage_scorecard": (marts_stages.stage_scorecard, ["stage_scorecard_id"]),
    "channel_model": (marts_channel_models.channel_model, ["channel_model_id"]),
    "channel_disagreement": (marts_channel_models.channel_disagreement, ["channel_disagreement_id"]),
    "model_disagreement": (marts_channel_models.model_disagreement, ["model_disagreement_id"]),
    "path_summary": (marts_path_explorer.path_summary, ["path_summary_id"]),
    "path_distribution": (marts_path_explorer.path_distribution, ["path_distribution_id"]),
}
NOT_COMPARED = {"channel_effect": dict.fromkeys(marts_paths.ENDS, "comes of draws; see test_channel_effect.py")}


@pytest.mark.parametrize("mart", MARTS)
def test_mart_equals_the_raw_files(mart: str, demo_workspace: Path) -> None:
    oracle, keys = MARTS[mart]
    expected = oracle(documents_of(demo_workspace))
    if mart == "attribution_credit":
        assert_large_mart(demo_workspace, mart, expected)
    else:
        assert_mart(demo_workspace, mart, expected, keys, NOT_COMPARED.get(mart))
