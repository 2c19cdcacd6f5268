"""Every row and column of the marts of the funnel equals what the raw files of the demo say."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest

from tests.oracles import marts_funnel, marts_losses, marts_prospects, marts_scorecard_sales, marts_win_drivers
from tests.oracles.compare import assert_mart
from tests.oracles.demo import Demo, demo_of

pytestmark = pytest.mark.slow

# mart → its oracle and the columns that tell its rows apart; no column is left out
MARTS: dict[str, tuple[Callable[[Demo], pd.DataFrame], list[str]]] = {
    "dim_funnel_stage": (marts_funnel.dim_funnel_stage, ["funnel_stage_id"]),
    "funnel_stage_facts": (marts_funnel.funnel_stage_facts, ["stage_event_id"]),
    "prospect_facts": (marts_prospects.prospect_facts, ["prospect_id"]),
    "loss_facts": (marts_losses.loss_facts, ["opportunity_id"]),
    "opportunity_product_facts": (marts_losses.opportunity_product_facts, ["opportunity_product_id"]),
    "salesperson_scorecard": (marts_scorecard_sales.salesperson_scorecard, ["scorecard_id"]),
    "opportunity_driver_facts": (marts_win_drivers.opportunity_driver_facts, ["opportunity_id"]),
    "interaction_win_lift": (marts_win_drivers.interaction_win_lift, ["lift_id"]),
    "win_model": (marts_win_drivers.win_model, ["population"]),
    "win_driver": (marts_win_drivers.win_driver, ["driver"]),
}


@pytest.mark.parametrize("mart", MARTS)
def test_mart_equals_the_raw_files(mart: str, demo_workspace: Path) -> None:
    oracle, keys = MARTS[mart]
    assert_mart(demo_workspace, mart, oracle(demo_of(demo_workspace)), keys)
