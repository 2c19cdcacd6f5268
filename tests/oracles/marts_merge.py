"""Leads that gave way to another, worked out from the demo's raw files."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

import pandas as pd

from tests.oracles.demo import Demo
from tests.oracles.demo_facts import DEDUP_DAYS
from tests.oracles.demo_rows import crm, frame, lineage, utc
from tests.oracles.marts_leads import persons_of


def lead_merge(demo: Demo) -> pd.DataFrame:
    """By phone where a lead of the same person with the same phone came shortly before, else by e-mail."""
    marks, created = demo.facts._marks, {}
    earlier: dict[str, list[str]] = defaultdict(list)
    persons = persons_of(demo)
    rows = []
    leads: list[Any] = list(demo.facts.files.leads().sort_values(["created_at", "lead_id"], kind="stable").itertuples())
    for lead in leads:
        created[lead.lead_id] = lead.created_at.date()
        survivor = demo.facts.survivor_of[lead.lead_id]
        if survivor != lead.lead_id:
            recent = {
                "email" if "@" in mark else mark.partition(" ")[0] if mark.startswith("contact ") else "phone"
                for mark in marks(lead)
                for other in earlier[mark]
                if (created[lead.lead_id] - created[other]).days <= DEDUP_DAYS
            }
            row = demo.leads[lead.lead_id]
            rows.append(
                {
                    "lead_id": crm(lead.lead_id),
                    "surviving_lead_id": crm(survivor),
                    "rule": next(kind for kind in ("phone", "email", "contact") if kind in recent),
                    "person_id": crm(persons[lead.lead_id]),
                    "created_at": utc(row["created_at"]),
                    **lineage(row),
                }
            )
        for mark in marks(lead):
            earlier[mark].append(lead.lead_id)
    return frame(rows)
