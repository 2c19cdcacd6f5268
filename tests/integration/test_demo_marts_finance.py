"""Marts of invoices, payments, costs of orders, rates and the books equal the demo's raw files: every row and column.

Where the design says no more than that parts add up to the cent, the oracle rounds as the mart does (its comments say
so): what a payment in foreign currency brings each invoice line.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest

from tests.oracles import marts_books, marts_finance, marts_receivables, marts_waterfall
from tests.oracles.compare import assert_mart
from tests.oracles.demo_documents import Documents, documents_of

pytestmark = pytest.mark.slow

MARTS: dict[str, tuple[Callable[[Documents], pd.DataFrame], list[str]]] = {
    "invoice_line_facts": (marts_finance.invoice_line_facts, ["invoice_line_id"]),
    "payment_facts": (marts_finance.payment_facts, ["allocation_id"]),
    "payment_line_facts": (marts_finance.payment_line_facts, ["payment_line_id"]),
    "order_cost_facts": (marts_finance.order_cost_facts, ["cost_line_id"]),
    "exchange_rate_facts": (marts_books.exchange_rate_facts, ["rate_id"]),
    "ledger_balance_facts": (marts_books.ledger_balance_facts, ["balance_id"]),
    "receivable_month": (marts_receivables.receivable_month, ["account_id", "month"]),
    "receivable_period": (
        marts_receivables.receivable_period,
        ["cut", "period_kind", "period_start", *marts_receivables.KEYS],
    ),
    "price_waterfall": (marts_waterfall.price_waterfall, ["waterfall_id"]),
    "price_waterfall_month": (marts_waterfall.price_waterfall_month, list(marts_waterfall.GROUP)),
    "ledger_tie_out": (marts_books.ledger_tie_out, ["tie_out_id"]),
}


@pytest.mark.parametrize("mart", MARTS)
def test_mart_equals_the_raw_files(mart: str, demo_workspace: Path) -> None:
    oracle, keys = MARTS[mart]
    assert_mart(demo_workspace, mart, oracle(documents_of(demo_workspace)), keys)
