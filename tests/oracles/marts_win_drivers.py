"""What happened to deals before they were won or lost, and how often which were won, from the demo's raw files."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date
from decimal import Decimal, localcontext
from fractions import Fraction
from functools import cache
from typing import NamedTuple

import numpy as np
import pandas as pd
from sklearn.model_selection import StratifiedKFold

from tests.oracles.demo import Demo
from tests.oracles.demo_facts import AS_OF
from tests.oracles.demo_rows import LINEAGE, Row, crm, frame
from tests.oracles.exact import rounded
from tests.oracles.marts_leads import opportunity_facts
from tests.oracles.marts_scorecard_sales import Z, wilson

KINDS = {
    "call": ("Call", "电话"),
    "email": ("E-mail", "邮件"),
    "message": ("Message", "消息"),
    "meeting": ("Meeting", "会议"),
    "visit": ("Visit", "拜访"),
    "demo": ("Demo", "演示"),
    "sample": ("Sample", "样机试用"),
    "other": ("Other", "其他"),
}


@cache
def opportunity_driver_facts(demo: Demo) -> pd.DataFrame:
    """Each decided deal with what its interactions and quotes say until it was closed."""
    rows = []
    for deal in opportunity_facts(demo).to_dict("records"):
        if deal["is_open"] or deal["closed_on"] is None or deal["closed_on"] > AS_OF:
            continue
        talks = [row for row in _talks(demo, deal) if row["happened_at"].date() <= deal["closed_on"]]
        own = [row for row in talks if crm(row["opp_id"]) == deal["opportunity_id"]]
        quotes = sorted(
            (
                row
                for row in demo.rows.crm("quotes")
                if crm(row["opp_id"]) == deal["opportunity_id"] and row["quoted_at"].date() <= deal["closed_on"]
            ),
            key=lambda row: (row["quoted_at"], -1 if row["version"] is None else row["version"], row["quote_id"]),
        )
        came = deal["lead_created_on"] or deal["created_on"]
        answers = [row["happened_at"].date() for row in talks if row["happened_at"].date() >= came]
        rows.append(
            {
                **{name: deal[name] for name in ("opportunity_id", "account_id", "salesperson_id", "sales_team")},
                **{name: deal[name] for name in ("created_on", "closed_on", "is_won", "amount_functional")},
                "days_to_close": deal["days_to_close"],
                "interaction_count": len(own),
                **{f"{kind}_count": sum(row["kind"] == kind for row in own) for kind in KINDS},
                "days_to_response": (min(answers) - came).days if answers else None,
                "is_quoted": bool(quotes),
                "quote_count": len(quotes),
                "days_to_first_quote": (
                    (min(row["quoted_at"].date() for row in quotes) - deal["created_on"]).days if quotes else None
                ),
                "discount": quotes[-1]["discount"] if quotes else None,
                **{name: deal[name] for name in LINEAGE},
            }
        )
    return frame(rows)


def _talks(demo: Demo, deal: Row) -> Iterator[Row]:
    """Interactions with the deal or with its lead: an interaction's lead is the one it names, else its deal's."""
    for row in demo.rows.crm("interactions"):
        named = demo.opportunities.get(row["opp_id"])
        lead = demo.survivor(row["lead_id"]) or demo.survivor(named and named["lead_id"])
        if crm(row["opp_id"]) == deal["opportunity_id"] or (deal["lead_id"] and crm(lead) == deal["lead_id"]):
            yield row


class Driver(NamedTuple):
    """What deals are compared by: its group and names, which deals have it, among which it is asked."""

    group: str
    en: str
    zh: str
    has: Callable[[Row], bool]
    of: Callable[[Row], bool] = lambda row: True


def drivers() -> dict[str, Driver]:
    """All of them in order, written down once more."""
    found: dict[str, Driver] = {}
    for kind, (en, zh) in KINDS.items():
        found[f"kind:{kind}"] = Driver("kind", en, zh, lambda row, kind=kind: row[f"{kind}_count"] > 0)  # type: ignore[misc]
    for text, low, high in (("0", 0, 0), ("1-3", 1, 3), ("4-6", 4, 6), ("7-10", 7, 10), ("11+", 11, 10**6)):
        found[f"count:{text}"] = Driver(
            "count", f"Interactions {text}", f"互动次数 {text} 次", _within("interaction_count", low, high)
        )
    for text, low, high in (("0-1", 0, 1), ("2-3", 2, 3), ("4-7", 4, 7), ("8+", 8, 10**6)):
        found[f"response:{text}"] = Driver(
            "response", f"First answer after {text} days", f"首次响应 {text} 天", _within("days_to_response", low, high)
        )
    for text, low, high in (("0-7", -(10**6), 7), ("8-14", 8, 14), ("15-30", 15, 30), ("31+", 31, 10**6)):
        has = _within("days_to_first_quote", low, high)
        found[f"quote_speed:{text}"] = Driver(
            "quote_speed", f"First quote after {text} days", f"首次报价 {text} 天", has, lambda row: row["is_quoted"]
        )
    found["response:none"] = Driver(
        "response", "Never answered", "从未响应", lambda row: row["days_to_response"] is None
    )
    for text, above, upto in (("0", -1, 0), ("0-5", 0, 5), ("5-10", 5, 10), ("10-20", 10, 20), ("20+", 20, 100)):
        found[f"discount:{text}"] = Driver(
            "discount",
            f"Discount {text} %",
            f"折扣 {text} %",
            lambda row, above=above, upto=upto: above < 100 * row["discount"] <= upto,  # type: ignore[misc]
            lambda row: row["is_quoted"] and row["discount"] is not None,
        )
    return found


def _within(column: str, low: int, high: int) -> Callable[[Row], bool]:
    return lambda row: row[column] is not None and low <= row[column] <= high


@cache
def interaction_win_lift(demo: Demo) -> pd.DataFrame:
    """With and without each driver, over all time and by year."""
    deals = opportunity_driver_facts(demo).to_dict("records")
    years = sorted({date(deal["closed_on"].year, 1, 1) for deal in deals})
    rows = []
    for position, (name, driver) in enumerate(drivers().items(), start=1):
        for start in (None, *years):
            asked = [deal for deal in deals if start is None or deal["closed_on"].year == start.year]
            asked = [deal for deal in asked if driver.of(deal)]
            own = [deal for deal in asked if driver.has(deal)]
            others = [deal for deal in asked if not driver.has(deal)]
            if not own or not others:
                continue
            kind = "year" if start else "all"
            rows.append(
                {
                    "lift_id": "|".join([name, kind, *([start.isoformat()] if start else [])]),
                    "cut": "driver",
                    "period_kind": kind,
                    "period_start": start,
                    "driver": name,
                    "driver_group": driver.group,
                    "position": position,
                    "label_en": driver.en,
                    "label_zh": driver.zh,
                    **_side("with", own),
                    **_side("without", others),
                    **lift(_won(own), len(own), _won(others), len(others)),
                }
            )
    return frame(rows)


def _won(deals: list[Row]) -> int:
    return sum(deal["is_won"] for deal in deals)


def _side(name: str, deals: list[Row]) -> Row:
    won, low_high = _won(deals), wilson(_won(deals), len(deals))
    return {
        f"n_{name}": len(deals),
        f"won_{name}": won,
        f"win_rate_{name}": rounded(Fraction(won, len(deals)), 8),
        f"win_rate_{name}_low": low_high[0],
        f"win_rate_{name}_high": low_high[1],
    }


def lift(won: int, n: int, won_without: int, n_without: int) -> Row:
    """The ratio of both rates, and the interval in which its logarithm lies: exp(ln ratio ± Z · error)."""
    top, bottom = won * n_without, won_without * n
    low = high = None
    if won and won_without:
        with localcontext() as context:
            context.prec = 40
            pairs = ((won, n), (won_without, n_without))
            error = sum((1 / Decimal(k) - 1 / Decimal(of) for k, of in pairs), Decimal(0)).sqrt()
            middle = (Decimal(top) / Decimal(bottom)).ln()
            low, high = (rounded((middle + side * Z * error).exp(), 8) for side in (-1, 1))
    return {
        "lift_numerator": top,
        "lift_denominator": bottom,
        "lift": rounded(Fraction(top, bottom), 8) if bottom else None,
        "lift_low": low,
        "lift_high": high,
    }


# ---- the model, fitted anew by Newton's method, written out
CAVEATS = {
    "caveat_en": "Association, not cause: sellers work on the deals they believe in. Each driver is told with all "
    "others held equal, as far as this data knows them. With an auc near 0.5 the drivers do not tell won from lost "
    "deals at all.",
    "caveat_zh": "关联，不代表因果：销售会更多投入看好的商机。各因素均在数据所知的其他因素不变时解读。"
    "auc 接近 0.5 时，这些因素合起来也不能区分赢单与输单。",
}
NUMBERS = [
    ("interaction_count", "interactions", "Interactions (a doubling)", "互动次数（每翻倍）", "doubling", False),
    ("days_to_response", "response", "Days to first answer (a doubling)", "首次响应天数（每翻倍）", "doubling", False),
    ("days_to_first_quote", "quote_speed", "Days to first quote (a doubling)", "首次报价天数（每翻倍）", "doubling",
     False),
    ("discount", "discount", "Discount (per 10 points)", "折扣（每 10 个百分点）", "ten_points", False),
    ("amount_functional", "amount", "Amount of the deal (a doubling)", "商机金额（每翻倍）", "doubling", True),
    ("days_to_close", "days_open", "Days open (a doubling)", "商机持续天数（每翻倍）", "doubling", True),
]  # fmt: skip
STEP = {"yes_no": 1.0, "doubling": float(np.log(2)), "ten_points": 0.1}


def _quoted(demo: Demo) -> list[Row]:
    rows = [row for row in opportunity_driver_facts(demo).to_dict("records") if row["is_quoted"]]
    return sorted(rows, key=lambda row: row["opportunity_id"])


def _columns(deals: list[Row]) -> list[tuple[Row, np.ndarray]]:
    """What the model knows of each column, and its numbers."""
    found = []
    for kind, (en, zh) in KINDS.items():
        has = np.array([float(deal[f"{kind}_count"] > 0) for deal in deals])
        if 10 <= has.sum() <= len(deals) - 10:
            told = {"driver": f"kind:{kind}", "label_en": en, "label_zh": zh, "unit": "yes_no", "is_control": False}
            found.append(({**told, "n_with": int(has.sum())}, has))
    for column, driver, en, zh, unit, is_control in NUMBERS:
        given = pd.Series([deal[column] for deal in deals], dtype=object)
        numbers = given.map(float, na_action="ignore").astype(float)
        if unit == "doubling":
            numbers = np.log(1 + numbers.clip(lower=0))
        told = {"driver": driver, "label_en": en, "label_zh": zh, "unit": unit, "is_control": is_control}
        found.append(({**told, "n_with": int(given.notna().sum())}, numbers.fillna(numbers.mean()).to_numpy()))
    return found


def _newton(columns: np.ndarray, won: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Effects that make -log likelihood + half the sum of their squares least (the first, of ones, goes free), and the
    second derivatives there."""
    penalty = np.diag([0.0] + [1.0] * (columns.shape[1] - 1))
    effects = np.zeros(columns.shape[1])
    for _ in range(50):
        chance = 1 / (1 + np.exp(-columns @ effects))
        bend = columns.T @ np.diag(chance * (1 - chance)) @ columns + penalty
        effects = effects - np.linalg.solve(bend, columns.T @ (chance - won) + penalty @ effects)
    return effects, bend


def _standard(columns: np.ndarray, of: np.ndarray) -> np.ndarray:
    """Of mean 0 and deviation 1 in ``of``, behind a column of ones."""
    return np.column_stack([np.ones(len(columns)), (columns - of.mean(axis=0)) / of.std(axis=0)])


@cache
def win_driver(demo: Demo) -> pd.DataFrame:
    """The effect of each driver."""
    deals = _quoted(demo)
    told = _columns(deals)
    matrix, won = np.column_stack([numbers for _, numbers in told]), np.array([float(deal["is_won"]) for deal in deals])
    effects, bend = _newton(_standard(matrix, matrix), won)
    errors = np.sqrt(np.diag(np.linalg.inv(bend)))
    rows = []
    for place, (row, numbers) in enumerate(told):
        step = STEP[row["unit"]] / numbers.std()
        middle, reach = effects[place + 1] * step, float(Z) * errors[place + 1] * step
        shown = (middle, np.exp(middle), np.exp(middle - reach), np.exp(middle + reach))
        names = ("coefficient", "odds_ratio", "odds_low", "odds_high")
        exact = {name: Decimal(repr(round(float(number), 6))) for name, number in zip(names, shown, strict=True)}
        rows.append({**row, "position": place + 1, **exact})
    return frame(rows)


def win_model(demo: Demo) -> pd.DataFrame:
    """How well deals left out of a fit are told apart; only how the folds are drawn is scikit-learn's."""
    deals = _quoted(demo)
    matrix = np.column_stack([numbers for _, numbers in _columns(deals)])
    won = np.array([bool(deal["is_won"]) for deal in deals])
    chance = np.zeros(len(deals))
    for seen, unseen in StratifiedKFold(5, shuffle=True, random_state=0).split(matrix, won):
        effects, _ = _newton(_standard(matrix[seen], matrix[seen]), won[seen].astype(float))
        chance[unseen] = _standard(matrix[unseen], matrix[seen]) @ effects
    pairs = [(mine > other) + (mine == other) / 2 for mine in chance[won] for other in chance[~won]]
    return frame(
        [
            {
                "is_available": True,
                "reason_en": None,
                "reason_zh": None,
                "population": "quoted",
                "deal_count": len(deals),
                "won_count": int(won.sum()),
                "lost_count": int((~won).sum()),
                "driver_count": matrix.shape[1],
                "auc": Decimal(repr(round(float(np.mean(pairs)), 6))),
                **CAVEATS,
            }
        ]
    )
