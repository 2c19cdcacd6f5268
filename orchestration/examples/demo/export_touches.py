"""Touches as the CRM writes them down: UTM fields in drifting spellings, scans that carry only a date."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd

from orchestration.examples.demo import names
from orchestration.examples.demo.fields import Factory, day_of, moment_text, numbered, pick, stream
from orchestration.examples.demo.funnel import CHANNELS
from orchestration.examples.demo.touches import DOWNLOAD, FORM, KINDS, OFFLINE, PLACES, SCAN, WEB_TALK
from orchestration.examples.demo.writers import Blocks, Content

STANDS = ("A 展区", "B 展区", "新品台")
STRANGERS = (("zhihu", "answer"), ("xiaohongshu", "note"), ("weixin", "moments"))
"""UTM values of somebody's own making: no rule knows them."""
DRIFTED, PADDED, STRANGE = 0.05, 0.08, 0.978
"""Shares of the roll below which a source is in capitals, has a blank behind it, above which it is unknown."""


def touch_files(factory: Factory) -> Iterator[tuple[str, Content]]:
    """Web touches and touches off the web; ids count in the order of time."""
    touch = factory.truth["touch"]
    off = np.isin(touch["kind"], OFFLINE)
    rank = np.where(off, np.cumsum(off), np.cumsum(~off))
    width = max(6, len(str(len(touch) + 1)))
    factory.truth["touch_code"] = pd.DataFrame({"off": off, "number": rank})
    yield "crm/touchpoints.csv", _web(factory, np.flatnonzero(~off), width)
    yield "crm/offline_touchpoints.csv", _offline(factory, np.flatnonzero(off), width)


def touch_ids(factory: Factory, places: np.ndarray) -> np.ndarray:
    """The ids of touches, by their places in the truth."""
    codes = factory.truth["touch_code"]
    width = max(6, len(str(len(codes) + 1)))
    off, number = codes["off"].to_numpy()[places], codes["number"].to_numpy()[places]
    text = np.where(off, numbered("X", number, width), numbered("T", number, width))
    return np.asarray(text.astype(object))


def _web(factory: Factory, rows: np.ndarray, width: int) -> Blocks:
    rng = stream(factory.seed, "utm")
    touch, persons = factory.truth["touch"], factory.truth["person"]
    spelling, roll = rng.random(len(rows)), rng.random(len(rows))
    stranger = rng.integers(0, len(STRANGERS), len(rows))
    creative = rng.integers(1, 5, len(rows))
    lead_code = np.append(factory.truth["lead_code"]["lead"].to_numpy(), "")
    interest = np.append(_interest_numbers(factory), 0)
    campaigns = np.append(factory["campaign"]["campaign"].str.lower().to_numpy(), "")
    contact, customer = persons["contact"].to_numpy(), persons["customer"].to_numpy()

    def make(begin: int, end: int) -> pd.DataFrame:
        part = touch.iloc[rows[begin:end]]
        part_roll, spelt = roll[begin:end], spelling[begin:end]
        place, lead, kind = part["place"].to_numpy(), part["lead"].to_numpy(), part["kind"].to_numpy()
        campaign, person = campaigns[part["campaign"].to_numpy()], part["person"].to_numpy()
        who = np.where(person >= 0, contact[person], "")
        # a visit known by the person, not by the lead
        by_person = (part_roll < 0.06) & (who != "") & (np.where(person >= 0, customer[person], "") != "")
        table = np.array([(p.source, p.medium, p.placement) for p in PLACES], dtype=object)[place]
        source, medium, placement = table[:, 0], table[:, 1], table[:, 2]
        strange = (spelt > STRANGE) & (campaign == "") & (source != "(direct)")
        odd = np.array(STRANGERS, dtype=object)[stranger[begin:end]]
        source, medium = np.where(strange, odd[:, 0], source), np.where(strange, odd[:, 1], medium)
        capital = np.array([p.source.upper() for p in PLACES], dtype=object)[place]
        source = np.where((spelt < DRIFTED) & ~strange, capital, source)
        source = np.where((spelt >= DRIFTED) & (spelt < PADDED), source + " ", source)
        topic = interest[lead]
        paid = np.isin(medium, ("cpc", "feed", "video"))
        page = "/product/" + np.array(names.SLUGS, dtype=object)[topic]
        return pd.DataFrame(
            {
                "touch_id": numbered("T", np.arange(begin + 1, begin + 1 + len(part)), width),
                "lead_id": np.where(by_person | (lead < 0), "", lead_code[lead]),
                "contact_id": np.where(by_person, who, np.where((lead < 0) | (part_roll > 0.55), who, "")),
                "touched_at": moment_text(part["touched"]),
                "type": np.array(KINDS, dtype=object)[kind],
                "utm_source": source,
                "utm_medium": medium,
                "utm_campaign": campaign,
                "utm_term": np.where(medium == "cpc", np.array(names.KEYWORDS, dtype=object)[topic], ""),
                "utm_content": np.where(paid, "v" + pd.Series(creative[begin:end]).astype(str), ""),
                "placement": placement,
                "landing_page": np.where(kind == WEB_TALK, "/webinar", page),
                "form": np.where(kind == FORM, "获取报价", np.where(kind == DOWNLOAD, "资料下载", "")),
            }
        )

    return Blocks(len(rows), make, "utf-8-sig")


def _interest_numbers(factory: Factory) -> np.ndarray:
    numbers = {name: number for number, name in enumerate(names.INTERESTS)}
    return np.asarray(factory.truth["lead_row"]["interest"].map(numbers))


def _offline(factory: Factory, rows: np.ndarray, width: int) -> pd.DataFrame:
    rng = stream(factory.seed, "stands")
    part = factory.truth["touch"].iloc[rows]
    kind, contact = part["kind"].to_numpy(), factory.truth["person"]["contact"].to_numpy()
    return pd.DataFrame(
        {
            "touch_id": numbered("X", np.arange(1, len(rows) + 1), width),
            "lead_id": np.append(factory.truth["lead_code"]["lead"].to_numpy(), "")[part["lead"]],
            # who is nobody's lead: an old customer, a distributor
            "contact_id": np.where(part["lead"] < 0, contact[part["person"]], ""),
            "touch_date": moment_text(day_of(part["touched"]), "%Y-%m-%d"),
            "type": np.array(KINDS, dtype=object)[kind],
            "campaign": np.append(factory["campaign"]["campaign"].to_numpy(), "")[part["campaign"]],
            "channel": np.array(CHANNELS, dtype=object)[part["channel"]],
            "booth": np.where(kind == SCAN, pick(rng, STANDS, len(rows)), ""),
        }
    )
