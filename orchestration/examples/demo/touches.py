"""Touches of the demo, and the effect that each of them really has: what an attribution model tries to find out."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pandas as pd

from orchestration.examples.demo.fields import CUTOFF, DAY, START, Factory, stream
from orchestration.examples.demo.funnel import (
    CHANNELS,
    DEALER,
    DIRECT,
    EMAIL,
    NONE,
    ORGANIC,
    REFERRAL,
    SEARCH,
    SHOW,
    SOCIAL,
    WEBINAR,
    campaigns_of,
)
from orchestration.examples.demo.market import SHOWS, webinar_dates
from orchestration.examples.demo.season import WEB_HOURS, day_number, draw_times

KINDS = ("点击", "表单", "下载", "网络研讨会", "扫码", "转介绍", "经销商推荐", "经销商会议")
CLICK, FORM, DOWNLOAD, WEB_TALK, SCAN, REFERRED, RECOMMENDED, DEALERS_MEET = range(len(KINDS))
OFFLINE = (SCAN, REFERRED, RECOMMENDED, DEALERS_MEET)
KIND_EFFECT = np.array([0.25, 0.6, 0.5, 0.6, 2.1, 2.0, 1.6, 0.8])
CHANNEL_EFFECT = np.array([1.0, 0.55, 1.15, 1.1, 0.6, 0.65, 0.5, 1.2, 1.0, 0.5])
HALF_LIFE = 180.0
"""Days after which a touch has half of its effect left."""
BEFORE, AFTER, NEWSLETTERS = 5.6, 5.6, 2.4
"""Mean number of touches before and after a lead's creation, and of newsletters opened by an old customer's contact."""


class Place(NamedTuple):
    """A way to our pages: UTM values, placement, how often it is taken within its channel, and how much it is worth."""

    head: str
    source: str
    medium: str
    placement: str
    weight: float
    effect: float


PLACES = (
    Place("SEM", "baidu", "cpc", "品牌词", 0.2, 1.35), Place("SEM", "baidu", "cpc", "通用词", 0.42, 1.0),
    Place("SEM", "baidu", "cpc", "竞品词", 0.1, 0.8), Place("SEM", "baidu", "cpc", "移动端", 0.28, 0.75),
    Place("SOC", "wechat", "feed", "朋友圈", 0.55, 0.9), Place("SOC", "wechat", "feed", "公众号底部", 0.25, 1.2),
    Place("SOC", "wechat", "video", "视频号", 0.2, 0.9), Place("SOC-BRAND", "douyin", "live", "直播间", 1, 0.5),
    Place("SOC-DY25", "douyin", "feed", "信息流", 1, 0.6), Place("SEM-TEST", "google", "cpc", "Search", 1, 0.6),
    Place("GAD-25", "google", "cpc", "Search EU", 0.6, 1.1), Place("GAD-25", "google", "cpc", "Search ME", 0.4, 0.9),
    Place("EDM", "edm", "email", "月刊", 1, 1.0), Place("WEB", "txmeeting", "webinar", "", 1, 1.0),
    Place("organic", "baidu", "organic", "", 0.66, 1.0), Place("organic", "bing", "organic", "", 0.2, 1.0),
    Place("organic", "google", "organic", "", 0.14, 1.0), Place("direct", "(direct)", "(none)", "", 1, 1.0),
)  # fmt: skip


def build_touches(factory: Factory) -> None:
    """All touches, on and off the web, in the order of time, as numbers: a frame of the truth."""
    rng = stream(factory.seed, "touches")
    leads = factory.truth["lead"]
    campaign = factory["campaign"]
    _known_contacts(factory, rng)
    parts = [_at_creation(factory, rng, leads), *_around(factory, rng, leads), *_shows_later(factory, rng, leads)]
    parts += [_newsletters(factory, rng), *_with_contacts(factory, rng)]
    touch = pd.concat(parts, ignore_index=True)
    del parts
    touch = touch[((touch["touched"] >= START) & (touch["touched"] <= CUTOFF)).to_numpy()]
    touch = touch.sort_values(["touched", "person"], kind="stable").reset_index(drop=True)
    touch["place"] = _places(rng, touch, campaign["campaign"].to_numpy())
    quality = rng.lognormal(0, 0.25, len(campaign) + 1)
    effect = KIND_EFFECT[touch["kind"]] * CHANNEL_EFFECT[touch["channel"]] * quality[touch["campaign"]]
    worth = np.array([place.effect for place in PLACES] + [1.0])
    touch["effect"] = (effect * worth[touch["place"]] * rng.lognormal(-0.12, 0.5, len(touch))).astype("float32")
    factory.truth["campaign_quality"] = campaign[["campaign"]].assign(quality=quality[: len(campaign)])
    factory.truth["touch"] = touch


def _frame(  # noqa: PLR0917 - the columns of a touch
    leads: pd.DataFrame, rows: np.ndarray, touched: np.ndarray, channel: np.ndarray, campaign: np.ndarray,
    kind: np.ndarray | int,
) -> pd.DataFrame:  # fmt: skip
    return pd.DataFrame(
        {
            "lead": rows.astype("int32"),
            "person": leads["person"].to_numpy()[rows].astype("int32"),
            "account": leads["account"].to_numpy()[rows].astype("int32"),
            "touched": touched.astype("datetime64[s]"),
            "channel": np.asarray(channel, dtype="int8"),
            "campaign": np.asarray(campaign, dtype="int16"),
            "kind": np.broadcast_to(np.asarray(kind, dtype="int8"), len(rows)),
        }
    )


def _at_creation(factory: Factory, rng: np.random.Generator, leads: pd.DataFrame) -> pd.DataFrame:
    """What made the lead: a form, a registration, a scan. Of some leads nothing but the row is known."""
    channel = leads["channel"].to_numpy()
    kind = np.full(len(CHANNELS), FORM)
    kind[[WEBINAR, SHOW, REFERRAL, DEALER]] = [WEB_TALK, SCAN, REFERRED, RECOMMENDED]
    known = rng.random(len(leads)) < np.where(np.isin(leads["sort"], ("again", "spam", "test")), 0.6, 0.95)
    rows = np.flatnonzero(known & (channel != NONE))
    return _frame(
        leads, rows, leads["met"].to_numpy()[rows], channel[rows], leads["campaign"].to_numpy()[rows],
        kind[channel[rows]],
    )  # fmt: skip


def _around(factory: Factory, rng: np.random.Generator, leads: pd.DataFrame) -> list[pd.DataFrame]:
    """Visits before the lead was known, told apart by a cookie afterwards, and those of the months after."""
    created = leads["created"].to_numpy()
    real = (leads["sort"] == "base").to_numpy()
    currency = factory.truth["account"]["currency"].to_numpy()
    abroad = (currency != "CNY")[leads["account"].to_numpy()]
    offline = np.isin(leads["channel"], (SHOW, REFERRAL, DEALER))
    parts = []
    for mean, sign, days, mix in (
        (BEFORE * np.where(offline, 0.12, 1.0), -1, 34.0, (0.36, 0.17, 0, 0.07, 0.05, 0.25, 0.1)),
        (AFTER, 1, 46.0, (0.16, 0.07, 0, 0.14, 0.24, 0.17, 0.22)),
    ):
        number = np.minimum(rng.poisson(mean, len(leads)), 14) * real
        rows = np.repeat(np.arange(len(leads)), number)
        channel = np.searchsorted(np.cumsum(mix)[:-1], rng.random(len(rows)), side="right").astype("int8")
        # Chinese social media are not how people abroad find us
        channel = np.where(abroad[rows] & (channel == SOCIAL), SEARCH, channel)
        moment = created[rows] + (sign * rng.exponential(days, len(rows)) * 86_400).astype("timedelta64[s]")
        moment = _by_habit(rng, moment, created[rows], sign)
        talk = channel == WEBINAR
        moment[talk] = _next_webinar(rng, moment[talk])
        late = talk & (sign < 0) & (moment > created[rows])
        campaign = campaigns_of(factory, channel, moment, abroad[rows], rng)
        channel = np.where((channel == SEARCH) & (campaign < 0), ORGANIC, channel)
        kind = np.where(talk, WEB_TALK, np.where(rng.random(len(rows)) < 0.12, DOWNLOAD, CLICK))
        keep = ~late
        parts.append(_frame(leads, rows[keep], moment[keep], channel[keep], campaign[keep], kind[keep]))
    return parts


def _by_habit(rng: np.random.Generator, moment: np.ndarray, created: np.ndarray, sign: int) -> np.ndarray:
    """Moved to hours at which people are on the web, and never over to the other side of the lead's creation."""
    day = moment.astype("datetime64[D]").astype("datetime64[s]")
    weekday = (day.astype("datetime64[D]").astype("int64") + 3) % 7
    # six of ten visits that chance put on a weekend are made on the working day next to it
    shift = np.where((weekday >= 5) & (rng.random(len(day)) < 0.6), np.where(weekday == 5, -1, 1), 0)
    moved = day + shift * DAY + draw_times(rng, len(day), WEB_HOURS).astype("timedelta64[s]")
    wrong = (moved - created).astype("int64") * sign <= 0
    near = created + (sign * rng.integers(120, 7_200, len(day))).astype("timedelta64[s]")
    return np.asarray(np.where(wrong, near, moved))


def _next_webinar(rng: np.random.Generator, moment: np.ndarray) -> np.ndarray:
    """The start of the next webinar, joined within half an hour; beyond the last one, never."""
    begins = np.array([day for _, day in webinar_dates()]) + np.timedelta64(19 * 3_600, "s")
    begins = np.append(begins, CUTOFF + 400 * DAY)
    chosen = begins[np.searchsorted(begins, moment).clip(0, len(begins) - 1)]
    return np.asarray(chosen + rng.integers(-300, 1_800, len(moment)).astype("timedelta64[s]"))


def _shows_later(factory: Factory, rng: np.random.Generator, leads: pd.DataFrame) -> list[pd.DataFrame]:
    """People who are leads already come by the stand of the next CMEF."""
    place = {name: number for number, name in enumerate(factory["campaign"]["campaign"])}
    at_home = factory.truth["account"]["currency"].to_numpy()[leads["account"].to_numpy()] == "CNY"
    real = (leads["sort"] == "base").to_numpy() & at_home
    parts = []
    for show, _, first, last, *_ in (show for show in SHOWS if show[0].startswith("CMEF")):
        opening = START + day_number(first) * DAY
        age = (opening - leads["created"].to_numpy()) / DAY
        rows = np.flatnonzero(real & (age > 1) & (age < 250) & (rng.random(len(leads)) < 0.2))
        days = rng.integers(0, day_number(last) - day_number(first) + 1, len(rows))
        met = opening + days * DAY + rng.integers(9 * 3_600, 15 * 3_600, len(rows)).astype("timedelta64[s]")
        campaign = np.full(len(rows), place[show])
        parts.append(_frame(leads, rows, met, np.full(len(rows), SHOW), campaign, SCAN))
    return parts


def _known_contacts(factory: Factory, rng: np.random.Generator) -> None:
    """People of old customers and of distributors, nobody's leads. Persons are numbered behind those of the leads."""
    known = np.flatnonzero(factory.truth["account"]["old"])
    account = np.repeat(known, rng.integers(1, 3, len(known)))
    dealer = np.repeat(np.arange(len(factory["distributor"])), 2)
    contacts = pd.DataFrame(
        {
            "account": np.concatenate([account, np.full(len(dealer), -1)]),
            "distributor": np.concatenate([np.full(len(account), -1), dealer]),
        }
    )
    contacts["person"] = len(factory.truth["lead"]) + np.arange(len(contacts))
    factory.truth["known_contact"] = contacts


def _newsletters(factory: Factory, rng: np.random.Generator) -> pd.DataFrame:
    """What contacts of old customers open, known by the person."""
    contacts = factory.truth["known_contact"]
    number = rng.poisson(NEWSLETTERS, len(contacts)) * (contacts["account"] >= 0).to_numpy()
    rows = np.repeat(np.arange(len(contacts)), number)
    issue = rng.integers(0, 52, len(rows)) * 14
    seconds = (issue + rng.exponential(1.2, len(rows))) * 86_400
    touched = _by_habit(rng, START + seconds.astype("timedelta64[s]"), np.full(len(rows), START - 9 * DAY), 1)
    channel = np.full(len(rows), EMAIL)
    campaign = campaigns_of(factory, channel, touched, np.zeros(len(rows), dtype=bool), rng)
    return _frame(contacts, rows, touched, channel, campaign, CLICK).assign(lead=np.int32(-1))


def _with_contacts(factory: Factory, rng: np.random.Generator) -> list[pd.DataFrame]:
    """Old customers and distributors at the stand of each CMEF, and distributors at their meetings."""
    contacts, campaign = factory.truth["known_contact"], factory["campaign"]
    dealer = (contacts["distributor"] >= 0).to_numpy()
    parts = []
    days: tuple[int, ...]
    for place, row in enumerate(campaign.itertuples()):
        if row.campaign.startswith("CMEF-"):
            chance, channel, kind = np.where(dealer, 0.5, 0.22), SHOW, SCAN
            days = (0,)
        elif row.campaign.startswith(("DIS-", "DPR-")):
            # one meeting a month while the campaign runs, on its twelfth day
            months = len(np.arange(np.datetime64(row.first, "M"), np.datetime64(row.last, "M"))) + 1
            chance, channel, kind = np.where(dealer, 0.4, 0.0), DEALER, DEALERS_MEET
            days = tuple(30 * month + 11 for month in range(months))
        else:
            continue
        for day in days:
            rows = np.flatnonzero(rng.random(len(contacts)) < chance)
            later = rng.integers(0, 3, len(rows)) if kind == SCAN else np.zeros(len(rows), dtype="int64")
            met = START + (day_number(row.first) + day + later) * DAY + np.timedelta64(36_000, "s")
            parts.append(_frame(contacts, rows, met, np.full(len(rows), channel), np.full(len(rows), place), kind))
    return [part.assign(lead=np.int32(-1)) for part in parts]


def _places(rng: np.random.Generator, touch: pd.DataFrame, campaigns: np.ndarray) -> np.ndarray:
    """Place in ``PLACES`` of each web touch; the last number, one beyond it, for those off the web."""
    heads = [str(name) if name in {p.head for p in PLACES} else str(name).split("-")[0] for name in campaigns]
    channel, campaign = touch["channel"].to_numpy(), touch["campaign"].to_numpy()
    result = np.full(len(touch), len(PLACES), dtype="int8")
    on_web = ~np.isin(touch["kind"], OFFLINE)
    for head in dict.fromkeys(place.head for place in PLACES):
        options = [number for number, place in enumerate(PLACES) if place.head == head]
        if head in {"organic", "direct"}:
            rows = np.flatnonzero(on_web & (channel == {"organic": ORGANIC, "direct": DIRECT}[head]))
        else:
            own = np.flatnonzero([h == head for h in heads])
            rows = np.flatnonzero(on_web & np.isin(campaign, own))
        weight = np.cumsum([PLACES[number].weight for number in options])
        chosen = np.searchsorted(weight[:-1], rng.random(len(rows)) * weight[-1], side="right")
        result[rows] = np.array(options)[chosen]
    return result
