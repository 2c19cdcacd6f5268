"""The cost ledger after attribution.md, in plain Python: when each cost counts, who bears it, for what, in which stage.

It knows nothing of the demo: a :class:`Company` is made of rows, by the tests of the demo and by those of random ones.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal
from functools import cached_property

from tests.oracles.demo_rows import Row
from tests.oracles.exact import shares, total

VIEWS = ("event", "benefit")
OF_A_SHOW = ("booth", "build", "travel", "freight")
DAY = timedelta(days=1)
Weights = dict[tuple[str, bool], Decimal]


def month_of(day: date, later: int = 0) -> date:
    """First day of the month that lies so many months later."""
    months = day.year * 12 + day.month - 1 + later
    return date(months // 12, months % 12 + 1, 1)


@dataclass
class Company:
    """What the ledger is made of, rows by the names of the marts' columns; ``spend`` has ``cost_functional``.

    Attributes:
        campaigns: id → channel_id, objective, starts_on, booth.
        entries: account_id, subject_kind, stage, entered_at, stage_event_id of valid leads and opportunities.
        hours: with ``sales_cost``, None where an hour has no price.
        books: tie_out_id, month, difference of closed months.
    """

    as_of: date
    spend: list[Row]
    campaigns: Mapping[str, Row]
    touches: list[Row] = field(default_factory=list)
    leads: list[Row] = field(default_factory=list)
    hours: list[Row] = field(default_factory=list)
    interactions: list[Row] = field(default_factory=list)
    entries: list[Row] = field(default_factory=list)
    books: list[Row] = field(default_factory=list)
    benefit_months: int = 12
    driver: str = "direct_cost"
    driver_by_cost_type: Mapping[str, str] = field(default_factory=dict)

    # ---- in time ---------------------------------------------------------------------------------------------------
    def parts(self, view: str) -> list[Row]:
        """Every cost by show, month, and whether its date has come; overhead as it is."""
        return [part for cost in self.spend for part in self._of_cost(cost, view)]

    def _of_cost(self, cost: Row, view: str) -> Iterator[Row]:
        is_show = cost["campaign_id"] is not None and cost["cost_type"] in OF_A_SHOW
        known = self.campaigns.get(cost["campaign_id"], {}) if is_show else {}
        first = known.get("starts_on") or cost["service_from"] or cost["spent_on"]
        row = {
            **{name: cost[name] for name in ("spend_id", "campaign_id", "channel_id", "cost_type", "stage")},
            "is_direct": cost["campaign_id"] is not None or cost["channel_id"] != "unknown",
            "is_exhibition": is_show,
            "is_media": cost["cost_type"] == "media",
            "is_acquisition": cost["objective"] != "retention",
        }
        if not is_show:
            last = cost["service_to"] if row["is_media"] and cost["service_to"] else first
            yield from self._by_days(row, cost["cost_functional"], first, max(first, last))
            return
        equal = shares(cost["cost_functional"], [Decimal(1)] * (cost["planned_shows"] or 1))
        uses = [(first, cost["campaign_id"])]
        if len(equal) > 1 and known.get("booth"):
            uses += sorted(
                (show["starts_on"], number)
                for number, show in self.campaigns.items()
                if number != cost["campaign_id"] and show["booth"] == known["booth"]
                and show["starts_on"] and first <= show["starts_on"] <= self.as_of
            )  # fmt: skip
        for number, ((on, show), amount) in enumerate(zip(uses, equal, strict=False)):
            borne = row
            if number:
                of = self.campaigns[show]
                borne = row | {"campaign_id": show, "channel_id": of["channel_id"], "suffix": f":{show}",
                               "is_acquisition": of["objective"] != "retention"}  # fmt: skip
            months = self.benefit_months if view == "benefit" else 1
            for later, part in enumerate(shares(amount, [Decimal(1)] * months)):
                yield self._placed(borne, month_of(on, later) if later else on, part)
        if len(uses) < len(equal):
            rest = row | {"suffix": ":rest", "waits_for": "booth_not_yet_used"}
            yield self._placed(rest, first, total(equal[len(uses) :]))

    def _by_days(self, row: Row, amount: Decimal, first: date, last: date) -> Iterator[Row]:
        days: dict[tuple[date, bool], list[date]] = defaultdict(list)
        for number in range((last - first).days + 1):
            day = first + number * DAY
            days[month_of(day), day <= self.as_of].append(day)
        for spent, part in zip(days.values(), shares(amount, [Decimal(len(on)) for on in days.values()]), strict=True):
            yield self._placed(row, spent[0], part)

    def _placed(self, row: Row, on: date, amount: Decimal) -> Row:
        waits = on > self.as_of
        name = f"{row['spend_id']}:{month_of(on)}{row.get('suffix', '')}{':waiting' if waits else ''}"
        return {
            **{key: value for key, value in row.items() if key != "suffix"},
            "cost_allocation_id": name,
            "allocated_on": on,
            "month": month_of(on),
            "amount": amount,
            "waits_for": "not_yet_due" if waits else row.get("waits_for"),
        }

    # ---- who bears it ----------------------------------------------------------------------------------------------
    def shared(self, view: str) -> list[Row]:
        """Every part by channel; what nobody bears says why."""
        parts = self.parts(view)
        weights: dict[tuple[str, date], Weights] = defaultdict(lambda: defaultdict(Decimal))
        for driver, on, channel, wins, weight in [*self._cost_drivers(parts), *self._other_drivers()]:
            if channel not in (None, "unknown"):
                weights[driver, month_of(on)][channel, wins] += weight
        return [row for part in parts for row in self._borne(part, weights)]

    @staticmethod
    def _cost_drivers(parts: list[Row]) -> Iterator[tuple[str, date, str | None, bool, Decimal]]:
        for part in parts:
            if part["is_direct"] and not part["waits_for"]:
                yield "direct_cost", part["month"], part["channel_id"], part["is_acquisition"], part["amount"]

    def _other_drivers(self) -> Iterator[tuple[str, date, str | None, bool, Decimal]]:
        def wins(campaign: str | None) -> bool:
            return self.campaigns.get(campaign or "", {}).get("objective") != "retention"

        for row in self.hours:
            yield "hours", row["worked_on"], row["channel_id"], row["is_acquisition"], row["hours"]
        for row in self.touches:
            yield "touches", row["touched_on"], row["channel_id"], wins(row["campaign_id"]), Decimal(1)
        for row in self.leads:
            if row["is_valid"]:
                campaign = row["origin_campaign_id"]
                yield "leads", row["created_on"], row["origin_channel_id"], wins(campaign), Decimal(1)

    def _borne(self, part: Row, weights: Mapping[tuple[str, date], Weights]) -> Iterator[Row]:
        waits = part["waits_for"]
        row = {key: value for key, value in part.items() if key not in ("waits_for", "is_direct")}
        if part["is_direct"] or waits:
            yield row | {"basis": "unallocated" if waits else "direct", "driver": None, "reason": waits}
            return
        driver = self.driver_by_cost_type.get(part["cost_type"] or "", self.driver)
        known = weights.get((driver, part["month"]), {})
        bearers = sorted(bearer for bearer, weight in known.items() if weight > 0)
        if not bearers:
            yield row | {"basis": "unallocated", "driver": driver, "reason": "zero_driver"}
            return
        for (channel, wins), amount in zip(
            bearers, shares(part["amount"], [known[bearer] for bearer in bearers]), strict=True
        ):
            yield row | {
                "cost_allocation_id": f"{row['cost_allocation_id']}:{channel}:{'acquisition' if wins else 'retention'}",
                "channel_id": channel,
                "is_acquisition": wins,
                "amount": amount,
                "basis": "shared",
                "driver": driver,
                "reason": None,
            }

    # ---- for what and in which stage -------------------------------------------------------------------------------
    @cached_property
    def _entries_of(self) -> dict[str, list[tuple[datetime, str, str, str]]]:
        found: dict[str, list[tuple[datetime, str, str, str]]] = defaultdict(list)
        for row in self.entries:
            found[row["account_id"]].append(
                (row["entered_at"], row["subject_kind"], row["stage_event_id"], row["stage"])
            )
        return found

    def stage_of(self, account: str | None, moment: datetime) -> str | None:
        """The stage that a lead or an opportunity of the account had entered last before the moment."""
        if account is None or not self.entries:
            return None
        before = [entry for entry in self._entries_of.get(account, []) if entry[0] < moment]
        if not before:
            return "before_funnel"
        _, kind, _, stage = max(before)
        return f"{kind}:{stage.lower()}"

    def ledger(self) -> list[Row]:
        """Every view by product and stage, with sales time and the difference to the books."""
        interest, stages = self._interest(), self._stages()
        rows = []
        for view in VIEWS:
            for cost in [*self._sources(self.shared(view)), *self._elsewhere()]:
                for by_product in _split(cost, self._products(cost, interest), "product_interest", "product"):
                    for row in _split(by_product, self._stage_weights(by_product, stages), "stage", "stage"):
                        rows.append(_told(row, view))
        return rows

    @staticmethod
    def _sources(shared: Iterable[Row]) -> Iterator[Row]:
        for row in shared:
            yield {
                **{
                    key: value
                    for key, value in row.items()
                    if key not in ("cost_allocation_id", "spend_id", "is_media")
                },
                "cost_source": "marketing_spend",
                "cost_id": row["spend_id"],
                "name": row["cost_allocation_id"],
            }

    def _elsewhere(self) -> Iterator[Row]:
        none = {"driver": None, "is_exhibition": False, "stage": None, "campaign_id": None, "is_acquisition": True}
        for row in self.hours:
            if row["sales_cost"] is None:
                continue
            reason = None if row["campaign_id"] else "no_campaign_or_channel"
            yield none | {
                **{name: row[name] for name in ("campaign_id", "channel_id", "salesperson_id", "stage")},
                "cost_source": "work_hours", "cost_type": "sales_time",
                "cost_id": row["work_hours_id"], "name": row["work_hours_id"],
                "allocated_on": row["worked_on"], "month": month_of(row["worked_on"]), "amount": row["sales_cost"],
                "reason": "not_yet_due" if row["worked_on"] > self.as_of else reason,
                "is_acquisition": row["is_acquisition"],
            }  # fmt: skip
        for row in self.books:
            if row["difference"]:
                yield none | {
                    "cost_source": "books", "cost_type": "books", "cost_id": row["tie_out_id"],
                    "name": row["tie_out_id"], "channel_id": "unknown", "allocated_on": row["month"],
                    "month": row["month"], "amount": row["difference"], "reason": "books_difference",
                }  # fmt: skip

    def _interest(self) -> dict[str, Counter[str | None]]:
        leads = {row["lead_id"]: row for row in self.leads if row["is_valid"]}
        scans = {
            (row["campaign_id"], row["lead_id"])
            for row in self.touches
            if row["touch_type"] == "booth_scan" and row["campaign_id"] and row["touched_on"] <= self.as_of
        }
        found: dict[str, Counter[str | None]] = defaultdict(Counter)
        for campaign, lead in scans:
            if lead in leads:
                found[campaign][leads[lead]["product_interest"]] += 1
        return found

    def _products(self, cost: Row, interest: Mapping[str, Counter[str | None]]) -> Mapping[str | None, int]:
        is_borne = cost["is_exhibition"] and cost["reason"] is None
        return interest.get(cost["campaign_id"], {}) if is_borne else {}

    def _stages(self) -> dict[tuple[object, ...], Counter[str | None]]:
        found: dict[tuple[object, ...], Counter[str | None]] = defaultdict(Counter)
        for row in self.touches:
            stage = self.stage_of(row["account_id"], row["touched_at"])
            if stage and row["touched_on"] <= self.as_of:
                found["campaign", row["campaign_id"]][stage] += 1
                found["channel", row["channel_id"]][stage] += 1
        for row in self.interactions:
            stage = self.stage_of(row["account_id"], row["occurred_at"])
            if stage and row["occurred_on"] <= self.as_of:
                found["sales", row["salesperson_id"], month_of(row["occurred_on"])][stage] += 1
        return found

    @staticmethod
    def _stage_weights(cost: Row, stages: Mapping[tuple[object, ...], Counter[str | None]]) -> Mapping[str | None, int]:
        if cost["stage"] or cost["reason"]:
            return {}
        if cost["cost_source"] == "work_hours":
            return stages.get(("sales", cost["salesperson_id"], cost["month"]), {})
        key = ("campaign", cost["campaign_id"]) if cost["campaign_id"] else ("channel", cost["channel_id"])
        return stages.get(key, {})


def _split(cost: Row, weights: Mapping[str | None, int], column: str, said: str) -> Iterator[Row]:
    """By weights, in the order of their names, nothing first; as it is where nothing weighs."""
    if not weights:
        yield cost
        return
    names = sorted(weights, key=lambda name: name or "")
    for name, amount in zip(names, shares(cost["amount"], [Decimal(weights[name]) for name in names]), strict=True):
        yield cost | {
            column: name,
            "amount": amount,
            "name": f"{cost['name']}:{said}={name or ''}",
            f"split_by_{said}": True,
        }


def _told(row: Row, view: str) -> Row:
    """A row as the published table has it."""
    by_product, by_stage = row.get("split_by_product", False), row.get("split_by_stage", False)
    is_open, is_time = row["reason"] is not None, row["cost_source"] == "work_hours"
    if by_product:
        product_rule = "scanned_leads" if row["product_interest"] else "lead_without_interest"
    else:
        product_rule = "unallocated" if is_open else "no_scanned_lead"
    if by_stage:
        stage_rule = "interactions" if is_time else "touches"
    elif row["stage"]:
        stage_rule = "tagged"
    else:
        stage_rule = "unallocated" if is_open else "no_interaction" if is_time else "no_touch"
    columns = "cost_source cost_id campaign_id channel_id cost_type stage allocated_on month amount driver reason"
    return {
        "cost_ledger_id": f"{view}:{row['name']}",
        "view": view,
        **{name: row[name] for name in (*columns.split(), "is_acquisition")},
        "product_interest": row.get("product_interest"),
        "product_rule": product_rule if row["is_exhibition"] else "not_of_a_show",
        "stage_rule": stage_rule,
        "basis": row.get("basis") or ("unallocated" if is_open else "direct"),
    }
