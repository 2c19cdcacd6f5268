"""Hours of the demo's marketers and sellers, by campaign and activity, as people write them down each week."""

from __future__ import annotations

import numpy as np
import pandas as pd

from orchestration.examples.demo.fields import CUTOFF, DAY, START, Factory, codes, stream
from orchestration.examples.demo.workdays import workday

ENTRIES_PER_WEEK = 2
MARKETERS = (("唐思远", "市场部"), ("罗可心", "市场部"), ("邓文博", "市场部"), ("蒋𫖯", "市场部"))
"""The market department; a name in the fourth plane of GB18030 is what old tools stumble over."""
WRITING = 56
"""How many sellers write hours down, at any scale: the register is a spreadsheet."""
# activity, stage, for marketers, for sellers; the first row is what is done for campaigns of no other channel
ACTIVITIES = {
    "trade_show": (("展前筹备", "认知", 5, 1), ("展位值守", "获客", 3, 4), ("展后跟进", "培育", 2, 5)),
    "webinar": (("讲稿与课件", "认知", 4, 1), ("直播执行", "获客", 3, 2), ("会后回访", "培育", 1, 5)),
    "": (
        ("素材制作", "认知", 4, 0), ("投放优化", "获客", 5, 0),
        ("线索回访", "培育", 2, 6), ("方案与报价", "成交", 0, 4),
    ),
}  # fmt: skip


def build_work_hours(factory: Factory) -> None:
    """Two entries per person and week at most, each for a campaign that is on, or a show that is near."""
    rng = stream(factory.seed, "work_hours")
    _add_marketers(factory)
    everybody, campaigns = factory["salesperson"], factory["campaign"]
    in_market = everybody["team"] == MARKETERS[0][1]
    people = pd.concat([everybody[in_market], everybody[~in_market].head(WRITING)], ignore_index=True)
    campaigns = campaigns[~campaigns["campaign"].isin(campaigns["parent"])].reset_index(drop=True)
    weeks = START + np.arange(0, 731 - 3, 7) * DAY
    count = len(people) * len(weeks) * ENTRIES_PER_WEEK
    person = np.repeat(np.arange(len(people)), len(weeks) * ENTRIES_PER_WEEK)
    week = np.tile(np.repeat(weeks, ENTRIES_PER_WEEK), len(people))
    day = workday(week + rng.integers(0, 5, count) * DAY)
    marketer = (people["team"] == MARKETERS[0][1]).to_numpy()[person]
    inside = (rng.random(count) < np.where(marketer, 0.85, 0.35)) & (day <= CUTOFF)
    joined = people["active_from"].to_numpy().astype("datetime64[s]")[person]
    left = people["active_to"].to_numpy().astype("datetime64[s]")[person]
    inside &= (np.isnat(joined) | (day >= joined)) & (np.isnat(left) | (day <= left))
    person, day, marketer = person[inside], day[inside], marketer[inside]
    first = campaigns["first"].to_numpy().astype("datetime64[s]")
    last = campaigns["last"].to_numpy().astype("datetime64[s]")
    timed = campaigns["channel"].isin(["trade_show", "webinar"]).to_numpy()
    begin, end = np.where(timed, first - 45 * DAY, first), np.where(timed, last + 30 * DAY, last)
    on = (day[:, None] >= begin[None, :]) & (day[:, None] <= end[None, :])
    # a show draws everybody in while it is near
    rank = np.where(on, np.where(timed, 1.2, 0.0)[None, :], -1e6) - np.log(-np.log(rng.random(on.shape)))
    campaign = rank.argmax(axis=1)
    kept = on.any(axis=1)
    person, day, marketer, campaign = person[kept], day[kept], marketer[kept], campaign[kept]
    activity, stage = _activity(rng, campaigns, campaign, marketer, day)
    hours = rng.integers(2, 17, len(person)) * np.where(activity == "展位值守", 2, 1)
    frame = pd.DataFrame(
        {
            "day": day,
            "sales": people["sales"].to_numpy(dtype=object)[person],
            "name": people["name"].to_numpy(dtype=object)[person],
            "team": people["team"].to_numpy(dtype=object)[person],
            "campaign": campaigns["campaign"].to_numpy(dtype=object)[campaign],
            "campaign_name": campaigns["name"].to_numpy(dtype=object)[campaign],
            "activity": activity,
            "stage": stage,
            "half_hours": np.minimum(hours, 20),
        }
    )
    # one entry per person, day and campaign: nobody writes the same afternoon down twice
    frame = frame.sort_values(["day", "sales", "campaign"], kind="stable")
    frame = frame.drop_duplicates(["day", "sales", "campaign"]).reset_index(drop=True)
    frame.insert(0, "entry", codes("GS", len(frame), 5))
    factory["work_hours"] = frame


def _add_marketers(factory: Factory) -> None:
    """The market department stands in the CRM's list of people, behind the sellers."""
    people = factory["salesperson"]
    joined = START - np.array([1_400, 900, 300, -130]) * DAY
    staff = pd.DataFrame(
        {
            "sales": codes("M", len(MARKETERS), 2),
            "name": [name for name, _ in MARKETERS],
            "team": [team for _, team in MARKETERS],
            "region": "全国",
            "active_from": joined,
        }
    )
    both = pd.concat([people, staff], ignore_index=True)
    both["active_to"] = both["active_to"].astype("datetime64[s]")
    factory["salesperson"] = both


def _activity(
    rng: np.random.Generator, campaigns: pd.DataFrame, campaign: np.ndarray, marketer: np.ndarray, day: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """What was done, by channel and role; for a show and a webinar by whether it lies ahead, is on, or is over."""
    channel = campaigns["channel"].to_numpy(dtype=object)[campaign]
    first = campaigns["first"].to_numpy().astype("datetime64[s]")[campaign]
    last = campaigns["last"].to_numpy().astype("datetime64[s]")[campaign]
    activity, stage = np.full(len(day), "", dtype=object), np.full(len(day), "", dtype=object)
    timed = np.isin(channel, ("trade_show", "webinar"))
    phase = np.where(day < first, 0, np.where(day <= last, 1, 2))
    for name in ("trade_show", "webinar"):
        for number, (what, where, _, _) in enumerate(ACTIVITIES[name]):
            rows = (channel == name) & (phase == number)
            activity[rows], stage[rows] = what, where
    options = ACTIVITIES[""]
    for role, column in ((True, 2), (False, 3)):
        rows = np.flatnonzero(~timed & (marketer == role))
        weight = np.array([option[column] for option in options], dtype=float)
        drawn = rng.choice(len(options), len(rows), p=weight / weight.sum())
        activity[rows] = np.array([option[0] for option in options], dtype=object)[drawn]
        stage[rows] = np.array([option[1] for option in options], dtype=object)[drawn]
    return activity, stage
