"""A figure is followed to rows of the original files, which are read here without the product."""

from __future__ import annotations

import csv
import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import triloop

pytestmark = pytest.mark.slow


def traced(workspace: Path, *arguments: str) -> dict[str, Any]:
    outcome = triloop("trace", *arguments, "--workspace", workspace, "--limit", "100", "--json")
    assert outcome.returncode == 0, outcome.stderr
    return json.loads(outcome.stdout)  # type: ignore[no-any-return]


def raw_rows(workspace: Path, source_file: str) -> list[dict[str, str]]:
    encoding = "gb18030" if "/erp/" in source_file else "utf-8-sig"
    with (workspace / source_file).open(encoding=encoding, newline="") as handle:
        return list(csv.DictReader(handle))


def test_orders_of_a_month_reach_every_line_of_the_erp_export(demo_workspace: Path) -> None:
    told = traced(demo_workspace, "aov", "--where", "month=2024-11")
    orders = next(side for side in told["sides"] if side["side"] == "numerator")["parts"][0]
    assert orders["row_count"] == len(orders["rows"]) > 5
    assert sum(Decimal(row["amount"]) for row in orders["rows"]) == Decimal(told["cell"]["numerator"])
    for row in orders["rows"]:
        lines = [one for one in row["documents"] if one["entity"] == "sales_order_line"]
        net = Decimal(0)
        for line in lines:
            source = line["source"]
            raw = raw_rows(demo_workspace, source["source_file"])[source["source_row"] - 2]  # row 1 is the header
            assert f"erp:{raw['单号']}-{raw['行号']}" == line["document_id"]
            net += Decimal(raw["不含税金额"].replace(",", ""))
        assert net == Decimal(row["row"]["net_amount"])
        if row["row"]["currency"] == "CNY":
            assert net == Decimal(row["amount"])


def test_credits_of_a_channel_reach_touch_and_invoice_rows(demo_workspace: Path) -> None:
    told = traced(demo_workspace, "roas", "--where", "channel=crm:paid_search,month=2024-11")
    credit = next(side for side in told["sides"] if side["side"] == "numerator")["parts"][0]
    assert sum(Decimal(row["amount"]) for row in credit["rows"]) == Decimal(told["cell"]["numerator"])
    seen = set()
    for row in credit["rows"]:
        for document in row["documents"]:
            source = document["source"]
            raw = raw_rows(demo_workspace, source["source_file"])[source["source_row"] - 2]
            number = document["document_id"].partition(":")[2]
            if document["entity"] == "touchpoint":
                assert number in raw.values()
            elif document["entity"] == "invoice_line":
                assert number == f"{raw['发票号']}-{raw['行号']}"
            else:
                continue
            seen.add(document["entity"])
    assert seen == {"touchpoint", "invoice_line"}
