"""A company for the tests of the cost ledger: cases worked out by hand in 2021, and random ones from 2022 on.

Overhead meets its drivers within a month and everything else within its campaign, so the two do not touch each other.
Up to ``AS_OF`` things have happened; what lies after it waits.
"""

from __future__ import annotations

import datetime as dt
import random
from decimal import Decimal
from typing import Any

from tests.oracles.marts_costs import Company
from tests.unit.scratch_project import ScratchProject

AS_OF = dt.date(2025, 3, 15)
DRIVERS = {"tool": "hours", "salary": "touches", "sample": "leads"}
VARIABLES = {"overhead_driver_by_cost_type": DRIVERS}
COSTS = "touch_stage cost_part cost_share cost_allocation cost_ledger"
Row = dict[str, Any]
Day = dt.date
CHANNELS = ("mail", "show", "web", "unknown")
STAGES = (("lead", "New"), ("lead", "mql"), ("opportunity", "quotation"), ("opportunity", "won"))


def cost(spend_id: str, amount: str, on: Day, cost_type: str | None = None, **more: Any) -> Row:
    none = dict.fromkeys(("campaign_id", "objective", "service_from", "service_to", "stage", "planned_shows"))
    row = {"spend_id": spend_id, "channel_id": "unknown", "spent_on": on, "cost_type": cost_type}
    return none | row | {"cost_functional": Decimal(amount)} | more


def campaign(channel: str, starts_on: Day | None = None, booth: str | None = None, objective: str | None = None) -> Row:
    return {"channel_id": channel, "starts_on": starts_on, "booth": booth, "objective": objective}


def touch(touch_id: str, at: str, channel: str, campaign_id: str | None = None, **more: Any) -> Row:
    moment = dt.datetime.fromisoformat(at)
    none = dict.fromkeys(("account_id", "lead_id", "touch_type"))
    row = {"touch_id": touch_id, "campaign_id": campaign_id, "channel_id": channel}
    return none | row | {"touched_at": moment, "touched_on": moment.date()} | more


def entry(event: str, account: str, kind: str, stage: str, at: str) -> Row:
    moment = dt.datetime.fromisoformat(at)
    return {"stage_event_id": event, "account_id": account, "subject_kind": kind, "stage": stage, "entered_at": moment}


def hours(entry_id: str, on: Day, count: str, channel: str, campaign_id: str | None = None, **more: Any) -> Row:
    none = {"salesperson_id": None, "stage": None, "sales_cost": None, "is_acquisition": True}
    row = {"work_hours_id": entry_id, "worked_on": on, "hours": Decimal(count), "channel_id": channel}
    return none | row | {"campaign_id": campaign_id} | more


def lead(lead_id: str, on: Day, interest: str | None, channel: str | None = None, **more: Any) -> Row:
    row = {"lead_id": lead_id, "created_on": on, "product_interest": interest, "origin_channel_id": channel}
    return {"origin_campaign_id": None, "is_valid": True} | row | more


def met(number: str, account: str | None, at: str) -> Row:
    moment = dt.datetime.fromisoformat(at)
    return {
        "interaction_id": number,
        "account_id": account,
        "salesperson_id": "s1",
        "occurred_at": moment,
        "occurred_on": moment.date(),
    }


def by_hand() -> Company:
    """See the tests for what each row is for."""
    return Company(
        as_of=AS_OF,
        driver_by_cost_type=DRIVERS,
        campaigns={
            "g_first": campaign("show", Day(2021, 2, 10), "booth"),
            "g_second": campaign("show", Day(2021, 6, 1), "booth"),
            "g_planned": campaign("show", Day(2025, 6, 1), "booth"),
            "g_other": campaign("show", Day(2021, 4, 1), "another"),
            "g_late": campaign("show", Day(2024, 12, 20)),
            "g_web": campaign("web"),
            "g_keep": campaign("mail", objective="retention"),
        },
        spend=[
            cost("build", "100.00", Day(2020, 12, 1), "build", campaign_id="g_first", channel_id="show",
                 service_from=Day(2021, 2, 9), stage="won over", planned_shows=3),
            cost("floor", "0.02", Day(2024, 12, 1), "booth", campaign_id="g_late", channel_id="show"),
            cost("click", "10.00", Day(2021, 5, 5), "media", campaign_id="g_web", channel_id="web"),
            cost("span", "11.00", Day(2025, 3, 1), "media", campaign_id="g_web", channel_id="web", stage="all",
                 service_from=Day(2025, 3, 10), service_to=Day(2025, 3, 20)),
            cost("by_hours", "10.00", Day(2021, 8, 5), "tool"),
            cost("by_touches", "10.00", Day(2021, 9, 5), "salary"),
            cost("by_leads", "-10.01", Day(2021, 10, 5), "sample"),
            cost("by_nothing", "10.00", Day(2021, 11, 5), "tool"),
            cost("ahead", "10.00", Day(2025, 4, 1), "tool"),
        ],
        touches=[
            *(touch(f"scan{n}", "2021-02-11", "show", "g_first", lead_id=f"l{n}", touch_type="booth_scan")
              for n in (1, 2, 3, 4, 5)),
            touch("again", "2021-02-12", "show", "g_first", lead_id="l1", touch_type="booth_scan"),
            touch("call", "2021-02-12", "show", "g_first", lead_id="l6", touch_type="call"),
            touch("makes_lead", "2021-03-05 10:00:00", "web", "g_web", account_id="a"),
            touch("nurtures", "2021-03-06", "web", "g_web", account_id="a"),
            touch("closes", "2021-05-01", "web", "g_web", account_id="a"),
            touch("nobody", "2021-05-02", "web", "g_web"),
            *(touch(f"shared{n}", "2021-09-09", channel, campaign_id)
              for n, (channel, campaign_id) in enumerate((("web", None), ("mail", None), ("mail", "g_keep"),
                                                          ("unknown", None)))),
        ],
        leads=[
            *(lead(f"l{n}", Day(2021, 2, 11), interest) for n, interest in enumerate(("US", "ECG", "ECG", None), 1)),
            lead("l5", Day(2021, 2, 11), "US", is_valid=False),
            lead("l6", Day(2021, 2, 11), "US"),
            lead("l7", Day(2021, 10, 3), None, "web"),
            lead("l8", Day(2021, 10, 4), None, "show"),
            lead("l9", Day(2021, 10, 5), None, "show", is_valid=False),
        ],
        entries=[
            entry("e1", "a", "lead", "New", "2021-03-05 10:00:00"),
            entry("e2", "a", "opportunity", "quotation", "2021-04-01 00:00:00"),
        ],
        hours=[
            hours("h1", Day(2021, 8, 2), "2", "web", "g_web", salesperson_id="s1", sales_cost=Decimal("100.00")),
            hours("h2", Day(2021, 8, 3), "1", "show", "g_first"),
            hours("h3", Day(2021, 8, 3), "5", "unknown", salesperson_id="s1", sales_cost=Decimal("50.00")),
        ],
        interactions=[
            met("i1", "a", "2021-08-02 09:00:00"),
            met("i2", "a", "2021-08-03 09:00:00"),
            met("i3", "new", "2021-08-03 10:00:00"),
            met("i4", None, "2021-08-03 11:00:00"),
            met("i5", "new", "2021-09-03 10:00:00"),
        ],
        books=[
            {"tie_out_id": "marketing_expense|2021-02-01", "month": Day(2021, 2, 1), "difference": Decimal("-4.20")},
            {"tie_out_id": "marketing_expense|2021-03-01", "month": Day(2021, 3, 1), "difference": Decimal("0.00")},
        ],
    )  # fmt: skip


def at_random(company: Company, seed: int, costs: int) -> None:
    """Adds costs of every kind, with everything that they are shared by, from 2022 to a year after the as-of date."""
    rng = random.Random(seed)
    first, span = Day(2022, 1, 1), 1500

    def day(until: int = span) -> Day:
        return first + dt.timedelta(days=rng.randrange(until))

    def moment() -> str:
        return f"{day()} {rng.randrange(24):02}:{rng.randrange(60):02}:00"

    campaigns = dict(company.campaigns)
    for number in range(25):
        campaigns[f"r{number}"] = campaign(
            rng.choice(CHANNELS),
            rng.choice((None, day(), day())),
            rng.choice((None, "b1", "b2")),
            rng.choice((None, "retention", "brand")),
        )
    company.campaigns = campaigns
    named = [None, None, *(name for name in campaigns if name.startswith("r"))]
    for number in range(costs):
        of, starts = rng.choice(named), rng.choice((None, day()))
        channel = campaigns[of]["channel_id"] if of else rng.choice(("web", "unknown", "unknown"))
        company.spend.append(
            cost(
                f"c{number}", str(Decimal(rng.randrange(-5_000, 3_000_000)).scaleb(-2)), day(),
                rng.choice(("media", "booth", "build", "travel", "freight", "sample", "tool", "salary", "other", None)),
                campaign_id=of, channel_id=channel, objective=campaigns[of]["objective"] if of else None,
                stage=rng.choice((None, None, "tag")), planned_shows=rng.choice((None, 1, 2, 3, 7)),
                service_from=starts, service_to=starts and starts + dt.timedelta(days=rng.randrange(200)),
            )
        )  # fmt: skip
    accounts = [None, *(f"a{number}" for number in range(40))]
    for number in range(600):
        of = rng.choice(named)
        channel = campaigns[of]["channel_id"] if of else rng.choice(CHANNELS)
        company.touches.append(
            touch(f"t{number}", moment(), channel, of, account_id=rng.choice(accounts),
                  lead_id=f"r{rng.randrange(120)}", touch_type=rng.choice(("booth_scan", "click")))
        )  # fmt: skip
    for number in range(120):
        company.leads.append(
            lead(f"r{number}", day(), rng.choice((None, "ECG", "US", "超声")), rng.choice((*CHANNELS, None)),
                 is_valid=rng.random() < 0.8, origin_campaign_id=rng.choice(named))
        )  # fmt: skip
    for number in range(150):
        kind, stage = rng.choice(STAGES)
        company.entries.append(entry(f"r{number}", f"a{rng.randrange(40)}", kind, stage, moment()))
    for number in range(150):
        of = rng.choice(named)
        company.hours.append(
            hours(f"r{number}", day(), str(Decimal(rng.randrange(0, 90)) / 10),
                  campaigns[of]["channel_id"] if of else "unknown", of, salesperson_id=rng.choice(("s1", "s2")),
                  stage=rng.choice((None, "tag")), is_acquisition=rng.random() < 0.7,
                  sales_cost=rng.choice((None, Decimal(rng.randrange(1, 90_000)).scaleb(-2))))
        )  # fmt: skip
    for number in range(300):
        company.interactions.append(met(f"r{number}", rng.choice(accounts), moment()) | {
            "salesperson_id": rng.choice(("s1", "s2", None))
        })  # fmt: skip


def load(case: ScratchProject, company: Company) -> None:
    """The company as the models above the ledger would have it."""
    case.load("intermediate.int_as_of", [{"as_of_on": company.as_of}])
    case.load("intermediate.int_spend", company.spend)
    case.load("marts.dim_campaign", [{"campaign_id": key, **row} for key, row in company.campaigns.items()])
    case.load("marts.touch_facts", company.touches)
    case.load("marts.lead_facts", company.leads)
    case.load("marts.work_hours_facts", company.hours)
    case.load("marts.interaction_facts", company.interactions)
    told = [{"is_entry": True, "is_valid": True, **row} for row in company.entries]
    # what is no entry, or of a lead that does not count, says nothing of the account's stage
    void = [{**row, "stage": "void", "stage_event_id": f"{row['stage_event_id']}{number}"}
            for number in (1, 2) for row in told[::9]]  # fmt: skip
    half = len(void) // 2
    case.load("marts.stage_event_facts", [*told, *(row | {"is_entry": False} for row in void[:half]),
                                          *(row | {"is_valid": False} for row in void[half:])])  # fmt: skip
    case.load("marts.ledger_tie_out", [{"account": "marketing_expense", "is_closed": True, **row}
                                       for row in company.books])  # fmt: skip
    case.load("marts.ledger_tie_out", [
        {"tie_out_id": "revenue|2021-02-01", "account": "revenue", "month": Day(2021, 2, 1),
         "difference": Decimal("9.99"), "is_closed": True},
        {"tie_out_id": "marketing_expense|2025-03-01", "account": "marketing_expense", "month": Day(2025, 3, 1),
         "difference": Decimal("9.99"), "is_closed": False},
    ])  # fmt: skip
