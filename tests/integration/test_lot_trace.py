"""``triloop lot`` against the demo's raw files, read here without the product: who has a lot, and whose lot it was."""

from __future__ import annotations

import csv
import json
import sqlite3
from collections import Counter, defaultdict
from contextlib import closing
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import triloop

pytestmark = pytest.mark.slow


def erp_rows(workspace: Path, name: str) -> list[dict[str, str]]:
    [path] = (workspace / "inbox" / "erp").glob(f"{name}_*.csv")
    with path.open(encoding="gb18030", newline="") as file:
        return list({tuple(row.values()): row for row in csv.DictReader(file)}.values())


def service_rows(workspace: Path, query: str) -> list[tuple[Any, ...]]:
    path = workspace / "inbox" / "service" / "service.sqlite"
    with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as connection:
        return list(connection.execute(query))


def lot(workspace: Path, *arguments: str) -> dict[str, Any]:
    outcome = triloop("lot", *arguments, "--workspace", workspace, "--json")
    assert outcome.returncode == 0, outcome.stderr
    return json.loads(outcome.stdout)  # type: ignore[no-any-return]


@pytest.fixture(scope="module")
def complained_lot(demo_workspace: Path) -> str:
    """The lot of most tickets."""
    counted = Counter(
        number for (number,) in service_rows(demo_workspace, "select lot_no from service_tickets") if number
    )
    return str(min(counted, key=lambda number: (-counted[number], number)))


def test_recall_finds_every_customer_of_a_lot(demo_workspace: Path, complained_lot: str) -> None:
    told = lot(demo_workspace, complained_lot)
    units: dict[str, Decimal] = defaultdict(Decimal)
    for row in erp_rows(demo_workspace, "发货行"):
        if row["批号"] == complained_lot:
            units[f"erp:{row['单号']}-{row['行号']}"] += Decimal(row["数量"].replace(",", ""))
    assert units
    assert {row["order_line_id"]: Decimal(row["quantity_shipped"]) for row in told["holders"]} == units
    customer = {row["单号"]: row["客户编码"] for row in erp_rows(demo_workspace, "订单")}
    held_by = {f"erp:{customer[line.removeprefix('erp:').rsplit('-', 1)[0]]}" for line in units}
    assert {row["customer_id"] for row in told["holders"]} == held_by
    assert sum(Decimal(row["quantity_shipped"]) for row in told["origins"]) == sum(units.values())
    made = service_rows(
        demo_workspace, f"select distinct work_order from production_orders where lot_no = '{complained_lot}'"
    )
    assert {row["production_order_id"] for row in told["production"]} == {f"service:{order}" for (order,) in made}


def test_what_came_back_is_no_longer_out(demo_workspace: Path) -> None:
    """A line that was filled from one lot: what is out is what was shipped less what was returned."""
    returned: dict[str, Decimal] = defaultdict(Decimal)
    for order, line, quantity in service_rows(
        demo_workspace, "select distinct order_no, line_no, qty from returns order by return_id"
    ):
        returned[f"{order}-{line}"] += Decimal(str(quantity))
    lots: dict[str, set[str]] = defaultdict(set)
    shipped: dict[str, Decimal] = defaultdict(Decimal)
    for row in erp_rows(demo_workspace, "发货行"):
        lots[f"{row['单号']}-{row['行号']}"].add(row["批号"])
        shipped[f"{row['单号']}-{row['行号']}"] += Decimal(row["数量"].replace(",", ""))
    line = min(line for line in returned if len(lots[line]) == 1)
    [number] = lots[line]
    [holder] = [row for row in lot(demo_workspace, number)["holders"] if row["order_line_id"] == f"erp:{line}"]
    out = shipped[line] - returned[line]
    assert Decimal(holder["quantity_out_least"]) == Decimal(holder["quantity_out_most"]) == out < shipped[line]


def test_a_complaint_leads_to_the_order_and_the_campaign_of_its_customer(demo_workspace: Path) -> None:
    serials = {row["序列号"]: (row["单号"], row["批号"]) for row in erp_rows(demo_workspace, "发货行") if row["序列号"]}
    tag = {row["单号"]: row["市场活动"] for row in erp_rows(demo_workspace, "订单")}
    ticket, serial = next(
        (ticket, serial)
        for ticket, serial in service_rows(
            demo_workspace, "select ticket_id, serial_no from service_tickets where kind = '投诉' order by ticket_id"
        )
        if serial in serials and tag[serials[serial][0]]
    )
    order, number = serials[serial]
    told = lot(demo_workspace, "--ticket", ticket)
    assert told["lot_no"] == number
    assert told["ticket"]["order_id"] == f"erp:{order}"
    assert told["ticket"]["origin_campaign_id"] == f"crm:{tag[order]}"
    assert f"crm:{tag[order]}" in {row["origin_campaign_id"] for row in told["origins"]}
    assert f"service:{ticket}" in {row["ticket_id"] for row in told["tickets"]}


def test_the_page_reads_in_both_languages(demo_workspace: Path, complained_lot: str) -> None:
    for language, word in (("en", "Where these customers' orders came from"), ("zh", "这些客户订单的来源")):
        outcome = triloop("lot", complained_lot, "--workspace", demo_workspace, "--lang", language)
        assert outcome.returncode == 0, outcome.stderr
        assert word in outcome.stdout
        assert complained_lot in outcome.stdout.splitlines()[0]


def test_an_unknown_lot_or_ticket_names_the_nearest(demo_workspace: Path, complained_lot: str) -> None:
    outcome = triloop("lot", f"{complained_lot}X", "--workspace", demo_workspace, "--lang", "en")
    assert outcome.returncode == 2
    assert complained_lot in outcome.stderr.splitlines()[-1]
    outcome = triloop("lot", "--ticket", "FW0000", "--workspace", demo_workspace, "--lang", "en")
    assert outcome.returncode == 2
    assert "there is no ticket 'FW0000'" in outcome.stderr
    assert "did you mean 'FW" in outcome.stderr.splitlines()[-1]
