"""Market loop of the demo: channels, campaigns, what was spent, and the exchange rates."""

from __future__ import annotations

import numpy as np
import pandas as pd

from orchestration.examples.demo.fields import CUTOFF, Factory, codes, half_up, stream

CHANNELS = (
    # code, name, group, paid
    ("paid_search", "搜索广告", "paid_online", "是"),
    ("social_ads", "信息流广告", "paid_online", "是"),
    ("trade_show", "展会", "trade_show", "是"),
    ("email", "邮件营销", "email", "否"),
    ("organic", "自然搜索", "organic", "否"),
    ("direct", "直接访问", "direct", "否"),
    ("referral", "客户转介绍", "referral", "否"),
    ("distributor", "经销商推荐", "distributor", "否"),
)
HALVES = (
    ("24H1", "2024-01-01", "2024-06-30"),
    ("24H2", "2024-07-01", "2024-12-31"),
    ("25H1", "2025-01-01", "2025-06-30"),
    ("25H2", "2025-07-01", "2025-12-31"),
)
SHOWS = (
    # id, name, first day, last day, currency, booth, build, travel (whole currency units), region
    ("CMEF-24S", "CMEF 2024 春季展（上海）", "2024-04-11", "2024-04-14", "CNY", 168_000, 92_000, 23_650, "华东"),
    ("CMEF-24A", "CMEF 2024 秋季展（深圳）", "2024-10-12", "2024-10-15", "CNY", 152_000, 78_500, 31_200, "华南"),
    ("MEDICA-24", "MEDICA 2024 杜塞尔多夫", "2024-11-11", "2024-11-14", "EUR", 21_400, 12_900, 8_300, "海外"),
    ("CMEF-25S", "CMEF 2025 春季展（上海）", "2025-04-08", "2025-04-11", "CNY", 175_000, 96_300, 24_980, "华东"),
)
NO_ORDER_CAMPAIGNS = ("SOC-BRAND", "SEM-TEST")
"""Campaigns with spend and leads that never led to an order: they must stay in every denominator."""


def build_market(factory: Factory) -> None:
    """Channels, campaigns and the two kinds of spend: daily media, and invoices of shows and tools."""
    factory["channel"] = pd.DataFrame(CHANNELS, columns=["channel", "name", "group", "paid"])
    factory["campaign"] = _campaigns()
    factory["media"] = _media(factory)
    factory["event_cost"] = _event_costs()
    factory["rate"] = _rates(factory.seed)


def _campaigns() -> pd.DataFrame:
    rows: list[tuple[object, ...]] = []
    for half, first, last in HALVES:
        rows += [
            (
                f"SEM-{half}",
                f"百度搜索 {half}",
                "paid_search",
                "",
                first,
                last,
                260_000,
                "CNY",
                "获客",
                "全国",
                "市场部",
            ),
            (
                f"SOC-{half}",
                f"微信信息流 {half}",
                "social_ads",
                "",
                first,
                last,
                120_000,
                "CNY",
                "获客",
                "全国",
                "市场部",
            ),
            (f"EDM-{half}", f"老客户邮件 {half}", "email", "", first, last, 20_000, "CNY", "留存", "全国", "客户成功"),
        ]
    rows += [
        (
            "SOC-BRAND",
            "抖音品牌直播",
            "social_ads",
            "",
            "2024-09-01",
            "2024-11-30",
            80_000,
            "CNY",
            "品牌",
            "全国",
            "市场部",
        ),
        (
            "SEM-TEST",
            "谷歌关键词试投",
            "paid_search",
            "",
            "2025-02-01",
            "2025-03-31",
            6_000,
            "USD",
            "获客",
            "海外",
            "海外组",
        ),
        (
            "CMEF",
            "CMEF 展会（汇总）",
            "trade_show",
            "",
            "2024-01-01",
            "2025-12-31",
            800_000,
            "CNY",
            "获客",
            "全国",
            "市场部",
        ),
    ]
    for show, name, first, last, currency, booth, build, travel, region in SHOWS:
        parent = "CMEF" if show.startswith("CMEF") else ""
        rows.append(
            (show, name, "trade_show", parent, first, last, booth + build + travel, currency, "获客", region, "市场部")
        )
    columns = [
        "campaign",
        "name",
        "channel",
        "parent",
        "first",
        "last",
        "budget",
        "currency",
        "objective",
        "region",
        "owner",
    ]
    return pd.DataFrame(rows, columns=columns)


def _media(factory: Factory) -> pd.DataFrame:
    """One row per day and placement of each online campaign, in the platform's own spelling of the UTM fields."""
    rng = stream(factory.seed, "media")
    # platform, medium, placement, mean per day in fen, campaign prefix
    plan = (
        ("baidu", "cpc", "品牌词", 16_000, "SEM"),
        ("baidu", "cpc", "通用词", 42_000, "SEM"),
        ("Baidu ", "CPC", "移动端", 21_000, "SEM"),
        ("wechat", "feed", "朋友圈", 19_000, "SOC"),
        ("wechat", "feed", "公众号底部", 8_000, "SOC"),
    )
    parts: list[pd.DataFrame] = []
    for half, first, last in HALVES:
        days = pd.date_range(first, last, freq="D").to_numpy().astype("datetime64[s]")
        parts += [
            _placement(rng, days, source, medium, placement, f"{prefix}-{half}", mean, "CNY")
            for source, medium, placement, mean, prefix in plan
        ]
        weekly = days[::7]
        parts.append(_placement(rng, weekly, "edm", "email", "月刊", f"EDM-{half}", 26_000, "CNY"))
    brand = pd.date_range("2024-09-01", "2024-11-30", freq="D").to_numpy().astype("datetime64[s]")
    trial = pd.date_range("2025-02-01", "2025-03-31", freq="D").to_numpy().astype("datetime64[s]")
    parts.append(_placement(rng, brand, "douyin", "live", "直播间", "SOC-BRAND", 68_000, "CNY"))
    parts.append(_placement(rng, trial, "google", "cpc", "Search", "SEM-TEST", 9_000, "USD"))
    # spend does not grow with the scale: the same budget brings more leads
    return pd.concat(parts, ignore_index=True).sort_values(["day", "campaign", "placement"], kind="stable")


def _placement(  # noqa: PLR0917 - one row of the plan, in its order
    rng: np.random.Generator,
    days: np.ndarray,
    source: str,
    medium: str,
    placement: str,
    campaign: str,
    mean: int,
    currency: str,
) -> pd.DataFrame:
    net = rng.integers(mean // 2, mean + mean // 2, len(days))
    return pd.DataFrame(
        {
            "day": days,
            "utm_source": source,
            "utm_medium": medium,
            "campaign": campaign,
            "placement": placement,
            "impressions": rng.integers(800, 9_000, len(days)),
            "clicks": rng.integers(5, 160, len(days)),
            "net": net,
            "tax": half_up(net * 6, 100) if currency == "CNY" else np.zeros(len(days), dtype="int64"),
            "currency": currency,
        }
    )


def _event_costs() -> pd.DataFrame:
    """Invoices of trade shows (paid before the show, used during it) and of tools that belong to no campaign."""
    rows: list[tuple[object, ...]] = []
    for show, _, first, last, currency, booth, build, travel, _ in SHOWS:
        deposit = np.datetime64(first, "s") - np.timedelta64(45 * 86_400, "s")
        for kind, amount, paid in (
            ("展位费", booth, deposit),
            ("搭建费", build, deposit),
            ("差旅费", travel, np.datetime64(last, "s")),
        ):
            tax = amount * 6 if currency == "CNY" and kind != "差旅费" else 0
            rows.append((show, "trade_show", kind, paid, first, last, amount * 100, tax, currency))
    for month in pd.date_range("2024-01-01", "2025-12-01", freq="MS"):
        last_day = (month + pd.offsets.MonthEnd(0)).strftime("%Y-%m-%d")
        rows.append(
            (
                "",
                "",
                "工具费",
                month.to_numpy().astype("datetime64[s]"),
                month.strftime("%Y-%m-%d"),
                last_day,
                388_000,
                23_280,
                "CNY",
            )
        )
    columns = ["campaign", "channel", "kind", "day", "service_from", "service_to", "net", "tax", "currency"]
    frame = pd.DataFrame(rows, columns=columns)
    frame.insert(0, "cost", codes("FY", len(frame), 5))
    return frame


def _rates(seed: int) -> pd.DataFrame:
    """Central parity per working day, in millionths; none at weekends and in the October holidays, as in life."""
    days = pd.bdate_range("2023-12-25", str(CUTOFF)[:10])
    days = days[~((days.month == 10) & (days.day <= 4))]
    parts = []
    for currency, level in (("USD", 7_120_000), ("EUR", 7_760_000)):
        rng = stream(seed, f"rate{currency}")
        walk = level + np.cumsum(rng.integers(-14_000, 14_500, len(days)))
        parts.append(
            pd.DataFrame({"day": days.to_numpy().astype("datetime64[s]"), "currency": currency, "micro": walk})
        )
    return pd.concat(parts, ignore_index=True).sort_values(["day", "currency"], kind="stable")
