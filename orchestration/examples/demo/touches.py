"""Touches of the demo: visits with UTM fields, and scans and talks at shows that carry only a date."""

from __future__ import annotations

import numpy as np
import pandas as pd

from orchestration.examples.demo.fields import CUTOFF, START, Factory, codes, day_of, pick, seconds, stream
from orchestration.examples.demo.funnel import campaign_at

UTM = {
    "paid_search": ("baidu", "cpc"),
    "social_ads": ("wechat", "feed"),
    "email": ("edm", "email"),
    "organic": ("google", "organic"),
    "direct": ("(direct)", "(none)"),
}


def build_touches(factory: Factory) -> None:
    """Web touches with UTM fields, and scans and talks at shows that carry only a date."""
    rng = stream(factory.seed, "touches")
    leads = factory["lead"]
    created, channel = leads["created"].to_numpy(), leads["channel"].to_numpy()
    online = np.isin(channel, list(UTM))
    forms = _web(leads, np.flatnonzero(online), created, channel, "表单")
    parts = [forms.assign(campaign=leads["campaign"].to_numpy()[online])]
    for part, low, high, chance in (("before", -44, -1, 0.55), ("earlier", -120, -45, 0.3), ("after", 1, 60, 0.4)):
        chosen = np.flatnonzero(rng.random(len(leads)) < chance)
        moments = created.copy()
        moments[chosen] = moments[chosen] + seconds(low + rng.random(len(chosen)) * (high - low))
        other = pick(rng, list(UTM), len(leads), (0.4, 0.2, 0.15, 0.2, 0.05))
        web = _web(leads, chosen, moments, other, "点击" if part != "after" else "网络研讨会")
        parts.append(web.assign(campaign=campaign_at(other[chosen], moments[chosen])))
    web = pd.concat(parts, ignore_index=True)
    web = web[(web["touched"] >= START) & (web["touched"] <= CUTOFF)]
    web = web.sort_values(["touched", "lead"], kind="stable").reset_index(drop=True)
    web.insert(0, "touch", codes("T", len(web), 6))
    for campaign, source, medium in (("SOC-BRAND", "douyin", "live"), ("SEM-TEST", "google", "cpc")):
        web.loc[web["campaign"] == campaign, ["utm_source", "utm_medium"]] = [source, medium]
    # the spelling of UTM fields drifts; some values no rule knows
    spelling = rng.random(len(web))
    web["utm_source"] = np.where(spelling < 0.05, web["utm_source"].str.upper(), web["utm_source"])
    web["utm_source"] = np.where((spelling > 0.05) & (spelling < 0.08), web["utm_source"] + " ", web["utm_source"])
    unknown = (spelling > 0.975) & (web["campaign"] == "") & (web["utm_source"] != "(direct)")
    web.loc[unknown, ["utm_source", "utm_medium"]] = ["zhihu", "answer"]
    # a visit known by the person, not by the lead
    by_person = (rng.random(len(web)) < 0.06) & (web["contact"] != "") & (web["customer"] != "")
    web["contact"] = np.where(by_person, web["contact"], "")
    web["lead"] = np.where(by_person, "", web["lead"])
    factory["web_touch"] = web.drop(columns="customer")

    scanned = leads[leads["channel"].isin(["trade_show", "referral", "distributor"])]
    kinds = scanned["channel"].map({"trade_show": "扫码", "referral": "转介绍", "distributor": "经销商推荐"})
    offline = pd.DataFrame(
        {
            "lead": scanned["lead"],
            "day": day_of(scanned["created"]),
            "campaign": scanned["campaign"],
            "channel": scanned["channel"],
            "kind": kinds,
            "place": np.where(
                scanned["channel"] == "trade_show", pick(rng, ("A 展区", "B 展区", "新品台"), len(scanned)), ""
            ),
        }
    ).reset_index(drop=True)
    offline.insert(0, "touch", codes("X", len(offline), 5))
    factory["offline_touch"] = offline


def _web(leads: pd.DataFrame, chosen: np.ndarray, moments: np.ndarray, channel: np.ndarray, kind: str) -> pd.DataFrame:
    utm = np.array([UTM.get(c, ("", "")) for c in channel[chosen]], dtype=object).reshape(-1, 2)
    rows = leads.iloc[chosen]
    return pd.DataFrame(
        {
            "lead": rows["lead"].to_numpy(),
            "contact": rows["contact"].to_numpy(),
            "customer": rows["customer"].to_numpy(),
            "touched": moments[chosen].astype("datetime64[s]"),
            "kind": kind,
            "utm_source": utm[:, 0],
            "utm_medium": utm[:, 1],
            "page": "/product/" + rows["interest"].to_numpy(),
        }
    )
