"""The funnel, worked out from the demo's raw files: stages, who entered them, who moved on, who was lost where."""

from __future__ import annotations

from collections import defaultdict
from functools import cache

import pandas as pd

from tests.oracles.demo import Demo
from tests.oracles.demo_rows import LINEAGE, Row, frame
from tests.oracles.marts_leads import lead_facts, opportunity_facts
from tests.oracles.marts_sales import stage_event_facts

# stage codes in order, with their names and what they mean: the defaults of the settings, written down once more
LEAD = [
    ("new", "New", "新线索", None),
    ("working", "Working", "跟进中", None),
    ("mql", "Marketing qualified", "市场认可", "mql"),
    ("sql", "Sales qualified", "销售认可", "sql"),
]
OPPORTUNITY = [
    ("requirement", "Requirement", "需求确认", None),
    ("solution", "Solution", "方案演示", None),
    ("quotation", "Quotation", "报价", "quote"),
    ("negotiation", "Negotiation", "谈判", None),
    ("won", "Won", "赢单", "won"),
    ("lost", "Lost", "输单", "lost"),
]
FUNNEL = {"lead": LEAD, "opportunity": OPPORTUNITY}
CLOSING = {"won", "lost"}


def dim_funnel_stage(demo: Demo) -> pd.DataFrame:
    """The stages of the settings; the demo knows no other."""
    named = {(row["object"], row["stage"]) for row in demo.rows.crm("stage_history")}
    assert named <= {(kind, stage[0]) for kind, stages in FUNNEL.items() for stage in stages}
    return frame(
        [
            {
                "funnel_stage_id": f"{kind}:{stage}",
                "subject_kind": kind,
                "stage": stage,
                "position": number,
                "label_en": english,
                "label_zh": chinese,
                "means": means,
                "is_configured": True,
                "is_closing": stage in CLOSING,
            }
            for kind, stages in FUNNEL.items()
            for number, (stage, english, chinese, means) in enumerate(stages, start=1)
        ]
    )


@cache
def subjects(demo: Demo) -> dict[tuple[str, str], Row]:
    """What can stand in the funnel: valid leads and opportunities, with how and when they ended."""
    found: dict[tuple[str, str], Row] = {}
    for lead in lead_facts(demo).to_dict("records"):
        if lead["is_valid"]:
            end = lead["first_opportunity_on"]
            lost = lead["status"] == "lost" and end is None
            found["lead", lead["lead_id"]] = {**lead, "won": end is not None, "lost": lost, "ended_on": end}
    for deal in opportunity_facts(demo).to_dict("records"):
        ended = {"won": deal["is_won"], "lost": deal["is_lost"], "ended_on": deal["closed_on"]}
        found["opportunity", deal["opportunity_id"]] = {**deal, **ended}
    return found


@cache
def funnel_stage_facts(demo: Demo) -> pd.DataFrame:
    """Each subject walks its history once."""
    histories: dict[tuple[str, str], list[Row]] = defaultdict(list)
    for event in stage_event_facts(demo).to_dict("records"):
        if event["is_entry"]:
            histories[event["subject_kind"], event["subject_id"]].append(event)
    rows: list[Row] = []
    for key, subject in subjects(demo).items():
        history = sorted(histories[key], key=lambda event: event["sequence"])
        rows += _walk(demo, key[0], subject, history)
    return frame(rows)


def _walk(demo: Demo, kind: str, subject: Row, history: list[Row]) -> list[Row]:
    codes = [stage[0] for stage in FUNNEL[kind]]
    open_stages = [event["stage"] for event in history if event["stage"] not in CLOSING]
    rows = []
    for stage in dict.fromkeys(event["stage"] for event in history):
        visits = [number for number, event in enumerate(history) if event["stage"] == stage]
        first = history[visits[0]]
        after = [event["stage"] for event in history[visits[0] + 1 :]]
        further = [later for later in after if later != "lost" and codes.index(later) > codes.index(stage)]
        closing = stage in CLOSING
        is_last = not closing and open_stages[-1] == stage
        rows.append(
            {
                "stage_event_id": first["stage_event_id"],
                "subject_kind": kind,
                "subject_id": first["subject_id"],
                "funnel_stage_id": f"{kind}:{stage}",
                "stage": stage,
                "position": codes.index(stage) + 1,
                "is_configured": True,
                "is_closing": closing,
                "account_id": subject["account_id"],
                "salesperson_id": subject["salesperson_id"],
                "sales_team": subject["sales_team"],
                "origin_channel_id": subject["origin_channel_id"],
                "origin_campaign_id": subject["origin_campaign_id"],
                "entered_on": first["entered_on"],
                "visit_count": len(visits),
                "days_in_stage": None if closing else _days(subject, history, visits),
                "next_stage_id": f"{kind}:{further[0]}" if further and not closing else None,
                "has_advanced": not closing and (bool(further) or subject["won"]),
                "is_lost_here": is_last and subject["lost"],
                "is_still_here": is_last and not subject["won"] and not subject["lost"],
                **{name: first[name] for name in LINEAGE},
            }
        )
    return rows


def _days(subject: Row, history: list[Row], visits: list[int]) -> int | None:
    """Days of all visits; nothing while one lasts."""
    days = 0
    for visit in visits:
        began = history[visit]["entered_on"]
        if visit + 1 < len(history):
            days += (history[visit + 1]["entered_on"] - began).days
        elif (subject["won"] or subject["lost"]) and subject["ended_on"] and subject["ended_on"] >= began:
            days += (subject["ended_on"] - began).days
        else:
            return None
    return days
