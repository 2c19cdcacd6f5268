"""The market's numbers as records of the CRM: customers, contacts and leads with their ids, names and gaps."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pyarrow.compute as pc

from orchestration.examples.demo import names
from orchestration.examples.demo.fields import (
    CUTOFF,
    DAY,
    START,
    Factory,
    codes,
    numbered,
    pick,
    seconds,
    stream,
)
from orchestration.examples.demo.funnel import CHANNELS
from orchestration.examples.demo.parties import TWINS

MOBILE = (
    "130",
    "131",
    "133",
    "135",
    "136",
    "137",
    "138",
    "139",
    "150",
    "152",
    "158",
    "159",
    "177",
    "180",
    "186",
    "189",
)


def build_customers(factory: Factory) -> None:
    """ERP numbers for whom it has ever quoted or sold to; some legal entities stand there twice, under one tax id."""
    rng = stream(factory.seed, "customers")
    accounts, deals = factory.truth["account"], factory.truth["deal"]
    first = deals.groupby("account")["created"].min()
    created = pd.Series(np.array("NaT", dtype="datetime64[s]"), accounts.index, dtype="datetime64[s]")
    created.loc[first.index] = first
    created = created.where(~accounts["old"], accounts["since"])
    known = accounts.assign(created=created)[created.notna()].sort_values("created", kind="stable")
    known["customer"] = codes("K", len(known))
    accounts["customer"] = known["customer"].reindex(accounts.index).fillna("").to_numpy()
    columns = ["customer", "name", "tax_id", "kind", "segment", "region", "group", "currency", "created"]
    base = known[columns].assign(account=known.index, twin="", agent="")

    able = base[(base["tax_id"] != "") & (base["currency"] == "CNY") & base["account"].isin(deals["account"])]
    again = able.iloc[np.sort(rng.choice(len(able), TWINS * factory.scale, replace=False))].copy()
    again["name"] = again["name"] + "（分部）"
    again["created"] = np.maximum(again["created"].to_numpy(), START) + 20 * DAY
    again["twin"], again["customer"] = again["customer"], codes("K", len(again), 4, len(base) + 1)
    distributor = factory["distributor"]
    agents = pd.DataFrame(
        {
            "customer": codes("KD", len(distributor), 3),
            "name": distributor["name"],
            "tax_id": codes("91440000MA5D", len(distributor), 6),
            "kind": "经销商",
            "segment": "经销商",
            "region": distributor["region"],
            "group": "",
            "currency": "CNY",
            "created": distributor["contract_from"],
            "account": -1,
            "twin": "",
            "agent": distributor["distributor"],
        }
    )
    factory["customer"] = pd.concat([base, again, agents], ignore_index=True)
    factory.planted["customer_pairs"] = list(zip(again["twin"], again["customer"], strict=True))
    deals["customer"] = accounts["customer"].to_numpy()[deals["account"]]
    doubled = dict(zip(again["twin"], again["customer"], strict=True))
    other = deals["customer"].map(doubled).fillna("").to_numpy()
    deals["customer"] = np.where((other != "") & (rng.random(len(deals)) < 0.4), other, deals["customer"])
    deals["opportunity"] = codes("O", len(deals))
    _enter_on_duplicates(factory)


def _enter_on_duplicates(factory: Factory) -> None:
    """Which entry of a person an opportunity hangs on: now and then the second one, if it was there in time."""
    leads, deals = factory.truth["lead"], factory.truth["deal"]
    rank = np.argsort(np.argsort(leads["created"].to_numpy(), kind="stable"), kind="stable")
    factory.truth["lead_code"] = pd.DataFrame({"lead": codes("L", len(leads), 5)[rank]})
    again = leads[leads["sort"] == "again"].drop_duplicates("of")
    second = pd.Series(again.index, again["of"]).reindex(deals["lead"]).to_numpy()
    there = ~np.isnan(second)
    place = np.where(there, second, 0).astype("int64")
    in_time = there & (leads["created"].to_numpy()[place] + DAY < deals["created"].to_numpy())
    chosen = np.flatnonzero(in_time)[::3]
    entered = deals["lead"].to_numpy(copy=True)
    entered[chosen] = place[chosen]
    deals["entered"] = entered
    copies = leads[leads["sort"] == "again"]
    code = factory.truth["lead_code"]["lead"].to_numpy()
    factory.planted["duplicate_leads"] = dict(zip(code[copies.index], code[copies["of"]], strict=True))
    factory.planted["returning_leads"] = code[np.flatnonzero(leads["sort"] == "later")].tolist()
    factory.planted["opportunities_on_duplicates"] = deals["opportunity"].to_numpy()[chosen].tolist()


def build_records(factory: Factory) -> None:
    """Contacts and leads as the CRM has them."""
    rng = stream(factory.seed, "records")
    leads, deals = factory.truth["lead"], factory.truth["deal"]
    persons = _persons(factory, rng)
    count = len(leads)
    person, account = leads["person"].to_numpy(), leads["account"].to_numpy()
    accounts = factory.truth["account"]
    real = account >= 0
    deal = pd.Series(deals.index, deals["lead"])
    deal = deal[deal.index >= 0].reindex(np.arange(count)).to_numpy()
    has_deal = ~np.isnan(deal)
    begun = deals["created"].to_numpy()[np.where(has_deal, deal, 0).astype("int64")]
    customer = np.where(
        has_deal,
        deals["customer"].to_numpy()[np.where(has_deal, deal, 0).astype("int64")],
        np.append(accounts["customer"].to_numpy(), "")[account],
    )
    # while somebody only asks, the CRM knows the company's name; with a purchase in sight, mostly its ERP number
    linked = rng.random(count) < np.where(has_deal, 0.92, 0.3)
    plain = np.isin(leads["sort"], ("base", "later"))
    lead = pd.DataFrame({"lead": factory.truth["lead_code"]["lead"].to_numpy(), "created": leads["created"].to_numpy()})
    lead["contact"] = np.where(plain, np.append(persons["contact"].to_numpy(), "")[person], "")
    campaigns = np.append(factory["campaign"]["campaign"].to_numpy(), "")
    lead["campaign"] = campaigns[leads["campaign"]]
    channel = np.array(CHANNELS, dtype=object)[leads["channel"]]
    lead["channel"] = np.where((rng.random(count) < 0.03) & (lead["campaign"] != ""), "", channel)
    _write_people(rng, leads, lead, persons)
    own = np.append(accounts["company"].to_numpy(), "")[account]
    legal = np.append(accounts["name"].to_numpy(), "")[account]
    junk = pick(rng, ("测试公司", "无", "个人", "aaa", "某某医院"), count)
    lead["company"] = np.where(real, np.where(rng.random(count) < 0.12, legal, own), junk)
    lead["region"] = np.where(rng.random(count) < 0.04, "", np.append(accounts["region"].to_numpy(), "")[account])
    lead["segment"] = np.append(accounts["segment"].to_numpy(), "")[account]
    lead["interest"] = pick(rng, names.INTERESTS, count, (0.27, 0.22, 0.17, 0.12, 0.12, 0.1))
    _qualify(factory, rng, lead, has_deal, begun)
    sellers = factory["salesperson"]["sales"].to_numpy()
    lead["owner"] = np.where(
        real, sellers[np.append(accounts["seller"].to_numpy(), 0)[account]], pick(rng, sellers.tolist(), count)
    )
    lead["customer"] = np.where(linked & plain & real, customer, "")
    touch = factory.truth["touch"]
    formed = touch[(touch["lead"] >= 0) & (touch["kind"] == 1)].drop_duplicates("lead")
    has_form = np.zeros(count, dtype=bool)
    has_form[formed["lead"].to_numpy()] = True
    slug = dict(zip(names.INTERESTS, names.SLUGS, strict=True))
    lead["landing_page"] = np.where(has_form, "/product/" + lead["interest"].map(slug), "")
    factory.truth["lead_row"] = lead  # in the order of the truth; the CRM's own order is that of its numbers
    factory["lead"] = lead.sort_values("lead", kind="stable")
    _write_contacts(factory, rng, persons, customer, linked & has_deal)


def _persons(factory: Factory, rng: np.random.Generator) -> pd.DataFrame:
    """Everybody by the number of the person: those behind leads, then the contacts of old customers."""
    leads, old = factory.truth["lead"], factory.truth["known_contact"]
    base = leads[leads["sort"] == "base"]
    persons = pd.DataFrame({"account": -1}, index=np.arange(len(leads) + len(old)))
    account = persons["account"].to_numpy(copy=True)
    account[base["person"]] = base["account"]
    account[old["person"]] = old["account"]
    count, currency = len(persons), factory.truth["account"]["currency"].to_numpy()
    name = names.people(rng, count)
    number = (np.arange(count) * 7_919 + 23_456_789) % 99_999_989
    mobile = pc.binary_join_element_wise(pick(rng, MOBILE, count).tolist(), numbered("", number, 8), "").to_numpy(
        zero_copy_only=False
    )
    abroad = (currency != "CNY")[account] & (account >= 0)
    foreign = pc.binary_join_element_wise("+49 30 ", numbered("", number, 8), "").to_numpy(zero_copy_only=False)
    local = np.strings.add(np.strings.add(names.in_letters(name), "."), np.arange(count).astype(str))
    domain = np.strings.add(np.strings.add("@h", np.maximum(account, 0).astype(str)), ".example.com")
    roll = rng.random(count)
    dealer = np.full(count, -1)
    dealer[old["person"]] = old["distributor"]
    known = (dealer >= 0) | (account >= 0) & (roll < 0.94)
    contact = np.full(count, "", dtype=object)
    contact[known] = codes("C", int(known.sum()), 5)
    return pd.DataFrame(
        {
            "account": account,
            "distributor": dealer,
            "contact": contact,
            "name": name,
            "phone": np.where(abroad, foreign, mobile).astype(object),
            "email": np.strings.add(local, domain).astype(object),
            "role": pick(rng, names.ROLES, count, (0.22, 0.24, 0.2, 0.06, 0.12, 0.12, 0.04)),
        }
    )


def _write_people(rng: np.random.Generator, leads: pd.DataFrame, lead: pd.DataFrame, persons: pd.DataFrame) -> None:
    """Names, phones and e-mails, in the spellings in which the same person comes back."""
    person, sort, count = leads["person"].to_numpy(), leads["sort"].to_numpy(), len(leads)
    for column in ("name", "phone", "email"):
        lead[column] = np.append(persons[column].to_numpy(), "")[person]
    again = np.flatnonzero(sort == "again")
    form = np.arange(len(again)) % 4
    phone = lead["phone"].to_numpy(dtype=object, copy=True)
    email = lead["email"].to_numpy(dtype=object, copy=True)
    digits = phone[again].astype(str)
    spaced = [f"{d[:3]} {d[3:7]}-{d[7:]}" if not d.startswith("+") else d.replace(" ", "-") for d in digits]
    prefixed = [f"+86 {d}" if not d.startswith("+") else d for d in digits]
    phone[again] = np.select([form == 0, form == 1, form == 2], [spaced, prefixed, digits], "")
    email[again] = np.where(form == 3, np.strings.upper(email[again].astype(str)), "")
    gap = (rng.random(count) < 0.08) & (sort == "base")
    gap[leads["of"].to_numpy()[again]] = False  # the e-mail may be all that the second entry has
    email[gap] = ""
    spam = np.flatnonzero(person < 0)
    phone[spam] = pick(rng, ("13800138000", "11111111111", "12345678901", ""), len(spam))
    email[spam] = pick(rng, ("test@example.com", "aaa@example.com", ""), len(spam))
    name = lead["name"].to_numpy(dtype=object, copy=True)
    name[spam] = pick(rng, ("测试", "张三", "asdf", "先生", "推广合作"), len(spam))
    lead["name"], lead["phone"], lead["email"] = name, phone, email


def _qualify(
    factory: Factory, rng: np.random.Generator, lead: pd.DataFrame, has_deal: np.ndarray, begun: np.ndarray
) -> None:
    """Score, status, and when a lead became qualified for the market's and for the salespeople's side."""
    leads, touch = factory.truth["lead"], factory.truth["touch"]
    count, created, sort = len(leads), leads["created"].to_numpy(), leads["sort"].to_numpy()
    place = touch["lead"].to_numpy()
    rows = (place >= 0) & (touch["touched"].to_numpy() <= created[place] + 30 * DAY)
    warmth = np.log1p(np.bincount(place[rows], touch["effect"].to_numpy()[rows], count))
    lead["score"] = np.clip(18 + 26 * warmth + 14 * has_deal + rng.normal(0, 11, count), 1, 100).astype("int64")
    fresh = created > CUTOFF - 21 * DAY
    settled = pick(rng, ("跟进中", "已确认", "已流失"), count, (0.27, 0.28, 0.45))
    status = np.where(fresh, np.where(rng.random(count) < 0.5, "新建", "跟进中"), settled)
    status = np.where(
        sort == "again", "新建", np.where(sort == "later", pick(rng, ("跟进中", "已流失"), count), status)
    )
    status = np.where(has_deal, "已转化", np.where(sort == "spam", "无效", np.where(sort == "test", "测试", status)))
    lead["status"] = status
    until = (begun - created).astype("int64")
    later = created + seconds(0.2 + rng.random(count) * 12)
    mql = np.where(has_deal, created + (until * 0.35).astype("int64").astype("timedelta64[s]"), later)
    sql = created + (until * 0.85).astype("int64").astype("timedelta64[s]")
    qualified = has_deal | (status == "已确认")
    lead["mql"] = pd.Series(mql).where(qualified & (mql <= CUTOFF))
    lead["sql"] = pd.Series(sql).where(has_deal & (sql <= CUTOFF))


def _write_contacts(
    factory: Factory, rng: np.random.Generator, persons: pd.DataFrame, customer: np.ndarray, known: np.ndarray
) -> None:
    accounts, leads = factory.truth["account"], factory.truth["lead"]
    code = np.append(accounts["customer"].to_numpy(), "")[persons["account"]]
    base = np.flatnonzero(leads["sort"] == "base")
    own = np.zeros(len(persons), dtype=bool)
    own[leads["person"].to_numpy()[base]] = known[base]
    code[leads["person"].to_numpy()[base]] = customer[base]
    old = np.arange(len(persons)) >= len(leads)
    keep = own | (rng.random(len(persons)) < np.where(old, 0.97, 0.5))
    agents = factory["customer"][factory["customer"]["agent"] != ""]
    dealer = persons["distributor"].to_numpy()
    persons["customer"] = np.where(dealer >= 0, agents["customer"].to_numpy()[dealer], np.where(keep, code, ""))
    contact = persons[persons["contact"] != ""].copy()
    dealer = contact["distributor"].to_numpy()
    company = accounts["company"].to_numpy()[contact["account"]]
    contact["company"] = np.where(dealer >= 0, agents["name"].to_numpy()[dealer], company)
    factory.truth["person"] = persons
    factory["contact"] = contact[["contact", "name", "phone", "email", "role", "company", "customer"]]
