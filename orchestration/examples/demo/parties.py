"""Parties of the demo: who sells, who resells, what is sold, and the institutions that the market is made of."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from orchestration.examples.demo import names
from orchestration.examples.demo.fields import CUTOFF, DAY, START, Factory, codes, pick, seconds, stream

ACCOUNTS = 430
"""Institutions at scale 1: prospects, and among them those who bought before the two years began."""
SELLERS, DISTRIBUTORS, TWINS = 12, 8, 3
OLD_CUSTOMERS = 0.17
BUDGETS = {
    "三级医院": 1.9, "二级医院": 1.15, "基层医疗": 0.6, "民营专科": 1.0, "体检中心": 1.3, "诊所": 1.0,
    "经销商": 0.9, "海外": 1.0,
}  # fmt: skip
"""How much larger than usual the wishes of a segment are."""


def build_parties(factory: Factory) -> None:
    """Salespeople, distributors, products, and the market's institutions, of which nobody but the truth has a list."""
    rng = stream(factory.seed, "parties")
    factory["salesperson"] = _salespeople(rng, SELLERS * factory.scale)
    factory["distributor"] = _distributors(rng, DISTRIBUTORS * min(factory.scale, 100))
    factory["product"] = _products()
    factory.truth["account"] = _accounts(rng, ACCOUNTS * factory.scale)


def _salespeople(rng: np.random.Generator, count: int) -> pd.DataFrame:
    pattern = np.repeat(np.arange(len(names.TEAMS)), [number for *_, number in names.TEAMS])
    team = pattern[np.arange(count) % len(pattern)]
    name = names.people(rng, count)
    abroad = np.flatnonzero(team == len(names.TEAMS) - 1)[::2]
    name[abroad] = np.array(["Lena Vogt", "Omar Haddad", "Marta Rossi"], dtype=object)[np.arange(len(abroad)) % 3]
    joined = np.where(rng.random(count) < 0.75, -rng.integers(200, 2_500, count), rng.integers(10, 300, count))
    left = np.where(rng.random(count) < 0.08, rng.integers(420, 700, count), 10_000)
    return pd.DataFrame(
        {
            "sales": codes("S", count, 2),
            "name": name,
            "team": np.array([team for team, *_ in names.TEAMS], dtype=object)[team],
            "region": np.array([region for _, region, _ in names.TEAMS], dtype=object)[team],
            "active_from": START + joined * DAY,
            "active_to": pd.Series(START + left * DAY).where(START + left * DAY <= CUTOFF),
        }
    )


def _distributors(rng: np.random.Generator, count: int) -> pd.DataFrame:
    name, _, region = names.companies(count, names.DEALER, 5_000)
    second = np.arange(count) % 4 == 3  # every fourth buys from the one before it, not from us alone
    begin = START - rng.integers(60, 1_500, count) * DAY
    frame = pd.DataFrame(
        {
            "distributor": codes("D", count, 2),
            "name": name,
            "region": region,
            "level": np.where(second, "二级", "一级"),
            "contract_from": begin.astype("datetime64[D]").astype("datetime64[s]"),
        }
    )
    frame.insert(4, "parent", np.where(second, np.roll(frame["distributor"].to_numpy(), 1), ""))
    # contracts run for three years and are renewed; one in ten was not
    ended = pd.Series(START + rng.integers(300, 650, count) * DAY)
    frame["contract_to"] = ended.where(rng.random(count) < 0.1)
    return frame


def _products() -> pd.DataFrame:
    columns = ["name", "family", "device_class", "list_price", "standard_cost", "unit", "leads"]
    products = pd.DataFrame(names.PRODUCTS, columns=columns)
    products.insert(0, "product", codes("P", len(products), 3))
    body = [f"0697{1_234_500 + 7 * number:07d}{number:02d}" for number in range(len(products))]
    products["udi_di"] = [digits + _gtin_check(digits) for digits in body]
    return products


def _gtin_check(digits: str) -> str:
    """Check digit of a GTIN-14: weights 3 and 1 in turn."""
    total = sum(int(digit) * (3 if place % 2 == 0 else 1) for place, digit in enumerate(digits))
    return str(-total % 10)


def _accounts(rng: np.random.Generator, count: int) -> pd.DataFrame:
    """Every institution of the market under its legal name, with how the people of the CRM write it."""
    sort = pick(rng, ("public", "private", "dealer", "abroad"), count, (0.5, 0.3, 0.06, 0.14))
    frame = pd.DataFrame({"sort": sort, "name": "", "kind": "医院", "segment": "", "region": "海外"}).astype(object)
    rows = {key: np.flatnonzero(sort == key) for key in ("public", "private", "dealer", "abroad")}
    name, grade, region = names.public_hospitals(len(rows["public"]))
    _fill(frame, rows["public"], name=name, segment=grade, region=region)
    name, pattern, region = names.companies(len(rows["private"]), tuple(p for p, _, _ in names.PRIVATE))
    kinds = np.array([kind for _, kind, _ in names.PRIVATE], dtype=object)[pattern]
    segments = np.array([segment for *_, segment in names.PRIVATE], dtype=object)[pattern]
    _fill(frame, rows["private"], name=name, kind=kinds, segment=segments, region=region)
    name, _, region = names.companies(len(rows["dealer"]), names.DEALER)
    _fill(frame, rows["dealer"], name=name, kind="经销商", segment="经销商", region=region)
    _fill(frame, rows["abroad"], name=names.foreign_companies(len(rows["abroad"])), segment="海外")
    abroad = sort == "abroad"
    frame["currency"] = np.where(abroad, pick(rng, ("USD", "EUR"), count, (0.62, 0.38)), "CNY")
    no_number = abroad | (frame["segment"] == "诊所").to_numpy() & (rng.random(count) < 0.4)
    frame["tax_id"] = np.where(no_number, "", codes("91310000MA1K", count, 6))
    frame["group"] = np.where((sort == "private") & (rng.random(count) < 0.12), pick(rng, _GROUPS, count), "")
    frame["size"] = np.array([BUDGETS[segment] for segment in frame["segment"]]) * rng.lognormal(-0.08, 0.4, count)
    # some will never buy from a maker they do not know, some are easily won: no system sees this
    frame["leaning"] = rng.normal(0, 0.5, count)
    frame["old"] = rng.random(count) < OLD_CUSTOMERS
    frame["since"] = START - seconds(20 + rng.random(count) * 2_400)
    frame["seller"] = _sellers_of(rng, frame["region"].to_numpy(), count)
    frame["customer"] = ""
    frame["company"] = spellings(rng, frame)
    return frame.drop(columns="sort")


_GROUPS = ("仁康医疗集团", "瑞华医疗集团", "安和健康集团")


def _fill(frame: pd.DataFrame, rows: np.ndarray, **values: np.ndarray | str) -> None:
    for column, value in values.items():
        filled = frame[column].to_numpy(copy=True)
        filled[rows] = value
        frame[column] = filled


def _sellers_of(rng: np.random.Generator, region: np.ndarray, count: int) -> np.ndarray:
    """The place of the salesperson who looks after each account, of the team of its region."""
    pattern = np.repeat(np.arange(len(names.TEAMS)), [number for *_, number in names.TEAMS])
    sellers = SELLERS * (count // ACCOUNTS)
    chosen = np.zeros(count, dtype="int64")
    for place in np.unique(region.astype(str)):
        home = names.TEAM_REGION.get(str(place), str(place))
        seats = [seat for seat in range(SELLERS) if names.TEAMS[pattern[seat]][1] == home] or list(range(SELLERS))
        rows = np.flatnonzero(region == place)
        chosen[rows] = np.array(seats)[rng.integers(0, len(seats), len(rows))]
    return np.asarray(chosen + SELLERS * rng.integers(0, max(1, sellers // SELLERS), count))


def spellings(rng: np.random.Generator, accounts: pd.DataFrame) -> np.ndarray:
    """The company as the CRM has it: mostly its legal name, else shortened, in other brackets or other characters."""
    name = pa.array(accounts["name"].tolist(), pa.string())
    halves = pc.replace_substring(pc.replace_substring(name, "（", "("), "）", ")")
    short = pc.replace_substring_regex(name, "(医疗科技|健康管理|医械|医疗器械|医疗)?有限公司$", "")
    old_style = name
    for pair in names.TRADITIONAL:
        old_style = pc.replace_substring(old_style, pair[0], pair[1])
    nearer = pc.replace_substring_regex(name, "^(..)市", r"\1")
    cities = "|".join(city for city, _ in names.CITIES)
    # the place left out: 仁济医疗（上海）有限公司 → 仁济医疗有限公司; what is only a place needs it
    private = pa.array(accounts["segment"].isin(["民营专科", "体检中心", "诊所", "经销商"]).to_numpy())
    placeless = pc.replace_substring_regex(pc.replace_substring_regex(name, f"（({cities})）", ""), f"^({cities})", "")
    forms = [name, halves, short, old_style, nearer, pc.if_else(private, placeless, nearer)]
    form = rng.choice(len(forms), len(accounts), p=[0.62, 0.08, 0.12, 0.05, 0.07, 0.06])
    chinese = (accounts["currency"] == "CNY").to_numpy()
    abroad = pc.if_else(pa.array(rng.random(len(accounts)) < 0.3), pc.utf8_upper(name), name)
    table = np.stack([spelt.to_numpy(zero_copy_only=False) for spelt in forms])
    return np.where(chinese, table[form, np.arange(len(accounts))], abroad.to_numpy(zero_copy_only=False))
