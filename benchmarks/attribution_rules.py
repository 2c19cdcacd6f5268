"""All rule models through the product's own dbt models, against DP6 marketing-attribution-models and a plain write.

    python benchmarks/attribution_rules.py [--quick] [--touches 10000000] [--profile FOLDER]

The journeys of attribution_models.py, one account each, touches in the order of time; the accounts that convert have an
order of one posting, and most of them a lead, an opportunity and a quote. Timed are the statements that dbt sends, from
the table of touches to the credits of every touch to the cent: window join, weights, credits. Beside them in the same
run: the window join alone, written as it is; the rows of the credits, written as they are; and DP6's first, last,
linear, position based and time decay, totals per channel in floating point, from its own table of journeys (its reading
of the touches is told, too). The better of two runs. Ends with 1 if a result differs or a ratio is missed; --quick
(500,000 touches) judges only results.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path
from typing import Any

import duckdb

from benchmarks.attribution_models import Cost, rival, simulated, timed
from tests.unit.attribution_case import MODELS, scratch

FIVE = ["first", "last", "linear", "position_based", "time_decay"]
RULES = [*FIVE, "last_non_direct", "u_shaped", "w_shaped", "full_path", "staged", "staged_information"]
HALF_LIFE_DAYS = 7
#: the tables between touches and credits, in the order of building; the credits are what the last one holds
CHAIN = [
    "journey_input",
    "journey_touch",
    "journey_milestone",
    "attribution_weight_current",
    "attribution_credit_current",
]
CREDIT = f"attribution.{CHAIN[-1]}"
#: from what was simulated: journeys start over a year, a day lies between touches, an order an hour after the last
UPSTREAM = {
    "intermediate.int_touch": """
        insert into intermediate.int_touch by name
        select 't' || row_number() over () as touch_id, 'a' || journey_id as account_id, channel as channel_id,
            campaign as campaign_id, touched_at, touched_at as effective_at, cast(touched_at as date) as touched_on,
            'exact' as precision, 'click' as touch_type
        from simulated.touches order by touched_at""",
    "marts.dim_channel": """
        insert into marts.dim_channel by name
        select distinct channel as channel_id, case when channel = 'channel 0003' then 'direct' else 'paid' end
            as channel_group from simulated.touches""",
    "marts.order_facts": """
        insert into marts.order_facts by name
        select 'o' || journey_id as order_id, 'a' || journey_id as account_id, ordered_at as confirmed_at,
            cast(ordered_at as date) as confirmed_on, false as is_excluded, false as is_first_order, 'CNY' as currency,
            case when hash(journey_id) % 10 < 8 then 'l' || journey_id end as lead_id,
            case when hash(journey_id) % 10 < 7 then 'd' || journey_id end as opportunity_id
        from simulated.orders""",
    "intermediate.int_lead": """
        insert into intermediate.int_lead by name
        select 'l' || journey_id as lead_id, lead_at as created_at, cast(lead_at as date) as created_on,
            lead_at + interval 1 hour as mql_at, cast(lead_at + interval 1 hour as date) as mql_on
        from simulated.orders""",
    "intermediate.int_opportunity": """
        insert into intermediate.int_opportunity by name
        select 'd' || journey_id as opportunity_id, deal_at as created_at, cast(deal_at as date) as created_on
        from simulated.orders""",
    "marts.quote_facts": """
        insert into marts.quote_facts by name
        select 'q' || journey_id as quote_id, 'd' || journey_id as opportunity_id, deal_at + interval 2 hour as
            quoted_at, cast(deal_at + interval 2 hour as date) as quoted_on
        from simulated.orders where hash(journey_id) % 10 < 6""",
    "attribution.order_measure": """
        insert into attribution.order_measure by name
        select 'o' || journey_id as order_id, 'ol' || journey_id as order_line_id, 'invoice_line:il' || journey_id as
            posting_id, cast(ordered_at as date) + 30 as posted_on, 'invoiced' as measure, amount
        from simulated.orders""",
    "intermediate.int_as_of": "insert into intermediate.int_as_of values (date '2026-12-31')",
}
PLAIN = """
    select conversion.order_id, touch.touch_id, touch.channel_id, touch.campaign_id, touch.touched_at
    from attribution.conversion as conversion
    join attribution.account_touch as touch on conversion.account_id = touch.account_id
        and touch.touched_at <= conversion.converted_at
        and touch.effective_at >= conversion.converted_at - to_days(touch.lookback_days)"""

COPY = f"select * from {CREDIT}"
ROWS = "select count(*) from attribution.plain"


class Product:
    """A warehouse with the simulated touches and the statements dbt makes of the project for some models."""

    def __init__(self, folder: Path, models: list[str], simulation: Path) -> None:
        case = scratch(
            folder,
            {
                "attribution_models": models,
                "default_attribution_model": "position_based",
                "half_life_days": HALF_LIFE_DAYS,
            },
        )
        case.build(MODELS, exclude="order_measure cost_allocation")
        self.database = duckdb.connect(str(case.workspace.warehouse_file))
        self.database.execute(f"attach '{simulation}' as simulated (read_only)")
        for statement in UPSTREAM.values():
            self.database.execute(statement)
        self.database.execute("detach simulated")
        self.statements = {
            file.stem: file.read_text(encoding="utf-8") for file in case.workspace.dbt_target_dir.rglob("run/**/*.sql")
        }
        for name in ("conversion", "stage_pool", "attribution_model"):
            self.build(name)

    def build(self, name: str) -> None:
        """What dbt does at the first run: make the table by its contract, and fill it."""
        self.database.execute(f"drop table if exists attribution.{name}")
        self.database.execute(self.statements[name].replace(f"{name}__dbt_tmp", name))

    def write(self, sql: str) -> None:
        """A query into a table, and nothing else."""
        self.database.execute(f"create or replace table attribution.plain as {sql}")

    def value(self, sql: str) -> Any:
        return self.database.execute(sql).fetchall()[0][0]


def simulation(touches: int, folder: Path) -> Path:
    """A file of the journeys with their times, and of the orders with their amounts."""
    database, file = simulated(touches, 1_000), folder / "simulated.duckdb"
    database.execute(f"attach '{file}' as s")
    database.execute(
        "create table s.touches as select *, timestamp '2025-01-01' + to_days(cast(hash(journey_id) % 300 as integer) "
        "+ cast(touch_position as integer)) as touched_at from touches"
    )
    database.execute(
        "create table s.orders as select journey_id, max(touched_at) + interval 1 hour as ordered_at, "
        "min(touched_at) + (max(touched_at) - min(touched_at)) / 3 as lead_at, "
        "min(touched_at) + (max(touched_at) - min(touched_at)) / 2 as deal_at, "
        "cast(hash(journey_id + 7) % 10000000 + 1 as decimal(18, 2)) / 100 as amount "
        "from s.touches where is_converted group by journey_id"
    )
    database.execute("alter table s.orders alter amount type decimal(18, 2)")
    database.close()
    return file


def told_by_dp6(simulated_file: Path, folder: Path, channel: str) -> dict[str, Any]:
    """What DP6 takes and finds, by channel or (for the check) by journey."""
    file = folder / "dp6.parquet"
    with duckdb.connect(str(simulated_file), read_only=True) as database:
        database.execute(
            f"copy (select t.journey_id, t.{channel}, t.touched_at, t.is_converted, "
            "case when t.touched_at + interval 1 hour = o.ordered_at then cast(o.amount as double) end as amount "
            f"from touches as t left join orders as o using (journey_id) order by t.touched_at) to '{file}'"
        )
    return rival("dp6_rules", file, 2, HALF_LIFE_DAYS * 24)


def check(product: Product, theirs: dict[str, dict[str, float]]) -> list[str]:
    """Every order is credited to the cent in every model, and the channels have what DP6 says but for rounding."""
    faults = []
    off = product.value(
        f"select count(*) from (select order_id, model, sum(amount) as credited from {CREDIT} "
        "group by all) join attribution.order_measure using (order_id) where credited <> amount"
    )
    orders, credited = (
        product.value("select count(*) from attribution.order_measure"),
        product.value(f"select count(distinct order_id || model) from {CREDIT}"),
    )
    if off or credited != len(FIVE) * orders:
        faults.append(f"{off} orders × models are not credited to the cent, of {credited} for {orders} orders")
    farthest = 0.0
    for model, channel, amount, rows in product.database.execute(
        f"select model, channel_id, sum(amount), count(*) from {CREDIT} group by all"
    ).fetchall():
        difference = abs(float(amount) - theirs[model].get(channel, 0.0))
        farthest = max(farthest, difference)
        if difference > 0.01 * rows:
            faults.append(f"{model}, {channel}: {amount}, DP6 has {theirs[model].get(channel)}")
    print(f"  every order to the cent; from DP6's totals per model and channel at most {farthest:,.2f} (its floats)")
    return faults


def compare(touches: int, folder: Path, *, judged: bool) -> list[str]:
    """Print the table; what is wrong."""
    file, faults = simulation(touches, folder), []
    theirs = told_by_dp6(file, folder, "channel")
    five = Product(folder / "five", FIVE, file)
    print(f"{touches:,} touches, {five.value('select count(*) from attribution.conversion'):,} orders\n")
    print(f"{'':<58}{'seconds':>9}{'CPU':>8}{'rows':>12}")

    def told(name: str, cost: Cost, rows: int | None = None) -> Cost:
        print(f"{name:<58}{cost.wall:>9.2f}{cost.cpu:>8.2f}{f'{rows:,}' if rows else '':>12}", flush=True)
        return cost

    def chain(product: Product, names: list[str]) -> Cost:
        spent = []
        for name in names:
            cost, _ = timed(lambda name=name: product.build(name))
            spent.append(told(f"  {name}", cost, product.value(f"select count(*) from attribution.{name}")))
        return Cost(sum(one.wall for one in spent), sum(one.cpu for one in spent))

    ours = told("five models, touches to credits", chain(five, [name for name in CHAIN if name != "journey_milestone"]))
    plain = told("the window join, written as it is", timed(lambda: five.write(PLAIN))[0], five.value(ROWS))
    rows = told("the rows of the credits, written as they are", timed(lambda: five.write(COPY))[0], five.value(ROWS))
    dp6 = told("DP6, five models", Cost(theirs["seconds"], theirs["cpu"]))
    read = Cost(theirs["seconds"] + theirs["reading"], theirs["cpu"] + theirs["reading"])
    told("DP6, with its reading of the touches", read)
    faults += check(five, theirs["conversions"])
    five.database.close()
    every = Product(folder / "all", RULES, file)
    most = told(f"all {len(RULES)} rule models", chain(every, CHAIN))
    every.database.close()

    print(f"\n{'ratio':<58}{'seconds':>9}{'CPU':>8}{'wanted':>12}")
    for name, one, other, wanted in (
        ("DP6's five models ÷ ours", dp6, ours, 3.5),
        ("  with DP6's reading of the touches", read, ours, None),
        ("ours ÷ the window join, written as it is", ours, plain, -4),
        ("ours ÷ the rows of the credits, written as they are", ours, rows, None),
        (f"all {len(RULES)} rule models ÷ five", most, ours, -2),
    ):
        ratio = one.wall / other.wall
        aim = "" if wanted is None else f"{'≥' if wanted > 0 else '≤'} {abs(wanted)}"
        print(f"{name:<58}{ratio:>9.2f}{one.cpu / other.cpu:>8.2f}{aim:>12}")
        if judged and wanted and (ratio < wanted if wanted > 0 else ratio > -wanted):
            faults.append(f"{name}: {ratio:.2f}, wanted {aim}")
    return faults


def main() -> int:
    """Print the table; 1 if something is wrong."""
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--quick", action="store_true")
    arguments.add_argument("--touches", type=int)
    told = arguments.parse_args()
    touches = told.touches or (500_000 if told.quick else 10_000_000)
    with tempfile.TemporaryDirectory(prefix="triloop-bench-") as name:
        faults = compare(touches, Path(name), judged=not told.quick)
    print("\n".join(["", *faults]) if faults else "\nall results agree")
    return int(bool(faults))


if __name__ == "__main__":
    sys.exit(main())
