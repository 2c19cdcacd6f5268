"""Quotes of the demo with their versions and lines, and the opportunities as the CRM has them."""

from __future__ import annotations

import numpy as np
import pandas as pd

from orchestration.examples.demo.catalogue import EXPORT_PRICE, customer_kind, draw_lines
from orchestration.examples.demo.fields import (
    CUTOFF,
    DAY,
    Factory,
    codes,
    day_of,
    half_up,
    pick,
    seconds,
    spread,
    stream,
)
from orchestration.examples.demo.pipeline import STAGES
from orchestration.examples.demo.season import at_office

REASONS = ("价格", "竞品", "预算取消", "无响应", "采购延期")


def build_quotes(factory: Factory) -> None:
    """Quotes, quote lines and opportunities. The last version of a won opportunity is the accepted one."""
    rng = stream(factory.seed, "quotes")
    deals = factory.truth["deal"]
    parties = factory["customer"].set_index("customer").loc[deals["customer"]].reset_index()
    quote = _versions(rng, deals)
    lines = _lines(factory, rng, deals, parties, quote)
    totals = lines.groupby("place")[["net", "at_list"]].sum()
    quote["net"] = totals["net"].to_numpy()
    saved = (totals["at_list"] - totals["net"]).to_numpy()
    quote["basis_points"] = half_up(saved * 10_000, 1) // totals["at_list"].to_numpy()
    last = quote.drop_duplicates("deal", keep="last")
    deals["last_quote"] = pd.Series(last.index, last["deal"]).reindex(deals.index, fill_value=-1)
    quote["status"] = _status(rng, deals, quote)
    # numbered in the order in which they were written
    rank = np.argsort(np.argsort(quote["quoted"].to_numpy(), kind="stable"), kind="stable")
    quote["quote"] = codes("BJ", len(quote), 5)[rank]
    quote["opportunity"] = deals["opportunity"].to_numpy()[quote["deal"]]
    quote["customer"] = deals["customer"].to_numpy()[quote["deal"]]
    quote["sales"] = factory["salesperson"]["sales"].to_numpy()[deals["seller"].to_numpy()[quote["deal"]]]
    quote["currency"] = parties["currency"].to_numpy()[quote["deal"]]
    lines["quote"] = quote["quote"].to_numpy()[lines["place"]]
    columns = ["quote", "line", "product", "product_index", "quantity", "list_price", "percent", "unit_price", "net"]
    order = np.lexsort((lines["line"].to_numpy(), rank[lines["place"]]))
    factory["quote_line"] = lines.iloc[order][columns]
    factory["opportunity"] = _opportunities(factory, rng, deals, parties, quote)
    factory["quote"] = quote.iloc[np.argsort(rank)].drop(columns="deal")


def _versions(rng: np.random.Generator, deals: pd.DataFrame) -> pd.DataFrame:
    """One row per version that was written by the day of the export, in the order of deals and versions."""
    number = deals["versions"].to_numpy()
    deal = np.repeat(np.arange(len(deals)), number)
    version = spread(len(deal), deal) + 1
    created, closed = deals["created"].to_numpy()[deal], deals["closed"].to_numpy()[deal]
    first = created + seconds(deals["quote_days"].to_numpy()[deal])
    span = (closed - first) * 0.9
    share = (version - 1 + 0.6 * rng.random(len(deal)) * (version > 1)) / np.maximum(number[deal], 1)
    quoted = at_office(rng, first + (span.astype("int64") * share).astype("int64").astype("timedelta64[s]"))
    # in order, and before the decision even where a holiday pushed it back
    latest = closed - (np.timedelta64(5_400, "s") * (number[deal] - version + 1))
    quoted = np.minimum(quoted, latest)
    quote = pd.DataFrame({"deal": deal, "version": version, "quoted": quoted, "of": number[deal]})
    quote = quote[(quote["quoted"] <= CUTOFF).to_numpy()].reset_index(drop=True)
    days = rng.choice([30, 45, 60, 90], len(quote), p=[0.5, 0.15, 0.25, 0.1])
    quote["valid_until"] = day_of(quote["quoted"]) + days * DAY
    return quote


def _lines(
    factory: Factory, rng: np.random.Generator, deals: pd.DataFrame, parties: pd.DataFrame, quote: pd.DataFrame
) -> pd.DataFrame:
    """Every version's lines: the final wish, with less discount and sometimes other quantities in earlier versions."""
    owner = quote["deal"].unique()  # sorted, as quotes are
    final = draw_lines(
        rng,
        factory["product"],
        currency=parties["currency"].to_numpy()[owner],
        kind=customer_kind(parties)[owner],
        budget=deals["budget"].to_numpy()[owner],
    )
    first = np.searchsorted(final["owner"].to_numpy(), np.arange(len(owner)))
    number = np.bincount(final["owner"], minlength=len(owner))
    of = np.searchsorted(owner, quote["deal"].to_numpy())
    place = np.repeat(np.arange(len(quote)), number[of])
    source = np.repeat(first[of], number[of]) + spread(len(place), place)
    lines = final.iloc[source].reset_index(drop=True)
    lines["place"] = place
    versions, version = quote["of"].to_numpy()[place], quote["version"].to_numpy()[place]
    conceded = deals["concession"].to_numpy()[quote["deal"].to_numpy()[place]]
    done = conceded * (version - 1) // np.maximum(versions - 1, 1)
    lines["percent"] = lines["percent"] + done
    changed = (version < versions) & (rng.random(len(lines)) < 0.18)
    delta = rng.choice([-1, 1, 2], len(lines)) * np.maximum(lines["quantity"].to_numpy() // 8, 1)
    lines["quantity"] = np.where(changed, np.maximum(lines["quantity"] + delta, 1), lines["quantity"])
    lines["unit_price"] = half_up(lines["list_price"] * (100 - lines["percent"]), 100)
    lines["net"] = lines["unit_price"] * lines["quantity"]
    lines["at_list"] = lines["list_price"] * lines["quantity"]
    return lines


def _status(rng: np.random.Generator, deals: pd.DataFrame, quote: pd.DataFrame) -> np.ndarray:
    deal = quote["deal"].to_numpy()
    is_last = deals["last_quote"].to_numpy()[deal] == np.arange(len(quote))
    won, open_ = deals["won"].to_numpy()[deal], deals["open"].to_numpy()[deal]
    lapsed = quote["valid_until"].to_numpy() < day_of(np.array([CUTOFF]))[0]
    lost = np.where(rng.random(len(quote)) < 0.7, "已拒绝", "已过期")
    live = np.where(lapsed, "已过期", "已发送")
    final = np.where(won, "已接受", np.where(open_, live, lost))
    return np.where(is_last, final, "已替代").astype(object)


def _opportunities(
    factory: Factory, rng: np.random.Generator, deals: pd.DataFrame, parties: pd.DataFrame, quote: pd.DataFrame
) -> pd.DataFrame:
    count = len(deals)
    share = np.array([EXPORT_PRICE[currency] for currency in parties["currency"]])
    guess = half_up(deals["budget"] * share, 1_000) // 1_000_000 * 1_000_000
    place, won, open_ = deals["last_quote"].to_numpy(), deals["won"].to_numpy(), deals["open"].to_numpy()
    result = np.where(won, "赢单", np.where(open_, "", "输单"))
    lead_code = np.append(factory.truth["lead_code"]["lead"].to_numpy(), "")
    distributors = factory["distributor"]
    # some deals at home run over the distributor of the region
    via = (deals["via"].to_numpy() < 0.14) & (parties["currency"] == "CNY").to_numpy()
    agent = np.full(count, "", dtype=object)
    for region, codes_there in distributors.groupby("region")["distributor"]:
        rows = np.flatnonzero(via & (parties["region"] == region).to_numpy())
        agent[rows] = pick(rng, codes_there.tolist(), len(rows))
    return pd.DataFrame(
        {
            "opportunity": deals["opportunity"],
            "lead": lead_code[deals["entered"]],
            "customer": deals["customer"],
            "created": deals["created"],
            "stage": np.where(open_, np.array(STAGES, dtype=object)[deals["stage_now"]], result),
            "result": result,
            "amount": np.where(place >= 0, np.append(quote["net"].to_numpy(), 0)[place], np.maximum(guess, 1_000_000)),
            "currency": parties["currency"].to_numpy(),
            "expected": day_of(deals["closed"]) + rng.integers(-12, 20, count) * DAY,
            "closed": deals["closed"],
            "reason": np.where(result == "输单", pick(rng, REASONS, count, (0.3, 0.26, 0.16, 0.18, 0.1)), ""),
            "owner": factory["salesperson"]["sales"].to_numpy()[deals["seller"]],
            "agent": agent,
            "quote": np.where(won, np.append(quote["quote"].to_numpy(), "")[place], ""),
        }
    )
