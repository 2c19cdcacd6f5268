"""Every metric of the demo from the raw files: both sides, in total and by channel, over all time and by month."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from datetime import date
from decimal import Decimal
from functools import cached_property
from pathlib import Path
from typing import Any, NamedTuple

from tests.oracles.demo_attribution import DemoAttribution
from tests.oracles.demo_facts import AS_OF, DemoFacts
from tests.oracles.demo_postings import DemoPostings, Posting
from tests.oracles.exact import CUMULATIVE, credited, shares

OPPORTUNITY_WINDOW, ORDER_WINDOW = 90, 180
UNATTRIBUTED = "unattributed"

Event = tuple[str, date, Decimal]
"""Channel, day, amount."""


class Cell(NamedTuple):
    """A number by channel (None: all of them) and month (None: all time)."""

    channel: str | None
    month: date | None


Sides = dict[Cell, tuple[Decimal, Decimal | None]]


def cells(events: Iterable[Event]) -> dict[Cell, Decimal]:
    """Sums in total and by channel, over all time and by month."""
    sums: dict[Cell, Decimal] = defaultdict(Decimal)
    for channel, on, amount in events:
        month = date(on.year, on.month, 1)
        for cell in (Cell(None, None), Cell(channel, None), Cell(None, month), Cell(channel, month)):
            sums[cell] += amount
    return dict(sums)


def ratio(numerator: Iterable[Event], denominator: Iterable[Event]) -> Sides:
    """Both sides, for every cell that has either."""
    top, bottom = cells(numerator), cells(denominator)
    return {cell: (top.get(cell, Decimal(0)), bottom.get(cell, Decimal(0))) for cell in top.keys() | bottom.keys()}


class DemoMetrics:
    """One property per metric of metrics.md."""

    def __init__(self, workspace: Path) -> None:
        self.facts = DemoFacts(workspace)
        self.journeys = DemoAttribution(self.facts)
        self.postings = DemoPostings(self.facts)

    # ---- market ----------------------------------------------------------------------------------------------------
    @cached_property
    def _spend(self) -> list[tuple[str, date, Decimal, str, str]]:
        """Direct cost: channel, day of service, CNY at the rate of the day it was spent, kind, objective."""
        facts = self.facts
        result = []
        for row in facts.files.spend().itertuples():
            channel = facts.channel_of(row.channel, row.campaign)
            if channel == "unknown":
                continue  # tools: no campaign and no channel, so not direct cost of any
            objective = facts.campaigns.at[row.campaign, "objective"] if row.campaign else ""
            amount = facts.functional(Decimal(row.net), row.currency, row.day)
            for on, part in self._uses(row, amount):
                result.append((channel, on, part, row.kind, objective))
        return result

    def _uses(self, row: Any, amount: Decimal) -> list[tuple[date, Decimal]]:
        """An equal part for each show that used the booth, its own first; what no show used is nobody's."""
        first = row.service_from or row.day
        if row.shows == 1:
            return [(first, amount)]
        campaigns = self.facts.files.crm("campaigns")
        booth = campaigns.set_index("campaign_id").at[row.campaign, "booth"]
        days = sorted(date.fromisoformat(on) for on in campaigns[campaigns["booth"] == booth]["first"])
        parts = shares(amount, [Decimal(1)] * row.shows)
        return list(zip([on for on in days if on >= first], parts, strict=False))

    @property
    def unallocated(self) -> Decimal:
        """Cost of tools, which belong to no campaign and no channel."""
        rows = self.facts.files.spend()
        tools = rows[(rows["campaign"] == "") & (rows["channel"] == "")]
        return sum(tools["net"], Decimal(0))

    def _cost(self, *, acquisition: bool = False, media: bool = False) -> list[Event]:
        return [
            (channel, on, amount)
            for channel, on, amount, kind, objective in self._spend
            if not (acquisition and objective == "留存") and not (media and kind != "media")
        ]

    @property
    def marketing_spend(self) -> Sides:
        return {cell: (amount, None) for cell, amount in cells(self._cost()).items()}

    @cached_property
    def _lead_events(self) -> list[Event]:
        valid = self.facts.leads[self.facts.leads["valid"]]
        return [(row.channel, row.created.date(), Decimal(1)) for row in valid.itertuples()]

    @property
    def leads(self) -> Sides:
        return {cell: (count, None) for cell, count in cells(self._lead_events).items()}

    @property
    def cpl(self) -> Sides:
        return ratio(self._cost(acquisition=True), self._lead_events)

    # ---- lead to order ---------------------------------------------------------------------------------------------
    @property
    def lead_to_opportunity_rate(self) -> Sides:
        facts = self.facts
        first = facts.opportunities.groupby("lead")["created_at"].min().to_dict()
        valid = facts.leads[facts.leads["valid"]]
        hits = [
            (row.channel, row.created.date(), Decimal(1))
            for row in valid.itertuples()
            if facts.within(row.created, first.get(row.lead), OPPORTUNITY_WINDOW)
        ]
        return ratio(hits, self._lead_events)

    def _opportunity_to_order(self, *, by_value: bool) -> Sides:
        facts = self.facts
        first = facts.orders[facts.orders["商机号"] != ""].groupby("商机号")["converted"].min().to_dict()
        every, hits = [], []
        for row in facts.opportunities.itertuples():
            event = (row.channel, row.created_at.date(), row.value if by_value else Decimal(1))
            every.append(event)
            if facts.within(row.created_at, first.get(row.opportunity), ORDER_WINDOW):
                hits.append(event)
        return ratio(hits, every)

    @property
    def opportunity_to_order_rate(self) -> Sides:
        return self._opportunity_to_order(by_value=False)

    @property
    def opportunity_to_order_rate_by_value(self) -> Sides:
        return self._opportunity_to_order(by_value=True)

    def _win_rate(self, *, by_value: bool) -> Sides:
        closed = self.facts.opportunities[self.facts.opportunities["result"] != ""]
        every, won = [], []
        for row in closed.itertuples():
            event = (row.channel, row.closed_at.date(), row.value if by_value else Decimal(1))
            every.append(event)
            if row.result == "赢单":
                won.append(event)
        return ratio(won, every)

    @property
    def win_rate(self) -> Sides:
        return self._win_rate(by_value=False)

    @property
    def win_rate_by_value(self) -> Sides:
        return self._win_rate(by_value=True)

    @property
    def aov(self) -> Sides:
        orders = self.facts.orders
        booked = [(orders.at[row.order, "channel"], row.on, row.amount) for row in self.postings.booked]
        return ratio(booked, [(row.channel, row.ordered_on, Decimal(1)) for row in orders.itertuples()])

    # ---- delivery and payment --------------------------------------------------------------------------------------
    @property
    def gross_margin_rate(self) -> Sides:
        channel = self.facts.orders["channel"]
        net = [(channel[row.order], row.on, row.amount) for row in self.postings.invoiced]
        cost = [(channel[row.order], row.on, -row.amount) for row in self.postings.cogs]
        return ratio(net + cost, net)

    @property
    def collection_days(self) -> Sides:
        channel = self.facts.orders["channel"]
        weighted = [(channel[order], on, amount * days) for order, on, days, amount in self.postings.collected]
        return ratio(weighted, [(channel[order], on, amount) for order, on, _, amount in self.postings.collected])

    @property
    def on_time_delivery_rate(self) -> Sides:
        facts = self.facts
        shipped = facts.deliveries.sort_values("on")
        by_line = {str(line): group for line, group in shipped.groupby("line")}
        due, on_time = [], []
        for row in facts.order_lines.itertuples():
            if row.承诺交期 > AS_OF:
                continue
            event = (facts.orders.at[row.单号, "channel"], row.承诺交期, Decimal(1))
            due.append(event)
            parcels = by_line.get(row.line)
            if parcels is not None:
                in_time = parcels[parcels["on"].map(lambda on, promise=row.承诺交期: on <= promise)]
                if sum(in_time["数量"], Decimal(0)) >= row.数量:
                    on_time.append(event)
        return ratio(on_time, due)

    # ---- attributed ------------------------------------------------------------------------------------------------
    def credits(self, postings: list[Posting], model: str = "position_based") -> list[Event]:
        """Credit of each channel by month: what is due of an order line's postings so far, less what was due before."""
        by_line: dict[tuple[str, str], dict[date, Decimal]] = defaultdict(lambda: defaultdict(Decimal))
        for posting in postings:
            by_line[posting.order, posting.line][date(posting.on.year, posting.on.month, 1)] += posting.amount
        events: list[Event] = []
        for (order, _), months in by_line.items():
            channels = self.journeys.journeys[order] if order else []
            running, before = Decimal(0), [Decimal(0)] * len(channels)
            for month in sorted(months):
                running += months[month]
                if not channels:
                    events.append((UNATTRIBUTED, month, months[month]))
                    continue
                due = credited(running, CUMULATIVE[model](len(channels)))
                events += [(c, month, now - past) for c, now, past in zip(channels, due, before, strict=True)]
                before = due
        return events

    @property
    def cac(self) -> Sides:
        new = []
        for row in self.journeys.first_orders.itertuples():
            for channel, weight in self.journeys.weight(row.order).items():
                new.append((channel or UNATTRIBUTED, row.converted.date(), weight))
        return ratio(self._cost(acquisition=True), new)

    @property
    def channel_roi(self) -> Sides:
        cost = self._cost()
        gain = self.credits(self.postings.contribution)
        return ratio(gain + [(channel, on, -amount) for channel, on, amount in cost], cost)

    @property
    def roas(self) -> Sides:
        return ratio(self.credits(self.postings.invoiced), self._cost(media=True))
