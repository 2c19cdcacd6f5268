"""From leads to opportunities: which leads become one, how long it takes, who wins - and why, as only the truth knows.

What moves an opportunity: the touches of its institution, what the salesperson does, the discount, how soon the quote
comes, who sells, and a leaning that no system sees. ``DRIVERS`` are the weights, on the scale of the log-odds.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from orchestration.examples.demo.catalogue import draw_budget
from orchestration.examples.demo.fields import CUTOFF, DAY, DAYS, START, Factory, seconds, spread, stream
from orchestration.examples.demo.funnel import lead_chances
from orchestration.examples.demo.season import AT_WORK, at_office, draw_days, moments
from orchestration.examples.demo.touches import HALF_LIFE

OWN = 64
"""Opportunities per scale that the salespeople of old customers bring in themselves, without a lead."""
EARLIER = 120
"""Days before the start from which opportunities are in the books, if they were decided after it."""
DRIVERS = {
    "touches": 0.85,
    "demo": 0.55,
    "sample": 0.45,
    "visit": 0.3,
    "call": 0.04,
    "discount_point": 0.035,
    "quote_day": -0.03,
    "old_customer": 0.4,
    "leaning": 1.0,
}
"""Weights of what decides an opportunity; touches count as the logarithm of 1 + their effects left at the close."""
BASE_LEAD, BASE_WIN = -0.72, -2.85
CHANNEL_LEAD = np.array([0.0, -0.45, 0.2, 0.15, 0.2, 0.0, 0.1, 1.0, 0.7, -0.2])
INTERACTIONS = ("电话", "邮件", "微信", "拜访", "演示", "样机试用", "会议")
CALL, MAIL, CHAT, VISIT, DEMO, SAMPLE, MEETING = range(len(INTERACTIONS))
STAGES = ("需求确认", "方案演示", "报价", "谈判")
NEED, SHOWN, QUOTED, BARGAIN = range(len(STAGES))


def build_opportunities(factory: Factory) -> None:
    """Opportunities as numbers, with their outcome and its reasons: a frame of the truth."""
    rng = stream(factory.seed, "opportunities")
    deals = pd.concat([_from_leads(factory, rng), _own(factory, rng)], ignore_index=True)
    deals = deals.sort_values(["created", "account"], kind="stable").reset_index(drop=True)
    _schedule(factory, rng, deals)
    deals = deals[(deals["closed"] >= START).to_numpy()].reset_index(drop=True)
    accounts, count = factory.truth["account"].iloc[deals["account"]], len(deals)
    deals["versions"] = 1 + np.minimum(rng.poisson(0.75, count), 3)
    deals["reached"] = rng.choice([NEED, SHOWN, QUOTED, BARGAIN], count, p=[0.1, 0.1, 0.35, 0.45])
    for name, mean in (("call", 3.2), ("mail", 1.4), ("chat", 1.6), ("visit", 0.9), ("meeting", 0.6)):
        deals[name] = np.minimum(rng.poisson(mean, count), 9)
    deals["demo"] = (rng.random(count) < 0.42).astype("int64")
    deals["sample"] = (rng.random(count) < 0.2).astype("int64")
    deals["concession"] = rng.integers(0, 7, count) * (deals["versions"] > 1)
    pairs = touch_pairs(factory, deals)
    deals["touch_effect"] = np.bincount(pairs["deal"], pairs["left"], count)
    _decide(factory, rng, deals, accounts)
    factory.truth["deal"] = deals
    factory.truth["share"] = _shares(deals, pairs)


def _schedule(factory: Factory, rng: np.random.Generator, deals: pd.DataFrame) -> None:
    """How large each purchase is, when the first quote comes and when the decision falls."""
    accounts = factory.truth["account"].iloc[deals["account"]]
    count = len(deals)
    kind = np.where(accounts["currency"] != "CNY", "海外", accounts["kind"])
    size = accounts["size"].to_numpy()
    deals["budget"] = (draw_budget(rng, kind, 2.2) * size).astype("int64").clip(1_500_000, 420_000_000)
    # large purchases wait for a tender; the quote comes when somebody had time for it
    deals["quote_days"] = np.clip(rng.lognormal(np.log(9), 0.6, count), 1.2, 45)
    waiting = rng.lognormal(np.log(62), 0.5, count) * (deals["budget"] / 30_000_000) ** 0.12
    cycle = np.clip(deals["quote_days"] + waiting, 24 + 10 * rng.random(count), 175 + 40 * rng.random(count))
    closed = at_office(rng, deals["created"].to_numpy() + seconds(cycle))
    deals["closed"] = _before_new_year(rng, closed, deals["created"].to_numpy())


def _from_leads(factory: Factory, rng: np.random.Generator) -> pd.DataFrame:
    leads, touch = factory.truth["lead"], factory.truth["touch"]
    created = leads["created"].to_numpy()
    place = touch["lead"].to_numpy()
    early = (place >= 0) & (touch["touched"].to_numpy() <= created[place] + 30 * DAY)
    effect = np.bincount(place[early], touch["effect"].to_numpy()[early], len(leads))
    leaning = factory.truth["account"]["leaning"].to_numpy()[leads["account"].to_numpy()]
    odds = BASE_LEAD + 0.45 * np.log1p(effect) + CHANNEL_LEAD[leads["channel"]] + 0.4 * leaning
    hit = lead_chances(factory) & (rng.random(len(leads)) < _logistic(odds))
    rows = np.flatnonzero(hit)
    rows = rows[np.lexsort((created[rows], leads["account"].to_numpy()[rows]))]
    # who of the same institution asks within four months asks about the same purchase
    account = leads["account"].to_numpy()[rows]
    same = np.r_[False, account[1:] == account[:-1]]
    soon = np.r_[False, np.diff(created[rows]) < 120 * DAY]
    rows = rows[~(same & soon)]
    wait = np.clip(rng.lognormal(np.log(11), 0.8, len(rows)), 0.2, 80)
    begun = at_office(rng, created[rows] + seconds(wait))
    keep = begun <= CUTOFF
    return pd.DataFrame(
        {"lead": rows[keep], "account": leads["account"].to_numpy()[rows[keep]], "created": begun[keep]}
    )


def _own(factory: Factory, rng: np.random.Generator) -> pd.DataFrame:
    known = np.flatnonzero(factory.truth["account"]["old"])
    count = OWN * factory.scale
    days = draw_days(rng, count, AT_WORK)
    before = rng.random(count) < EARLIER / (DAYS + EARLIER)
    days = np.where(before, -rng.integers(1, EARLIER, count), days)
    created = at_office(rng, moments(days, np.zeros(count)))
    frame = pd.DataFrame({"lead": -1, "account": known[rng.integers(0, len(known), count)], "created": created})
    return frame[frame["created"] <= CUTOFF]


def _logistic(odds: np.ndarray | pd.Series) -> np.ndarray:
    return np.asarray(1 / (1 + np.exp(-np.asarray(odds, dtype=float))))


def _before_new_year(rng: np.random.Generator, closed: np.ndarray, created: np.ndarray) -> np.ndarray:
    """Budgets lapse at the end of the year: two of five decisions due in the first weeks are taken in December."""
    month = closed.astype("datetime64[M]")
    year = closed.astype("datetime64[Y]").astype("datetime64[s]")
    due = (month == closed.astype("datetime64[Y]").astype("datetime64[M]")) & (rng.random(len(closed)) < 0.4)
    earlier = at_office(rng, year - seconds(4 + rng.random(len(closed)) * 18))
    return np.where(due & (earlier > created + 25 * DAY), earlier, closed)


def touch_pairs(factory: Factory, deals: pd.DataFrame) -> pd.DataFrame:
    """Every touch of a deal's institution within 540 days before its close, with the effect left at the close."""
    touch = factory.truth["touch"]
    order = np.argsort(touch["account"].to_numpy(), kind="stable")  # within an account still in the order of time
    owner = touch["account"].to_numpy()[order]
    account = deals["account"].to_numpy()
    first, last = np.searchsorted(owner, account, "left"), np.searchsorted(owner, account, "right")
    number = last - first
    deal = np.repeat(np.arange(len(deals), dtype="int32"), number)
    place = order[np.repeat(first, number) + spread(len(deal), deal)]
    age = (deals["closed"].to_numpy()[deal] - touch["touched"].to_numpy()[place]).astype("int64") / 86_400
    keep = (age >= 0) & (age <= 540)
    deal, place, age = deal[keep], place[keep], age[keep]
    left = touch["effect"].to_numpy()[place] * 0.5 ** (age / HALF_LIFE)
    return pd.DataFrame({"deal": deal, "touch": place, "left": left})


def _decide(factory: Factory, rng: np.random.Generator, deals: pd.DataFrame, accounts: pd.DataFrame) -> None:
    sellers = len(factory["salesperson"])
    skill = rng.normal(0, 0.3, sellers)
    factory.truth["skill"] = factory["salesperson"][["sales"]].assign(skill=skill)
    seller = accounts["seller"].to_numpy()
    deals["seller"] = np.where(rng.random(len(deals)) < 0.08, rng.integers(0, sellers, len(deals)), seller)
    weights = DRIVERS
    odds = (
        BASE_WIN
        + weights["touches"] * np.log1p(deals["touch_effect"])
        + weights["demo"] * deals["demo"]
        + weights["sample"] * deals["sample"]
        + weights["visit"] * (deals["visit"] > 0)
        + weights["call"] * deals["call"]
        + weights["discount_point"] * deals["concession"]
        + weights["quote_day"] * deals["quote_days"]
        + weights["old_customer"] * accounts["old"].to_numpy()
        + weights["leaning"] * accounts["leaning"].to_numpy()
        + skill[deals["seller"]]
    )
    deals["chance"] = _logistic(odds)
    wins = rng.random(len(deals)) < deals["chance"]
    deals["won"] = wins & (deals["closed"] <= CUTOFF)
    deals["open"] = deals["closed"] > CUTOFF
    deals["reached"] = np.where(wins, BARGAIN, deals["reached"])
    deals["versions"] = np.where(deals["reached"] >= QUOTED, deals["versions"], 0)
    deals["via"] = rng.random(len(deals))


def _shares(deals: pd.DataFrame, pairs: pd.DataFrame) -> pd.DataFrame:
    """Of each won deal, what part of the effect each touch had."""
    won = deals["won"].to_numpy()
    rows = pairs[won[pairs["deal"]]].reset_index(drop=True)
    rows["share"] = rows.pop("left") / deals["touch_effect"].to_numpy()[rows["deal"]]
    return rows
