"""Lead-to-order loop of the demo: people, leads and opportunities."""

from __future__ import annotations

import numpy as np
import pandas as pd

from orchestration.examples.demo.fields import CUTOFF, DAY, START, Factory, codes, day_of, pick, seconds, stream
from orchestration.examples.demo.market import HALVES, NO_ORDER_CAMPAIGNS, SHOWS
from orchestration.examples.demo.names import DISTRIBUTORS, FOREIGN, PRODUCTS, SALESPEOPLE, institutions, people

LEADS, PROSPECTS = 600, 160
CHANNEL_SHARES = {
    "paid_search": 0.27,
    "social_ads": 0.15,
    "trade_show": 0.24,
    "email": 0.05,
    "organic": 0.11,
    "direct": 0.05,
    "referral": 0.05,
    "distributor": 0.04,
    "": 0.04,
}
OPPORTUNITY_SHARE = {
    "paid_search": 0.34,
    "social_ads": 0.2,
    "trade_show": 0.48,
    "email": 0.4,
    "organic": 0.35,
    "direct": 0.4,
    "referral": 0.65,
    "distributor": 0.55,
    "": 0.3,
}
INTERESTS = ("超声", "监护", "输注", "急救", "心电", "耗材")


def build_parties(factory: Factory) -> None:
    """Salespeople, distributors, customers (three of them twice, under the same tax id) and products."""
    scale, rng = factory.scale, stream(factory.seed, "parties")
    sales = pd.DataFrame(SALESPEOPLE, columns=["name", "team", "region"])
    sales.insert(0, "sales", codes("S", len(sales), 2))
    factory["salesperson"] = sales
    distributors = pd.DataFrame(DISTRIBUTORS, columns=["name", "region", "level"])
    distributors.insert(0, "distributor", codes("D", len(distributors), 2))
    distributors["parent"] = ["", "", "", "", "D01", ""]
    factory["distributor"] = distributors

    count = PROSPECTS * scale
    names, kinds, regions = institutions(count)
    currency = pick(rng, ("CNY", "USD", "EUR"), count, (0.8, 0.13, 0.07))
    foreign = currency != "CNY"
    overseas = np.array([f"{FOREIGN[i % len(FOREIGN)]} {i + 1}" for i in range(count)], dtype=object)
    customers = pd.DataFrame(
        {
            "customer": codes("K", count),
            "name": np.where(foreign, overseas, names),
            "tax_id": np.where(foreign | (rng.random(count) < 0.1), "", codes("91310000MA1K", count, 6)),
            "kind": np.where(foreign, "医院", kinds),
            "region": np.where(foreign, "海外", regions),
            "currency": currency,
            "created": START + seconds(rng.random(count) * 5),
        }
    )
    # the same legal entity entered again under another id, spelt another way
    with_tax = np.flatnonzero((customers["tax_id"] != "") & (currency == "CNY"))
    again = customers.iloc[with_tax[5 : 5 + 3 * scale]].copy()
    again["name"] = again["name"] + "（分部）"
    again["created"] = START + np.timedelta64(40 * 86_400, "s")
    again["twin"] = again["customer"]
    again["customer"] = codes("K", len(again), 4, count + 1)
    agents = distributors[["name", "region"]].assign(
        customer=codes("KD", len(distributors), 3),
        tax_id=codes("91440000MA5D", len(distributors), 6),
        kind="经销商",
        currency="CNY",
        created=START,
        agent=distributors["distributor"],
    )
    factory["customer"] = pd.concat([customers, again, agents], ignore_index=True).fillna({"twin": "", "agent": ""})
    factory.planted["customer_pairs"] = list(zip(again["twin"], again["customer"], strict=True))

    products = pd.DataFrame(PRODUCTS, columns=["name", "family", "device_class", "list_price", "standard_cost"])
    products.insert(0, "product", codes("P", len(products), 3))
    factory["product"] = products


def build_leads(factory: Factory) -> None:
    """Leads with their people, and the duplicates, tests and channel-less rows that a CRM always holds."""
    scale, rng = factory.scale, stream(factory.seed, "leads")
    count = LEADS * scale
    channel = pick(rng, list(CHANNEL_SHARES), count, list(CHANNEL_SHARES.values()))
    created = START + seconds(rng.random(count) * 546)
    campaign = campaign_at(channel, created)
    shows = pick(rng, [show[0] for show in SHOWS], count, (0.34, 0.26, 0.1, 0.3))
    at_show = channel == "trade_show"
    first_day = dict(zip([s[0] for s in SHOWS], [np.datetime64(s[2], "s") for s in SHOWS], strict=True))
    opening = np.array([first_day[show] for show in shows], dtype="datetime64[s]")
    campaign = np.where(at_show, shows, campaign)
    scanned = opening + rng.integers(0, 4, count) * DAY + seconds(0.4 + rng.random(count) * 0.3)
    created = np.where(at_show, scanned, created)
    # two campaigns that bring leads and never an order
    brand = (
        (channel == "social_ads") & (created >= np.datetime64("2024-09-01")) & (created < np.datetime64("2024-12-01"))
    )
    trial = (
        (channel == "paid_search") & (created >= np.datetime64("2025-02-01")) & (created < np.datetime64("2025-04-01"))
    )
    campaign = np.where(brand & (rng.random(count) < 0.7), "SOC-BRAND", campaign)
    campaign = np.where(trial & (rng.random(count) < 0.2), "SEM-TEST", campaign)

    status = pick(rng, ("新建", "跟进中", "已确认", "已流失"), count, (0.15, 0.3, 0.35, 0.2))
    chance = np.array([OPPORTUNITY_SHARE[c] for c in channel])
    chance[np.isin(campaign, NO_ORDER_CAMPAIGNS)] = 0.0
    has_opportunity = rng.random(count) < chance
    oddity = rng.random(count)
    status = np.where(oddity < 0.03, "无效", np.where(oddity > 0.992, "测试", status))
    has_opportunity &= ~np.isin(status, ("无效", "测试"))
    status = np.where(has_opportunity, "已转化", status)
    leads = pd.DataFrame(
        {
            "lead": codes("L", count, 5),
            "contact": codes("C", count, 5),
            "created": created.astype("datetime64[s]"),
            "campaign": campaign,
            "channel": channel,
            "name": people(rng, count),
            "phone": (13_800_000_000 + (np.arange(count) * 7_919) % 99_999_989).astype(str).astype(object),
            "email": np.array([f"user{i:05d}@example.com" for i in range(count)], dtype=object),
            "interest": pick(rng, INTERESTS, count),
            "score": rng.integers(10, 100, count),
            "status": status,
            "owner": pick(rng, factory["salesperson"]["sales"].tolist(), count),
            "has_opportunity": has_opportunity,
        }
    )
    qualified = np.isin(status, ("已确认", "已转化"))
    mql = leads["created"] + pd.to_timedelta(rng.integers(3_600, 12 * 86_400, count), unit="s")
    sql = mql + pd.to_timedelta(rng.integers(3_600, 20 * 86_400, count), unit="s")
    leads["mql"] = mql.where(qualified & (mql <= CUTOFF))
    leads["sql"] = sql.where(has_opportunity & (sql <= CUTOFF))
    _assign_customers(factory, leads, rng)
    leads = leads.sort_values("created", kind="stable").reset_index(drop=True)
    leads["lead"], leads["contact"] = codes("L", count, 5), codes("C", count, 5)
    factory["contact"] = leads[["contact", "name", "phone", "email", "company", "customer"]]
    factory["lead"] = _with_duplicates(factory, leads)


def campaign_at(channel: np.ndarray, moment: np.ndarray) -> np.ndarray:
    """The always-on campaign of a channel in the half-year of the moment; empty for channels without one."""
    prefix = {"paid_search": "SEM-", "social_ads": "SOC-", "email": "EDM-"}
    half = np.searchsorted(np.array([h[1] for h in HALVES[1:]], dtype="datetime64[s]"), moment, side="right")
    suffix = np.array([h[0] for h in HALVES], dtype=object)[half]
    head = np.array([prefix.get(c, "") for c in channel], dtype=object)
    return np.where(head == "", "", head + suffix)


def _assign_customers(factory: Factory, leads: pd.DataFrame, rng: np.random.Generator) -> None:
    """The prospect behind each lead; most have one lead, some several people who ask at different times."""
    prospects = factory["customer"].iloc[: PROSPECTS * factory.scale + len(factory.planted["customer_pairs"])]  # type: ignore[arg-type]
    index = rng.integers(0, len(prospects), len(leads))
    # while an account is only a prospect, the CRM knows the company's name; with an opportunity, also its ERP number
    leads["company"] = prospects["name"].to_numpy()[index]
    leads["customer"] = np.where(leads["has_opportunity"], prospects["customer"].to_numpy()[index], "")
    leads["region"] = prospects["region"].to_numpy()[index]


def _with_duplicates(factory: Factory, leads: pd.DataFrame) -> pd.DataFrame:
    """The same person entered again within days: same phone, other id, other spelling, other channel."""
    rng = stream(factory.seed, "duplicates")
    usable = np.flatnonzero(~leads["status"].isin(["无效", "测试"]) & (leads["created"] < CUTOFF - 40 * DAY))
    count = 12 * factory.scale
    chosen = np.sort(rng.choice(usable, count, replace=False))
    again = leads.iloc[chosen].copy()
    again["of"] = again["lead"]
    again["lead"] = codes("L", count, 5, len(leads) + 1)
    again["created"] = again["created"] + pd.to_timedelta(rng.integers(86_400, 9 * 86_400, count), unit="s")
    again["contact"], again["customer"], again["email"] = "", "", ""
    again["channel"], again["campaign"], again["status"], again["has_opportunity"] = "direct", "", "新建", False
    again["mql"] = again["sql"] = pd.NaT
    third = again.iloc[:1].copy()  # one person three times in a row
    third["lead"] = codes("L", 1, 5, len(leads) + count + 1)
    third["created"] = third["created"] + pd.to_timedelta(6, unit="D")
    again["phone"] = again["phone"].str[:3] + " " + again["phone"].str[3:7] + "-" + again["phone"].str[7:]
    # the same person months later is a new wish, not a duplicate
    later_of = usable[leads["created"].to_numpy()[usable] < CUTOFF - 200 * DAY][: 8 * factory.scale]
    later = leads.iloc[later_of].copy()
    later["lead"] = codes("L", len(later), 5, len(leads) + count + 2)
    later["created"] = later["created"] + pd.to_timedelta(
        rng.integers(100 * 86_400, 160 * 86_400, len(later)), unit="s"
    )
    later["channel"], later["campaign"], later["has_opportunity"], later["status"] = "organic", "", False, "跟进中"
    later["mql"] = later["sql"] = pd.NaT
    again["customer"], third["customer"] = "", ""
    duplicates = pd.concat([again, third])
    factory.planted["duplicate_leads"] = dict(zip(duplicates["lead"], duplicates["of"], strict=True))
    factory.planted["returning_leads"] = later["lead"].tolist()
    return pd.concat([leads, duplicates, later], ignore_index=True).drop(columns="of")


def build_opportunities(factory: Factory) -> None:
    """One opportunity per converted lead; one of them hangs on the duplicate entry of its lead."""
    rng = stream(factory.seed, "opportunities")
    leads = factory["lead"][factory["lead"]["has_opportunity"]]
    count = len(leads)
    currency = leads["customer"].map(factory["customer"].set_index("customer")["currency"]).to_numpy()
    created = leads["created"].to_numpy() + seconds(1 + rng.random(count) * 55)
    closed = created + seconds(12 + rng.random(count) * 90)
    won = rng.random(count) < 0.5
    opportunities = pd.DataFrame(
        {
            "lead": leads["lead"].to_numpy(),
            "customer": leads["customer"].to_numpy(),
            "created": created.astype("datetime64[s]"),
            "closed": closed.astype("datetime64[s]"),
            "won": won,
            "currency": currency,
            "amount": rng.integers(20, 600, count) * 100_000,
            "owner": leads["owner"].to_numpy(),
            "reason": pick(rng, ("价格", "竞品", "预算取消", "无响应"), count),
        }
    )
    opportunities = (
        opportunities[opportunities["created"] <= CUTOFF].sort_values("created", kind="stable").reset_index(drop=True)
    )
    opportunities.insert(0, "opportunity", codes("O", len(opportunities)))
    duplicates: dict[str, str] = factory.planted["duplicate_leads"]  # type: ignore[assignment]
    survivors = {original: again for again, original in reversed(duplicates.items())}
    hit = opportunities.index[opportunities["lead"].isin(survivors)][:1]
    opportunities.loc[hit, "lead"] = opportunities.loc[hit, "lead"].map(survivors)
    moved = factory["lead"].set_index("lead")["created"].reindex(opportunities.loc[hit, "lead"]).to_numpy()
    opportunities.loc[hit, "created"] = np.maximum(opportunities.loc[hit, "created"].to_numpy(), moved + DAY)
    opportunities.loc[hit, "closed"] = np.maximum(opportunities.loc[hit, "closed"].to_numpy(), moved + 9 * DAY)
    open_ = opportunities["closed"] > CUTOFF
    opportunities["result"] = np.where(open_, "", np.where(opportunities["won"], "赢单", "输单"))
    opportunities["stage"] = np.where(
        open_, pick(rng, ("需求确认", "报价", "谈判"), len(opportunities)), opportunities["result"]
    )
    opportunities["reason"] = np.where(opportunities["result"] == "输单", opportunities["reason"], "")
    opportunities["expected"] = day_of(opportunities["closed"]) + 5 * DAY
    factory["opportunity"] = opportunities
