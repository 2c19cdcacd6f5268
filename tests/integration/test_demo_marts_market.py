"""Every row and column of the marts of market and sales equals what the raw files of the demo say."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest

from tests.oracles import marts_dims, marts_leads, marts_market, marts_merge, marts_party, marts_sales
from tests.oracles.compare import assert_mart
from tests.oracles.demo import Demo, demo_of

pytestmark = pytest.mark.slow

# mart → its oracle and the columns that tell its rows apart; no column is left out
MARTS: dict[str, tuple[Callable[[Demo], pd.DataFrame], list[str]]] = {
    "dim_channel": (marts_dims.dim_channel, ["channel_id"]),
    "dim_campaign": (marts_dims.dim_campaign, ["campaign_id"]),
    "dim_salesperson": (marts_dims.dim_salesperson, ["salesperson_id"]),
    "dim_contact": (marts_dims.dim_contact, ["contact_id"]),
    "dim_distributor": (marts_dims.dim_distributor, ["distributor_id"]),
    "touch_facts": (marts_market.touch_facts, ["touch_id"]),
    "campaign_session_facts": (marts_market.campaign_session_facts, ["campaign_session_id"]),
    "work_hours_facts": (marts_market.work_hours_facts, ["work_hours_id"]),
    "marketing_spend_facts": (marts_market.marketing_spend_facts, ["spend_id"]),
    "lead_merge": (marts_merge.lead_merge, ["lead_id"]),
    "lead_facts": (marts_leads.lead_facts, ["lead_id"]),
    "opportunity_facts": (marts_leads.opportunity_facts, ["opportunity_id"]),
    "interaction_facts": (marts_sales.interaction_facts, ["interaction_id"]),
    "quote_facts": (marts_sales.quote_facts, ["quote_id"]),
    "quote_line_facts": (marts_sales.quote_line_facts, ["quote_line_id"]),
    "stage_event_facts": (marts_sales.stage_event_facts, ["stage_event_id"]),
    "sell_out_facts": (marts_party.sell_out_facts, ["sell_out_id"]),
    "distributor_month": (marts_party.distributor_month, ["distributor_id", "month"]),
    "customer_facts": (marts_party.customer_facts, ["account_id"]),
}


@pytest.mark.parametrize("mart", MARTS)
def test_mart_equals_the_raw_files(mart: str, demo_workspace: Path) -> None:
    oracle, keys = MARTS[mart]
    assert_mart(demo_workspace, mart, oracle(demo_of(demo_workspace)), keys)
