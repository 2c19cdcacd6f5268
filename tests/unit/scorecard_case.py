"""What the scorecards of stages, models and paths read, made by hand: three orders' money at three channels.

As of the end of 2025. Channels A, B and C earned, D only cost.
"""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

from orchestration.lib.workspace import DBT_PROJECT_DIR
from tests.unit.scratch_project import ScratchProject, columns

MODELS = (
    *("stage_scorecard", "channel_model", "channel_disagreement", "model_disagreement"),
    *("path_journey", "path_summary", "path_distribution"),
)
Row = dict[str, Any]
UPSTREAM = {
    "intermediate.int_as_of": columns("as_of_on:date"),
    "marts.dim_channel": columns("channel_id name channel_group"),
    "marts.dim_campaign": columns("campaign_id name"),
    "marts.order_facts": columns("order_id is_first_order:boolean"),
    "attribution.stage_entry": columns(
        "milestone subject_id entered_on:date has_advanced:boolean channel_id campaign_id"
    ),
    "attribution.stage_pool": columns(
        "milestone milestone_number:integer fixed_weight:decimal(10,9) information_weight:decimal(10,9)"
    ),
    "attribution.cost_ledger": columns(
        "view stage cost_source channel_id campaign_id allocated_on:date amount:decimal(18,2)"
    ),
    "attribution.cost_allocation": columns("channel_id campaign_id basis allocated_on:date amount:decimal(18,2)"),
    "attribution.attribution_credit": columns(
        "order_id model measure stage touch_id channel_id campaign_id posted_on:date amount:decimal(18,2)"
    ),
    "attribution.attribution_weight": columns("order_id model channel_id campaign_id weight:decimal(10,9)"),
    "attribution.new_customer_weight": columns(
        "account_id order_id model channel_id campaign_id converted_on:date weight:decimal(10,9)"
    ),
    "attribution.conversion": columns("order_id converted_on:date"),
    "attribution.order_measure": columns("order_id measure posted_on:date amount:decimal(18,2)"),
    "attribution.journey_path": columns(
        "journey_id order_id is_converted:boolean touch_count:bigint converted_on:date last_touch_on:date "
        "days_to_convert:bigint"
    ),
    "attribution.path_touch": columns("journey_id touch_position:bigint channel_member campaign_member"),
}
EFFECTS = columns(
    "model level member_id share:decimal(18,9) share_low:decimal(18,9) share_high:decimal(18,9) is_reliable:boolean"
)


def entry(milestone: str, subject: str, on: str, advanced: bool) -> Row:
    return {
        **{"milestone": milestone, "subject_id": subject, "entered_on": on, "has_advanced": advanced},
        **{"channel_id": "A", "campaign_id": "k"},
    }


def cost(stage: str | None, amount: str, on: str = "2025-01-02", **more: Any) -> Row:
    return {
        **{"view": "event", "cost_source": "marketing_spend", "stage": stage, "amount": amount, "allocated_on": on},
        **{"channel_id": "A", "campaign_id": "k", **more},
    }


def credit(key: str, amount: str, channel: str | None, stage: str | None = None) -> Row:
    """``key`` is model, order and measure."""
    model, order, measure = key.split()
    touch = None if channel is None else f"t_{channel}"
    return {
        **{"model": model, "order_id": order, "measure": measure, "amount": amount, "posted_on": "2025-03-01"},
        **{"channel_id": channel, "campaign_id": None, "touch_id": touch, "stage": stage},
    }


def journey(name: str, channels: str, order: str | None, on: str, days: int | None = None) -> dict[str, list[Row]]:
    """A path of channels, one letter each."""
    ends = {"converted_on": on} if order else {"last_touch_on": on}
    counted = {"is_converted": order is not None, "touch_count": len(channels), "days_to_convert": days}
    return {
        "attribution.journey_path": [{"journey_id": name, "order_id": order, **counted, **ends}],
        "attribution.path_touch": [
            {"journey_id": name, "touch_position": place, "channel_member": channel, "campaign_member": f"c{channel}"}
            for place, channel in enumerate(channels, start=1)
        ],
    }


STAGES: dict[str, list[Row]] = {
    "attribution.stage_pool": [
        {"milestone": "lead", "milestone_number": 1, "fixed_weight": "0.4", "information_weight": "0.5"},
        {"milestone": "quote", "milestone_number": 4, "fixed_weight": "0.3", "information_weight": "0.25"},
        {"milestone": "order", "milestone_number": 5, "fixed_weight": "0.3", "information_weight": "0.25"},
    ],
    # one met twice, in two months; a quote that is not mature, and one after the as-of date
    "attribution.stage_entry": [
        entry("lead", "a", "2025-01-01", False),
        entry("lead", "a", "2025-02-01", True),
        entry("lead", "b", "2025-02-01", False),
        entry("quote", "o", "2025-12-01", False),
        entry("quote", "p", "2026-01-01", True),
    ],
    "attribution.cost_ledger": [
        cost("Launch", "60.00"),
        cost("before_funnel", "40.00", cost_source="work_hours", campaign_id=None),
        cost("opportunity:won", "5.00"),
        cost("party", "6.00"),
        cost(None, "7.00", cost_source="books", channel_id=None, campaign_id=None),
        cost("Launch", "999.00", view="benefit"),
        cost("Launch", "999.00", on="2026-01-01"),
    ],
}
MONEY = [
    *(credit(f"staged {order} contribution", "125.00", "A", "lead") for order in ("o1", "o2")),
    credit("staged o2 booked", "400.00", "A", "lead"),
    credit("staged o2 cogs", "1.00", "A", "lead"),
    credit("staged o2 contribution", "30.00", "A", "order"),
    credit("staged o4 contribution", "20.00", None),
    # first and shapley say one thing, last the opposite
    *(
        credit(f"{model} {order} contribution", amount, channel)
        for model, amounts in (("first", "631"), ("last", "136"), ("shapley", "631"))
        for channel, tens in zip("ABC", amounts, strict=True)
        for order, amount in (("o1", f"{tens}.00"), ("o2", f"{int(tens) * 9}.00"))
    ),
    *(credit(f"{model} o4 contribution", "100.00", None) for model in ("first", "last", "shapley")),
    # all models alike, two channels level
    *(credit(f"{model} o1 booked", "50.00", channel) for model in ("first", "last", "shapley") for channel in "AB"),
    # more given back than was ever paid
    *(credit(f"{model} o1 collected", "-5.00", "A") for model in ("first", "last", "shapley")),
]
COMPARED: dict[str, list[Row]] = {
    "attribution.attribution_credit": MONEY,
    "attribution.cost_allocation": [
        {"channel_id": "A", "basis": "direct", "allocated_on": "2025-01-01", "amount": "20.00"},
        {"channel_id": "D", "basis": "direct", "allocated_on": "2025-01-01", "amount": "5.00"},
        {"channel_id": "A", "basis": "shared", "allocated_on": "2025-01-01", "amount": "999.00"},
    ],
    "attribution.conversion": [{"order_id": f"o{n}", "converted_on": "2025-02-0" + str(n)} for n in (1, 2, 4)],
    "attribution.attribution_weight": [
        {"order_id": order, "model": model, "channel_id": channel, "weight": weight}
        for model in ("first", "last", "shapley", "staged")
        for order in ("o1", "o2")
        for channel, weight in (("A", "0.333333333"), ("B", "0.666666667"))
    ],
    "attribution.new_customer_weight": [
        {"account_id": "x", "order_id": "o4", "model": model, "converted_on": "2025-02-04", "weight": "1"}
        for model in ("first", "last", "shapley", "staged")
    ],
    "attribution.channel_effect": [
        {"model": "shapley", "level": level, "member_id": prefix + member, "share": share,
         "share_low": low, "share_high": high, "is_reliable": level == "channel"}
        for level, prefix in (("channel", ""), ("campaign", "channel:"))
        for member, share, low, high in zip("ABC", ("0.6", "0.3", "0.1"), ("0.5", "0.2", "0"), ("0.7", "0.5", "0.1"),
                                            strict=True)
    ],
}  # fmt: skip
PATHS = [
    journey("j1", "AAB", "o1", "2025-01-31", 10),
    journey("j2", "AB", "o2", "2025-02-28", 40),
    journey("null:n", "ABB", None, "2025-02-01"),
    journey("j3", "B", "o3", "2025-02-02", 0),
    journey("j4", "", "o4", "2025-02-04"),
    journey("late", "A", "o5", "2026-01-01", 3),
]


def scorecards(folder: Path, models: list[str]) -> ScratchProject:
    """The scorecards of the same rows with these attribution models."""
    case = ScratchProject(
        folder,
        copied=[],
        upstream=UPSTREAM,
        sources={"attribution.channel_effect": EFFECTS},
        variables={
            "attribution_models": models,
            "default_attribution_model": models[0],
            "scorecard_least_orders": 2,
            "cost_stages": {"launch": "lead"},
        },
    )
    project = case.project / "models"
    shutil.copy(DBT_PROJECT_DIR / "models/marts/attribution/_data_driven__sources.yml", project / "marts/attribution")
    (project / "metrics").mkdir()
    for name in MODELS:
        for kind in ("sql", "yml"):
            shutil.copy(DBT_PROJECT_DIR / "models" / "metrics" / f"{name}.{kind}", project / "metrics")
    case.load("intermediate.int_as_of", [{"as_of_on": "2025-12-31"}])
    case.load(
        "marts.dim_channel", [{"channel_id": name, "name": f"Channel {name}", "channel_group": "g"} for name in "ABCD"]
    )
    case.load("marts.order_facts", [{"order_id": "o1", "is_first_order": True}])
    case.load(
        "attribution.order_measure",
        [
            {"order_id": f"o{n}", "measure": measure, "posted_on": "2025-06-01", "amount": f"{n}00.00"}
            for n in (1, 2, 3, 4)
            for measure in ("booked", "contribution")
        ],
    )
    for table, rows in (STAGES | COMPARED).items():
        case.load(table, [row for row in rows if row.get("model") in (None, "shapley", *models)])
    for path in PATHS:
        for table, rows in path.items():
            case.load(table, rows)
    case.build("path:models/metrics")
    return case
