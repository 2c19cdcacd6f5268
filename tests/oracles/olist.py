"""What Olist's files say, in plain pandas and Decimal: leads, wins, orders, revenue and credit by origin."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass
from datetime import date, datetime, time
from decimal import Decimal
from functools import cached_property
from pathlib import Path

import pandas as pd
import pyarrow.parquet as pq

UNKNOWN = "unknown"


@dataclass
class OlistOracle:
    """``data`` is the folder with the two CSV files and ``full/``."""

    data: Path

    @cached_property
    def leads(self) -> pd.DataFrame:
        """One row per lead: origin (missing and ``unknown`` alike are unknown), first contact."""
        file = self.data / "olist_marketing_qualified_leads_dataset.csv.gz"
        frame = pd.read_csv(file, dtype=str, keep_default_na=False)
        frame["origin"] = frame["origin"].replace("", UNKNOWN)
        return frame

    @cached_property
    def deals(self) -> pd.DataFrame:
        """One row per won deal with its lead's origin and first contact."""
        frame = pd.read_csv(self.data / "olist_closed_deals_dataset.csv.gz", dtype=str, keep_default_na=False)
        return frame.merge(self.leads[["mql_id", "origin", "first_contact_date"]], on="mql_id", validate="1:1")

    @cached_property
    def items(self) -> pd.DataFrame:
        """Order items, where an order is a buyer's order at one seller; the price is the decimal its double means."""
        columns = ["order_id", "order_item_id", "seller_id", "shipping_limit_date", "price"]
        frame = pq.read_table(self.data / "full" / "order_items.parquet", columns=columns).to_pandas()
        frame["price"] = [Decimal(repr(price)).quantize(Decimal("0.01")) for price in frame["price"].tolist()]
        frame["order"] = frame["order_id"] + "-" + frame["seller_id"]
        # the file marks the shipping limit as UTC; it is the local time of the published CSV
        frame["ordered"] = frame["shipping_limit_date"].dt.tz_localize(None)
        return frame

    @cached_property
    def linked(self) -> pd.DataFrame:
        """Items of sellers that were won, with the origin of their lead."""
        return self.items.merge(self.deals[["seller_id", "origin", "first_contact_date"]], on="seller_id")

    def leads_by_origin(self) -> dict[str, int]:
        return dict(Counter(self.leads["origin"]))

    def wins_by_origin(self) -> dict[str, int]:
        return dict(Counter(self.deals["origin"]))

    def won_before_first_contact(self) -> list[str]:
        """Deals won on a day before the lead's first contact."""
        early = self.deals["won_date"].str[:10] < self.deals["first_contact_date"]
        return list(self.deals.loc[early, "mql_id"])

    def orders_by_origin(self) -> dict[str, int]:
        return dict(self.linked.groupby("origin")["order"].nunique())

    def items_by_origin(self) -> dict[str, int]:
        return dict(Counter(self.linked["origin"]))

    def revenue_by_origin(self) -> dict[str, Decimal]:
        sums: dict[str, Decimal] = defaultdict(Decimal)
        for origin, price in zip(self.linked["origin"], self.linked["price"], strict=True):
            sums[origin] += price
        return dict(sums)

    def customers_of_prospects(self, window_days: int) -> tuple[int, int]:
        """Leads whose seller sold first within so many days of the first contact, and leads without a sale before it.

        Nothing but the deal tells two leads' seller, and each has one, so every lead is a prospect of its own.
        """
        first = self.items.groupby("seller_id")["ordered"].min().dt.date.to_dict()
        seller = dict(zip(self.deals["mql_id"], self.deals["seller_id"], strict=True))
        assert len(set(seller.values())) == len(seller)
        won = new = 0
        for lead in self.leads.itertuples():
            ordered = first.get(seller.get(lead.mql_id, ""))
            days = (ordered - date.fromisoformat(lead.first_contact_date)).days if ordered else None
            new += days is None or days >= 0
            won += days is not None and 0 <= days <= window_days
        return won, new

    def credit_by_origin(self, lookback_days: int) -> dict[str, Decimal]:
        """Booked revenue by the origin that is credited with it; ``""`` for what is unattributed.

        A seller has one touch, its first contact, known by its day and so counted at the day's end, never later than
        the order. It serves every order from that day on within the lookback (orders do not reset the journey), and one
        touch has all the credit whatever the model. Sellers that never were a lead have none.
        """
        sums: dict[str, Decimal] = defaultdict(Decimal)
        known = self.items.merge(self.deals[["seller_id", "origin", "first_contact_date"]], on="seller_id", how="left")
        known["first_contact_date"] = known["first_contact_date"].fillna("")
        for row in known.itertuples():
            origin = ""
            if row.first_contact_date:
                touched = datetime.strptime(row.first_contact_date, "%Y-%m-%d")
                ordered = row.ordered.to_pydatetime()
                capped = min(datetime.combine(touched.date(), time.max), ordered)
                if touched.date() <= ordered.date() and (ordered - capped).days < lookback_days:
                    origin = row.origin
            sums[origin] += row.price
        return dict(sums)
