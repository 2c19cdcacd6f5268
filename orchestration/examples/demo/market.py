"""Market loop of the demo: channels, campaigns, and the days and stages of shows and webinars."""

from __future__ import annotations

import numpy as np
import pandas as pd

from orchestration.examples.demo.fields import Factory, codes
from orchestration.examples.demo.workdays import workday

CHANNELS = (
    # code, name, group, paid
    ("paid_search", "搜索广告", "paid_online", "是"),
    ("social_ads", "信息流广告", "paid_online", "是"),
    ("trade_show", "展会", "trade_show", "是"),
    ("webinar", "线上研讨会", "event", "是"),
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
    # id, name, first day, last day, currency, booth, build, travel, freight (whole currency units), region, city and
    # hall, visitors of the whole show, weight among the leads of shows
    ("CHEQ-24", "中国医学装备大会 2024（重庆）", "2024-03-28", "2024-03-31", "CNY", 58_000, 36_000, 21_400, 6_800,
     "西南", "重庆国际博览中心 S3", 38_000, 5),
    ("CMEF-24S", "第 89 届 CMEF 春季展（上海）", "2024-04-11", "2024-04-14", "CNY", 236_000, 152_000, 58_650, 18_500,
     "华东", "国家会展中心（上海）2.2H", 168_000, 22),
    ("WEST-24", "西部医疗器械展 2024（成都）", "2024-05-23", "2024-05-25", "CNY", 42_000, 24_500, 17_300, 5_200,
     "西南", "成都世纪城 6 号馆", 21_000, 4),
    ("CMEF-24A", "第 90 届 CMEF 秋季展（深圳）", "2024-10-12", "2024-10-15", "CNY", 208_000, 131_500, 62_200, 21_700,
     "华南", "深圳国际会展中心 11 号馆", 122_000, 17),
    ("MEDICA-24", "MEDICA 2024 杜塞尔多夫", "2024-11-11", "2024-11-14", "EUR", 19_400, 11_900, 9_300, 3_600,
     "海外", "Messe Düsseldorf Hall 9", 80_000, 6),
    ("ARAB-25", "Arab Health 2025 迪拜", "2025-01-27", "2025-01-30", "USD", 18_200, 9_800, 11_500, 4_100,
     "海外", "Dubai World Trade Centre Z3", 60_000, 4),
    ("CHEQ-25", "中国医学装备大会 2025（重庆）", "2025-03-27", "2025-03-30", "CNY", 61_000, 37_500, 22_900, 7_100,
     "西南", "重庆国际博览中心 S2", 41_000, 5),
    ("CMEF-25S", "第 91 届 CMEF 春季展（上海）", "2025-04-08", "2025-04-11", "CNY", 245_000, 158_000, 61_980, 19_400,
     "华东", "国家会展中心（上海）2.2H", 178_000, 23),
    ("SCME-25", "华南医疗器械展 2025（广州）", "2025-06-12", "2025-06-14", "CNY", 39_500, 21_000, 14_600, 3_900,
     "华南", "广州保利世贸 5 号馆", 19_000, 4),
    ("CMEF-25A", "第 92 届 CMEF 秋季展（广州）", "2025-09-26", "2025-09-29", "CNY", 215_000, 139_000, 60_400, 17_300,
     "华南", "广交会展馆 D 区", 131_000, 18),
    ("MEDICA-25", "MEDICA 2025 杜塞尔多夫", "2025-11-17", "2025-11-20", "EUR", 20_300, 12_400, 9_800, 3_900,
     "海外", "Messe Düsseldorf Hall 9", 78_000, 6),
)  # fmt: skip
BOOTH = "CMEF 主展台"
WEBINARS = (
    # half-year, name, budget
    ("24H1", "超声临床应用云课堂 24H1", 90_000),
    ("24H2", "围术期监护云课堂 24H2", 90_000),
    ("25H1", "急救设备管理云课堂 25H1", 96_000),
    ("25H2", "设备科精益管理云课堂 25H2", 96_000),
)
OTHERS = (
    # id, name, channel, parent, first, last, budget, currency, objective, region, owner
    ("SOC-BRAND", "抖音品牌直播", "social_ads", "", "2024-09-01", "2024-11-30", 160_000, "CNY", "品牌", "全国",
     "市场部"),
    ("SEM-TEST", "谷歌关键词试投", "paid_search", "", "2025-02-01", "2025-03-31", 9_000, "USD", "获客", "海外",
     "海外组"),
    ("GAD-25", "谷歌广告（欧洲、中东）", "paid_search", "", "2025-04-01", "2025-12-31", 36_000, "USD", "获客", "海外",
     "海外组"),
    ("SOC-DY25", "抖音信息流 25H2", "social_ads", "", "2025-07-01", "2025-12-31", 90_000, "CNY", "获客", "全国",
     "市场部"),
    ("CMEF", "CMEF 展会（汇总）", "trade_show", "", "2024-01-01", "2025-12-31", 1_900_000, "CNY", "获客", "全国",
     "市场部"),
    ("DIS-24", "经销商招募 2024", "distributor", "", "2024-03-01", "2024-06-30", 120_000, "CNY", "获客", "全国",
     "渠道部"),
    ("DIS-25", "经销商招募 2025", "distributor", "", "2025-03-01", "2025-06-30", 130_000, "CNY", "获客", "全国",
     "渠道部"),
    ("DPR-24", "经销商年终促销 2024", "distributor", "", "2024-11-01", "2024-12-31", 90_000, "CNY", "留存", "全国",
     "渠道部"),
    ("DPR-25", "经销商年终促销 2025", "distributor", "", "2025-11-01", "2025-12-31", 95_000, "CNY", "留存", "全国",
     "渠道部"),
    ("REF-24", "老客户推荐有礼 2024", "referral", "", "2024-01-01", "2024-12-31", 48_000, "CNY", "获客", "全国",
     "客户成功"),
    ("REF-25", "老客户推荐有礼 2025", "referral", "", "2025-01-01", "2025-12-31", 52_000, "CNY", "获客", "全国",
     "客户成功"),
)  # fmt: skip
NO_ORDER_CAMPAIGNS = ("SOC-BRAND", "SEM-TEST")
"""Campaigns with spend and leads that never led to an order: they must stay in every denominator."""
STAGES = (("主舞台", "新品发布会", 10), ("学术报告厅", "临床专家论坛", 14))
"""Stages of a show: name, what happens there on the first and the second day, and from which hour."""


def build_market(factory: Factory) -> None:
    """Channels, campaigns and sessions. Budgets grow with the scale, as the company does."""
    factory["channel"] = pd.DataFrame(CHANNELS, columns=["channel", "name", "group", "paid"])
    campaigns = _campaigns()
    campaigns["budget"] *= factory.scale
    factory["campaign"] = campaigns
    factory["session"] = _sessions()


def _campaigns() -> pd.DataFrame:
    rows: list[tuple[object, ...]] = []
    for half, first, last in HALVES:
        online = (
            ("SEM", "百度搜索", "paid_search", 310_000, "获客", "市场部"),
            ("SOC", "微信广告", "social_ads", 150_000, "获客", "市场部"),
            ("EDM", "老客户邮件", "email", 34_000, "留存", "客户成功"),
        )
        rows += [
            (f"{head}-{half}", f"{name} {half}", channel, "", first, last, budget, "CNY", objective, "全国", owner)
            for head, name, channel, budget, objective, owner in online
        ]
    dates = {half: (first, last) for half, first, last in HALVES}
    rows += [
        (f"WEB-{half}", name, "webinar", "", *dates[half], budget, "CNY", "获客", "全国", "市场部")
        for half, name, budget in WEBINARS
    ]
    rows += OTHERS
    for show, name, first, last, currency, booth, build, travel, freight, region, *_ in SHOWS:
        parent = "CMEF" if show.startswith("CMEF") else ""
        budget = booth + build + travel + freight
        rows.append((show, name, "trade_show", parent, first, last, budget, currency, "获客", region, "市场部"))
    columns = ["campaign", "name", "channel", "parent", "first", "last"]
    frame = pd.DataFrame(rows, columns=[*columns, "budget", "currency", "objective", "region", "owner"])
    # the large booth is built again at every CMEF; elsewhere what the organiser rents out is used
    frame["booth"] = np.where(frame["parent"] == "CMEF", BOOTH, "")
    return frame


def webinar_dates() -> list[tuple[str, np.datetime64]]:
    """Campaign and day of each webinar: the second Wednesday of most months, an evening session."""
    dates = []
    for half, first, _ in HALVES:
        for month in pd.date_range(first, periods=6, freq="MS"):
            day = (month + pd.Timedelta((2 - month.weekday()) % 7 + 7, "D")).to_numpy().astype("datetime64[s]")
            if month.month not in {2, 8} and workday(np.array([day]))[0] == day:
                dates.append((f"WEB-{half}", day))
    return dates


def _sessions() -> pd.DataFrame:
    rows: list[tuple[object, ...]] = []
    hour = np.timedelta64(3_600, "s")
    for show, _, first, last, *_, venue, visitors, _ in SHOWS:
        days = np.arange(np.datetime64(first, "D"), np.datetime64(last, "D") + 1).astype("datetime64[s]")
        # the second day is the fullest, the last one is short
        share = np.array([0.27, 0.34, 0.25, 0.14])[: len(days)]
        for number, (day, part) in enumerate(zip(days, share / share.sum(), strict=True), 1):
            end = day + (15 if number == len(days) else 17) * hour
            rows.append((show, f"第 {number} 天", day + 9 * hour, end, venue, round(float(visitors * part))))
        for (stage, title, opens), day in zip(STAGES, days[:2], strict=True):
            rows.append((show, title, day + opens * hour, day + (opens + 2) * hour, f"{venue} {stage}", 240))
    for number, (campaign, day) in enumerate(webinar_dates(), 1):
        begin = day + 19 * hour
        rows.append((campaign, f"云课堂第 {number} 讲", begin, begin + np.timedelta64(5_400, "s"), "腾讯会议", 180))
    frame = pd.DataFrame(rows, columns=["campaign", "name", "starts", "ends", "venue", "visitors"])
    for column in ("starts", "ends"):
        frame[column] = frame[column].astype("datetime64[s]")
    frame = frame.sort_values(["starts", "campaign"], kind="stable").reset_index(drop=True)
    frame.insert(0, "session", codes("HC", len(frame), 3))
    return frame


def campaign_at(channel: np.ndarray, moment: np.ndarray) -> np.ndarray:
    """The always-on campaign of a channel in the half-year of the moment; empty for channels without one."""
    heads = {"paid_search": "SEM-", "social_ads": "SOC-", "email": "EDM-", "webinar": "WEB-"}
    firsts = np.array([first for _, first, _ in HALVES[1:]], dtype="datetime64[s]")
    half = np.searchsorted(firsts, moment, side="right")
    known = np.array(["", *heads.values()], dtype=object)
    head = np.zeros(len(channel), dtype="int64")
    for number, name in enumerate(heads, 1):
        head[channel == name] = number
    table = np.array([[h + name if h else "" for name, _, _ in HALVES] for h in known], dtype=object)
    return np.asarray(table[head, half])
