"""What the demo's market department spends: media day by day, invoices of shows and tools; and the exchange rates."""

from __future__ import annotations

import numpy as np
import pandas as pd

from orchestration.examples.demo.fields import CUTOFF, DAY, Factory, codes, half_up, stream
from orchestration.examples.demo.market import HALVES, SHOWS, webinar_dates
from orchestration.examples.demo.season import ON_THE_WEB, day_number

PLACEMENTS = (
    # platform, medium, placement, mean net per day in fen, fen per click, clicks per 1000 shown, campaign
    ("baidu", "cpc", "品牌词", 21_000, 620, 96, "SEM"),
    ("baidu", "cpc", "通用词", 68_000, 1_850, 31, "SEM"),
    ("baidu", "cpc", "竞品词", 24_000, 2_240, 22, "SEM"),
    ("Baidu ", "CPC", "移动端", 31_000, 1_120, 27, "SEM"),
    ("wechat", "feed", "朋友圈", 38_000, 980, 11, "SOC"),
    ("wechat", "feed", "公众号底部", 16_000, 720, 8, "SOC"),
    ("wechat", "video", "视频号", 14_000, 560, 9, "SOC"),
)
SHORT = (
    # as above, then currency, first and last day
    ("douyin", "live", "直播间", 152_000, 410, 14, "SOC-BRAND", "CNY", "2024-09-01", "2024-11-30"),
    ("douyin", "feed", "信息流", 44_000, 530, 12, "SOC-DY25", "CNY", "2025-07-01", "2025-12-31"),
    ("google", "cpc", "Search", 13_500, 160, 38, "SEM-TEST", "USD", "2025-02-01", "2025-03-31"),
    ("google", "cpc", "Search EU", 6_800, 190, 41, "GAD-25", "USD", "2025-04-01", "2025-12-31"),
    ("google", "cpc", "Search ME", 4_900, 150, 36, "GAD-25", "USD", "2025-04-01", "2025-12-31"),
)


BUILT_AGAIN = ("CMEF-24S", "CMEF-25A")
"""Shows whose structure is to be used three times; of the second one no later show is known yet."""


def build_spend(factory: Factory) -> None:
    """Media, event costs and rates. Amounts grow with the scale, the number of their rows does not."""
    factory["media"] = _media(factory)
    factory["event_cost"] = _event_costs(factory.scale)
    factory["rate"] = _rates(factory.seed)


def _media(factory: Factory) -> pd.DataFrame:
    """One row per day and placement of each online campaign, in the platform's own spelling of the UTM fields."""
    rng, scale = stream(factory.seed, "media"), factory.scale
    parts: list[pd.DataFrame] = []
    for half, first, last in HALVES:
        days = np.arange(day_number(first), day_number(last) + 1)
        for source, medium, placement, mean, click, shown, head in PLACEMENTS:
            plan = (source, medium, placement, mean * scale, click, shown, f"{head}-{half}", "CNY")
            parts.append(_placement(rng, days, plan))
        issues = days[::14]  # the newsletter goes out every other week
        parts.append(_placement(rng, issues, ("edm", "email", "月刊", 240_000 * scale, 110, 62, f"EDM-{half}", "CNY")))
    for source, medium, placement, mean, click, shown, campaign, currency, first, last in SHORT:
        days = np.arange(day_number(first), day_number(last) + 1)
        parts.append(_placement(rng, days, (source, medium, placement, mean * scale, click, shown, campaign, currency)))
    media = pd.concat(parts, ignore_index=True)
    return media.sort_values(["day", "campaign", "placement"], kind="stable")


def _placement(
    rng: np.random.Generator, days: np.ndarray, plan: tuple[str, str, str, int, int, int, str, str]
) -> pd.DataFrame:
    source, medium, placement, mean, click, shown, campaign, currency = plan
    season = ON_THE_WEB[days] if medium != "email" else np.ones(len(days))
    net = np.maximum(mean * season * rng.lognormal(-0.03, 0.25, len(days)), 1_000).astype("int64")
    clicks = np.maximum(net // click * rng.integers(80, 125, len(days)) // 100, 1)
    return pd.DataFrame(
        {
            "day": (np.datetime64("2024-01-01", "s") + days * DAY),
            "utm_source": source,
            "utm_medium": medium,
            "campaign": campaign,
            "placement": placement,
            "impressions": clicks * 1_000 // shown + rng.integers(0, 40, len(days)),
            "clicks": clicks,
            "net": net,
            "tax": half_up(net * 6, 100) if currency == "CNY" else np.zeros(len(days), dtype="int64"),
            "currency": currency,
        }
    )


def _event_costs(scale: int) -> pd.DataFrame:
    """Invoices: shows (paid before, used during), webinars, dealers' meetings, gifts, and tools of no campaign."""
    rows: list[tuple[object, ...]] = []
    for show, _, first, last, currency, booth, build, travel, freight, *_ in SHOWS:
        begin, end = np.datetime64(first, "s"), np.datetime64(last, "s")
        for kind, amount, paid in (
            ("展位费", booth, begin - 75 * DAY),
            ("搭建费", build, begin - 20 * DAY),
            ("差旅费", travel, end + 3 * DAY),
            ("运输费", freight, begin - 6 * DAY),
        ):
            # fares and foreign invoices carry no VAT that can be reclaimed
            percent = 6 if currency == "CNY" and kind != "差旅费" else 0
            rows.append((show, "trade_show", kind, paid, first, last, amount, percent, currency, "获客"))
    for campaign, day in webinar_dates():
        iso = str(day)[:10]
        rows.append((campaign, "webinar", "会务费", day + 10 * DAY, iso, iso, 12_500, 6, "CNY", "培育"))
        rows.append((campaign, "webinar", "讲课费", day + DAY, iso, iso, 6_000, 0, "CNY", "培育"))
    for campaign, channel, kind, amount, stage, months in _MONTHLY:
        for month in months:
            first = pd.Timestamp(f"{month}-01")
            last = (first + pd.offsets.MonthEnd(0)).strftime("%Y-%m-%d")
            paid = first.to_numpy().astype("datetime64[s]") + 24 * DAY
            rows.append((campaign, channel, kind, paid, f"{month}-01", last, amount, 6, "CNY", stage))
    columns = ["campaign", "channel", "kind", "day", "service_from", "service_to", "net", "percent", "currency"]
    frame = pd.DataFrame(rows, columns=[*columns, "stage"])
    frame["net"] = frame["net"] * 100 * scale
    frame.insert(len(columns), "tax", half_up(frame["net"] * frame.pop("percent"), 100))
    # gifts: their VAT is not reclaimed; booths abroad: a fund pays 30 %; structures that are built again
    frame["reclaimed"] = np.where(frame["kind"] == "礼品费", 0, 100)
    abroad = (frame["currency"] != "CNY") & (frame["kind"] == "展位费")
    frame["subsidy"] = np.where(abroad, half_up(frame["net"] * 30, 100), 0)
    frame["shows"] = np.where((frame["kind"] == "搭建费") & frame["campaign"].isin(BUILT_AGAIN), 3, 0)
    frame = frame.sort_values(["day", "campaign", "kind"], kind="stable").reset_index(drop=True)
    frame = frame[frame["day"] <= CUTOFF].reset_index(drop=True)
    frame.insert(0, "cost", codes("FY", len(frame), 5))
    return frame


def _every_month(first: str, last: str) -> tuple[str, ...]:
    return tuple(pd.period_range(first, last, freq="M").strftime("%Y-%m"))


_MONTHLY: tuple[tuple[str, str, str, int, str, tuple[str, ...]], ...] = (
    # campaign, channel, kind, whole CNY, stage, months
    ("", "", "工具费", 9_880, "", _every_month("2024-01", "2025-12")),
    ("DIS-24", "distributor", "会务费", 26_500, "获客", _every_month("2024-03", "2024-06")),
    ("DIS-25", "distributor", "会务费", 28_800, "获客", _every_month("2025-03", "2025-06")),
    ("DPR-24", "distributor", "样品费", 39_000, "转化", _every_month("2024-11", "2024-12")),
    ("DPR-25", "distributor", "样品费", 42_000, "转化", _every_month("2025-11", "2025-12")),
    ("REF-24", "referral", "礼品费", 3_600, "获客", _every_month("2024-01", "2024-12")),
    ("REF-25", "referral", "礼品费", 3_900, "获客", _every_month("2025-01", "2025-12")),
)


def _rates(seed: int) -> pd.DataFrame:
    """Central parity per working day, in millionths, from before the first quote.

    None at weekends and in the October holidays, as in life.
    """
    days = pd.bdate_range("2023-08-25", str(CUTOFF)[:10])
    days = days[~((days.month == 10) & (days.day <= 4))]
    parts = []
    for currency, level in (("USD", 7_120_000), ("EUR", 7_760_000)):
        rng = stream(seed, f"rate{currency}")
        # pulled back to its level, or two years of chance would carry it away
        walk, step = np.empty(len(days), dtype="int64"), rng.integers(-14_000, 14_500, len(days))
        place = level
        for number in range(len(days)):
            place += int(step[number]) - (place - level) // 60
            walk[number] = place
        parts.append(
            pd.DataFrame({"day": days.to_numpy().astype("datetime64[s]"), "currency": currency, "micro": walk})
        )
    return pd.concat(parts, ignore_index=True).sort_values(["day", "currency"], kind="stable")
