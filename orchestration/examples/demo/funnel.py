"""People and leads of the demo: who of which institution asks when, over which campaign, and what the CRM makes of it.

Rows are numbers here (account, person, lead); ids and texts are made at the end, by ``finish_leads``.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from orchestration.examples.demo.fields import CUTOFF, DAY, Factory, stream
from orchestration.examples.demo.market import HALVES, NO_ORDER_CAMPAIGNS, SHOWS, webinar_dates
from orchestration.examples.demo.season import (
    AT_WORK,
    OFFICE_HOURS,
    ON_THE_WEB,
    WEB_HOURS,
    at_office,
    day_number,
    draw_days,
    draw_times,
    moments,
)

LEADS = 950
"""Leads of different people at scale 1; entries made twice, later wishes and spam come on top."""
CHANNELS = ("paid_search", "social_ads", "trade_show", "webinar", "email", "organic", "direct", "referral",
            "distributor", "")  # fmt: skip
SEARCH, SOCIAL, SHOW, WEBINAR, EMAIL, ORGANIC, DIRECT, REFERRAL, DEALER, NONE = range(len(CHANNELS))
AT_HOME = (0.25, 0.14, 0.22, 0.08, 0.03, 0.1, 0.05, 0.06, 0.04, 0.03)
ABROAD = (0.18, 0.0, 0.4, 0.05, 0.08, 0.13, 0.06, 0.07, 0.0, 0.03)
DUPLICATES, LATER, SPAM, TESTS = 24, 36, 26, 6
"""Per scale: entered again within days, same person months later, not worth a call, tests of the form."""


def build_leads(factory: Factory) -> None:
    """The bare leads, as a frame of the truth: account, person, created, channel, campaign, kind of entry."""
    rng = stream(factory.seed, "leads")
    accounts, scale = factory.truth["account"], factory.scale
    count = LEADS * scale
    pull = accounts["size"].to_numpy() ** 0.6 * rng.pareto(2.2, len(accounts)).clip(0.05, 12)
    account = np.searchsorted(np.cumsum(pull) / pull.sum(), rng.random(count)).clip(0, len(accounts) - 1)
    abroad = (accounts["currency"] != "CNY").to_numpy()[account]
    roll = rng.random(count)
    channel = np.where(abroad, _draw(roll, ABROAD), _draw(roll, AT_HOME)).astype("int8")
    web = np.isin(channel, (SEARCH, SOCIAL, EMAIL, ORGANIC, DIRECT, NONE))
    day = np.where(web, draw_days(rng, count, ON_THE_WEB), draw_days(rng, count, AT_WORK))
    time = np.where(web, draw_times(rng, count, WEB_HOURS), draw_times(rng, count, OFFICE_HOURS))
    leads = pd.DataFrame({"account": account, "person": 0, "channel": channel, "created": moments(day, time)})
    leads["met"] = leads["created"]
    leads["campaign"] = campaigns_of(factory, channel, leads["created"].to_numpy(), abroad, rng)
    # people abroad who searched while no campaign of ours ran there came over an unpaid result
    unpaid = (channel == SEARCH) & (leads["campaign"] < 0)
    leads["channel"] = leads["channel"].mask(unpaid, ORGANIC).astype("int8")
    _at_shows(factory, rng, leads, abroad)
    _at_webinars(factory, rng, leads)
    leads = leads[leads["created"] <= CUTOFF]
    leads = leads.sort_values("created", kind="stable").reset_index(drop=True)
    leads["person"] = np.arange(len(leads))
    leads["sort"], leads["of"] = "base", -1
    factory.truth["lead"] = _dirt(factory, leads)


def _draw(roll: np.ndarray, shares: tuple[float, ...]) -> np.ndarray:
    return np.searchsorted(np.cumsum(shares)[:-1] / np.sum(shares), roll, side="right")


def campaigns_of(
    factory: Factory, channel: np.ndarray, moment: np.ndarray, abroad: np.ndarray, rng: np.random.Generator
) -> np.ndarray:
    """The place in ``campaign`` of what runs on a channel at a moment; -1 where nothing runs."""
    place = {name: number for number, name in enumerate(factory["campaign"]["campaign"])}
    half = np.searchsorted(np.array([h[1] for h in HALVES[1:]], dtype="datetime64[s]"), moment, side="right")
    table = np.full((len(CHANNELS), len(HALVES)), -1)
    for code, head in ((SEARCH, "SEM-"), (SOCIAL, "SOC-"), (EMAIL, "EDM-"), (WEBINAR, "WEB-")):
        table[code] = [place[head + name] for name, _, _ in HALVES]
    result = table[channel, half]
    result[(channel == SEARCH) & abroad] = -1
    roll = rng.random(len(channel))
    for name, code, share, where in (
        ("SOC-BRAND", SOCIAL, 0.55, ~abroad), ("SOC-DY25", SOCIAL, 0.3, ~abroad), ("SEM-TEST", SEARCH, 1.0, abroad),
        ("GAD-25", SEARCH, 1.0, abroad), ("DIS-24", DEALER, 0.7, ~abroad), ("DIS-25", DEALER, 0.7, ~abroad),
        ("REF-24", REFERRAL, 0.75, True), ("REF-25", REFERRAL, 0.75, True),
    ):  # fmt: skip
        row = factory["campaign"].iloc[place[name]]
        first, last = np.datetime64(row["first"], "s"), np.datetime64(row["last"], "s") + DAY
        result[(channel == code) & (roll < share) & where & (moment >= first) & (moment < last)] = place[name]
    return np.asarray(result)


def _at_shows(factory: Factory, rng: np.random.Generator, leads: pd.DataFrame, abroad: np.ndarray) -> None:
    """Which show, which day; scanned there and then, or typed in at the office in the days after."""
    rows = np.flatnonzero(leads["channel"] == SHOW)
    show = np.zeros(len(rows), dtype="int64")
    away = np.array([show[9] == "海外" for show in SHOWS])
    for side in (False, True):
        here = abroad[rows] == side
        weight = np.where(away == side, [float(s[-1]) for s in SHOWS], 0.0 if not side else 0.4)
        show[here] = _draw(rng.random(int(here.sum())), tuple(weight))
    first = np.array([day_number(s[2]) for s in SHOWS])
    length = np.array([day_number(s[3]) - day_number(s[2]) + 1 for s in SHOWS])[show]
    day = np.minimum(_draw(rng.random(len(rows)), (0.27, 0.34, 0.25, 0.14)), length - 1)
    met = moments(first[show] + day, rng.integers(9 * 3_600, 15 * 3_600, len(rows)))
    typed = at_office(rng, moments(first[show] + length + rng.integers(0, 6, len(rows)), np.zeros(len(rows))))
    place = {name: number for number, name in enumerate(factory["campaign"]["campaign"])}
    _set(leads, rows, "met", met)
    _set(leads, rows, "created", np.where(rng.random(len(rows)) < 0.78, met, typed))
    _set(leads, rows, "campaign", np.array([place[s[0]] for s in SHOWS])[show])


def _at_webinars(factory: Factory, rng: np.random.Generator, leads: pd.DataFrame) -> None:
    """Registered up to four days before a webinar, or while it runs."""
    rows = np.flatnonzero(leads["channel"] == WEBINAR)
    dates = webinar_dates()
    chosen = rng.integers(0, len(dates), len(rows))
    begin = np.array([day for _, day in dates])[chosen] + np.timedelta64(19 * 3_600, "s")
    early = rng.random(len(rows)) < 0.7
    offset = np.where(early, -rng.integers(3_600, 4 * 86_400, len(rows)), rng.integers(0, 4_800, len(rows)))
    place = {name: number for number, name in enumerate(factory["campaign"]["campaign"])}
    _set(leads, rows, "created", begin + offset.astype("timedelta64[s]"))
    _set(leads, rows, "met", leads["created"].to_numpy()[rows])
    _set(leads, rows, "campaign", np.array([place[name] for name, _ in dates])[chosen])


def _set(frame: pd.DataFrame, rows: np.ndarray, column: str, values: np.ndarray) -> None:
    filled = frame[column].to_numpy(copy=True)
    filled[rows] = values
    frame[column] = filled


def _dirt(factory: Factory, leads: pd.DataFrame) -> pd.DataFrame:
    """Entries made twice, the same person months later, spam and tests of the form."""
    rng, scale = stream(factory.seed, "dirt"), factory.scale
    created = leads["created"].to_numpy()
    settled = np.flatnonzero(created < CUTOFF - 40 * DAY)
    again = leads.iloc[np.sort(rng.choice(settled, DUPLICATES * scale, replace=False))].copy()
    again["of"], again["sort"] = again.index, "again"
    again["created"] += rng.integers(86_400, 9 * 86_400, len(again)).astype("timedelta64[s]")
    third = again.iloc[:: max(1, len(again) // max(1, scale))].copy()  # one person of the scale three times in a row
    third["created"] += 6 * DAY
    early = np.flatnonzero(created < CUTOFF - 320 * DAY)
    later = leads.iloc[np.sort(rng.choice(early, LATER * scale, replace=False))].copy()
    later["of"], later["sort"] = later.index, "later"
    later["created"] += rng.integers(60 * 86_400, 300 * 86_400, len(later)).astype("timedelta64[s]")
    junk = (SPAM + TESTS) * scale
    spam = pd.DataFrame(
        {
            "account": -1,
            "person": -1,
            "channel": _draw(rng.random(junk), (0.4, 0.35, 0, 0, 0, 0.15, 0.1)).astype("int8"),
            "created": moments(draw_days(rng, junk, ON_THE_WEB), draw_times(rng, junk, WEB_HOURS)),
            "sort": np.where(np.arange(junk) < SPAM * scale, "spam", "test"),
            "of": -1,
        }
    )
    spam["campaign"] = campaigns_of(
        factory, spam["channel"].to_numpy(), spam["created"].to_numpy(), np.zeros(junk, dtype=bool), rng
    )
    for copies, code in ((again, DIRECT), (third, DIRECT), (later, ORGANIC)):
        copies["channel"], copies["campaign"] = np.int8(code), -1
    # one in three of the later wishes answers a newsletter
    mailed = later["channel"].where(rng.random(len(later)) > 0.33, EMAIL).astype("int8")
    later["channel"] = mailed
    later["campaign"] = campaigns_of(
        factory, mailed.to_numpy(), later["created"].to_numpy(), np.zeros(len(later), dtype=bool), rng
    )
    for copies in (again, third, later, spam):
        copies["met"] = copies["created"]
    return pd.concat([leads, again, third, later, spam], ignore_index=True)


def lead_chances(factory: Factory) -> np.ndarray:
    """Which leads may become an opportunity at all: real, and not from the campaigns that never led to an order."""
    leads = factory.truth["lead"]
    place = {name: number for number, name in enumerate(factory["campaign"]["campaign"])}
    barren = leads["campaign"].isin([place[name] for name in NO_ORDER_CAMPAIGNS])
    return np.asarray((leads["sort"] == "base") & ~barren)
