"""The schema ``lifetime``: what customers are expected to bring, written before the metrics, which read it."""

from __future__ import annotations

from collections import defaultdict
from datetime import date
from decimal import Decimal
from typing import Any, Final, NamedTuple

import duckdb

from orchestration.lib.contract import Label
from orchestration.lib.lifetime.histories import Order, histories
from orchestration.lib.metrics.dimensions import PERIODS, UNKNOWN
from orchestration.lib.settings import Settings
from orchestration.lib.warehouse import connect
from orchestration.lib.workspace import Workspace

SCHEMA: Final = "lifetime"

TABLES: Final[dict[str, tuple[Label, dict[str, str]]]] = {
    "customer": (
        Label(en="What each customer is expected to contribute", zh="每个客户的预期边际贡献"),
        {
            "account_id": "VARCHAR",
            "method": "VARCHAR",
            "horizon_days": "BIGINT",
            "contribution_to_date": "DECIMAL(18,2)",
            "expected": "DECIMAL(18,2)",
            "expected_low": "DECIMAL(18,2)",
            "expected_high": "DECIMAL(18,2)",
            "expected_orders": "DECIMAL(18,4)",
            "probability_alive": "DECIMAL(9,8)",
            "holdout_error": "DECIMAL(18,8)",
        },
    ),
    "cohort": (
        Label(
            en="The same of cohorts, whose interval is not the sum of their customers'", zh="各批次的预期边际贡献及区间"
        ),
        {
            "cut": "VARCHAR",
            "period_kind": "VARCHAR",
            "period_start": "DATE",
            "customer_segment": "VARCHAR",
            "customer_region": "VARCHAR",
            "customers": "BIGINT",
            "contribution_to_date": "DECIMAL(18,2)",
            "expected": "DECIMAL(18,2)",
            "expected_low": "DECIMAL(18,2)",
            "expected_high": "DECIMAL(18,2)",
        },
    ),
}


class _Customer(NamedTuple):
    account: str
    first_order_on: date
    contribution: Decimal
    segment: str
    region: str


def build_lifetime(workspace: Workspace, settings: Settings) -> str:
    """Write ``lifetime.*`` in one transaction; the sentence for the log.

    Both tables stay empty when no customer's contribution is known.
    """
    with connect(workspace) as database:
        database.execute(f"create schema if not exists {SCHEMA}")
        customers, orders, as_of = _read(database)
        rows, said = _rows(customers, orders, as_of, settings) if customers else ({}, "no contribution is known")
        database.execute("begin transaction")
        try:
            for table, (_, columns) in TABLES.items():
                types = ", ".join(f"{name} {kind}" for name, kind in columns.items())
                database.execute(f"create or replace table {SCHEMA}.{table} ({types})")
                if rows.get(table):
                    marks = ", ".join("?" * len(columns))
                    database.executemany(f"insert into {SCHEMA}.{table} values ({marks})", rows[table])
        except BaseException:
            database.execute("rollback")
            raise
        database.execute("commit")
    return said


def _read(database: duckdb.DuckDBPyConnection) -> tuple[list[_Customer], list[Order], date]:
    as_of = database.execute("select as_of_on from intermediate.int_as_of").fetchone()
    assert as_of is not None
    customers = database.execute(
        "select account_id, first_order_on, contribution, coalesce(segment, $1), coalesce(region, $1) "
        "from marts.customer_facts where first_order_on <= $2 and contribution is not null order by account_id",
        [UNKNOWN, as_of[0]],
    ).fetchall()
    orders = database.execute(
        "select account_id, confirmed_on, orders.contribution from marts.order_facts as orders "
        "join marts.customer_facts as customers using (account_id) where is_net_positive and confirmed_on <= ? "
        "and customers.contribution is not null order by account_id, confirmed_on, order_id",
        [as_of[0]],
    ).fetchall()
    return [_Customer(*row) for row in customers], [Order(*row) for row in orders], as_of[0]


def _rows(
    customers: list[_Customer], orders: list[Order], as_of: date, settings: Settings
) -> tuple[dict[str, list[list[Any]]], str]:
    from orchestration.lib.lifetime.predict import Carrying, holdout_error, intervals, predict  # scipy

    wanted = settings.metrics
    horizon = wanted.ltv_horizon_days
    carrying = Carrying(wanted.ltv_least_customers, wanted.ltv_least_repeaters)
    known = histories(orders, as_of)
    prediction = predict(known, horizon, carrying)
    error = holdout_error(prediction.method, orders, as_of, horizon, carrying)
    of_account = {customer.account: customer for customer in customers}
    cells: dict[tuple[Any, ...], int] = {}
    groups: list[list[int]] = []
    sums: dict[int, list[Any]] = defaultdict(lambda: [0, Decimal(0), 0.0])
    for account, mean in zip(known.accounts, prediction.mean, strict=True):
        customer = of_account[account]
        own = [cells.setdefault(cell, len(cells)) for cell in _cells(customer, settings)]
        groups.append(own)
        for number in own:
            cell_sum = sums[number]
            cell_sum[0] += 1
            cell_sum[1] += customer.contribution
            cell_sum[2] += mean
    ends, group_ends = intervals(prediction, groups)
    each = [
        [
            account,
            prediction.method,
            horizon,
            of_account[account].contribution,
            _money(prediction.mean[number]),
            _money(ends[number][0]),
            _money(ends[number][1]),
            None if prediction.purchases is None else round(Decimal(float(prediction.purchases[number])), 4),
            None if prediction.alive is None else round(Decimal(float(prediction.alive[number])), 8),
            None if error is None else round(Decimal(error), 8),
        ]
        for number, account in enumerate(known.accounts)
    ]
    together = [
        [*cell, *sums[number][:2], *(_money(value) for value in (sums[number][2], *group_ends[number]))]
        for cell, number in cells.items()
    ]
    off = "not measured" if error is None else f"{error:.1%} off on the holdout"
    return {"customer": each, "cohort": together}, f"lifetime: {len(each):,} customers by {prediction.method}, {off}"


def _cells(customer: _Customer, settings: Settings) -> list[tuple[Any, ...]]:
    """Cut, kind, start, segment, region of every cell that the customer is in."""
    first = customer.first_order_on
    shift = settings.company.fiscal_year_start_month - 1
    starts: list[tuple[str, date | None]] = []
    for period in PERIODS.values():
        if period.months is None:
            starts.append((period.kind, None))
            continue
        back = (first.month - 1 + 12 - shift) % period.months
        month = first.year * 12 + first.month - 1 - back
        starts.append((period.kind, date(month // 12, month % 12 + 1, 1)))
    return [
        (cut, *start, *members)
        for start in starts
        for cut, members in (
            ("total", (None, None)),
            ("customer_segment", (customer.segment, None)),
            ("customer_region", (None, customer.region)),
        )
    ]


def _money(value: float) -> Decimal:
    return round(Decimal(float(value)), 2)
