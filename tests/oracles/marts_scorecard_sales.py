"""The scorecard of sales people and teams, from the demo's raw files; intervals by Wilson's formula in decimals."""

from __future__ import annotations

from collections import defaultdict
from decimal import Decimal, localcontext
from fractions import Fraction

import pandas as pd

from tests.oracles.demo import Demo
from tests.oracles.demo_rows import Row, frame
from tests.oracles.exact import rounded, total
from tests.oracles.marts_funnel import funnel_stage_facts
from tests.oracles.marts_leads import opportunity_facts

UNKNOWN = "unknown"
Z = Decimal("1.9599639845400542355")  # 97.5 % of the standard normal distribution


def wilson(hits: int, cases: int) -> tuple[Decimal | None, Decimal | None]:
    """The p from which hits ÷ cases is no further than Z standard errors off: the two roots of a quadratic equation."""
    if not cases:
        return None, None
    with localcontext() as context:
        context.prec = 40
        n, share = Decimal(cases), Decimal(hits) / Decimal(cases)
        a, b, c = 1 + Z**2 / n, -(2 * share + Z**2 / n), share**2
        root = (b**2 - 4 * a * c).sqrt()
        return rounded((-b - root) / (2 * a), 8), rounded((-b + root) / (2 * a), 8)


def salesperson_scorecard(demo: Demo) -> pd.DataFrame:
    """Persons, then teams, from the same rows."""
    stages: dict[tuple[str, str], list[Row]] = defaultdict(list)
    deals: dict[tuple[str, str], list[Row]] = defaultdict(list)
    names = {f"crm:{row['sales_id']}": row["name"] for row in demo.rows.crm("salespeople")}
    for found, rows in (
        (stages, [row for row in funnel_stage_facts(demo).to_dict("records") if not row["is_closing"]]),
        (deals, opportunity_facts(demo).to_dict("records")),
    ):
        for row in rows:
            found["salesperson", row["salesperson_id"] or UNKNOWN].append(row)
            found["team", row["sales_team"] or UNKNOWN].append(row)
    result = []
    for grain, member in sorted(stages.keys() | deals.keys()):
        team = member if grain == "team" else demo.teams.get(member) or UNKNOWN
        own = deals[grain, member]
        won = [row for row in own if row["is_won"]]
        cycles = sorted(row["days_to_close"] for row in won if row["days_to_close"] is not None)
        result.append(
            {
                "scorecard_id": f"{grain}:{member}",
                "grain": grain,
                "sales_team": team,
                "salesperson_id": member if grain == "salesperson" else None,
                "name": member if grain == "team" else names.get(member, UNKNOWN),
                **_stages("lead", stages[grain, member]),
                **_stages("opportunity", stages[grain, member]),
                **_rate("win_rate", "won", len(won), "decided", sum(not row["is_open"] for row in own)),
                "open_opportunities": sum(row["is_open"] for row in own),
                "amount_won": total(row["amount_functional"] for row in won),
                "cycle_count": len(cycles),
                "cycle_days_median": _median(cycles),
            }
        )
    return frame(result)


def _stages(kind: str, rows: list[Row]) -> Row:
    own = [row for row in rows if row["subject_kind"] == kind]
    passed = sum(row["has_advanced"] for row in own)
    return _rate(f"{kind}_stage_conversion", f"{kind}_stages_passed", passed, f"{kind}_stage_entries", len(own))


def _rate(name: str, hit_column: str, hits: int, case_column: str, cases: int) -> Row:
    low, high = wilson(hits, cases)
    rate = rounded(Fraction(hits, cases), 8) if cases else None
    return {case_column: cases, hit_column: hits, name: rate, f"{name}_low": low, f"{name}_high": high}


def _median(days: list[int]) -> Decimal | None:
    if not days:
        return None
    return Decimal(days[(len(days) - 1) // 2] + days[len(days) // 2]) / 2
