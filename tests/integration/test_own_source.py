"""The tutorial docs/tutorial/your-own-source.md, followed to the letter on the public data it names.

The mapping that runs is the one on the page; the expectations are computed by pandas from the files.
"""

from __future__ import annotations

import gzip
import json
import os
import re
import shutil
from decimal import Decimal
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from tests.conftest import TEST_DATA_VARIABLE, triloop

pytestmark = [pytest.mark.slow, pytest.mark.realdata]

PAGE = Path(__file__).resolve().parents[2] / "docs" / "tutorial" / "your-own-source.md"
FILES = ("accounts.csv", "products.csv", "sales_teams.csv")
MENDED = (("technology: technology,", "technology: technology, technolgy: technology,"),
          ("GTX Pro: GTX Pro,", "GTX Pro: GTX Pro, GTXPro: GTX Pro,"))  # fmt: skip


@pytest.fixture
def data() -> Path:
    place = os.environ.get(TEST_DATA_VARIABLE)
    if not place:
        pytest.skip(f"{TEST_DATA_VARIABLE} is not set: it names the folder that holds crm_pipeline/")
    folder = Path(place).expanduser() / "crm_pipeline" / "maven_crm_sales_opportunities"
    if not folder.is_dir():
        pytest.skip(f"{TEST_DATA_VARIABLE}={place} holds no crm_pipeline/")
    return folder


def _mapping_on_the_page() -> str:
    found = re.search(r"<!-- mapping:begin -->\n```yaml\n(.*?)```\n<!-- mapping:end -->", PAGE.read_text("utf-8"), re.S)
    assert found is not None
    return found[1]


def _run(root: Path) -> tuple[int, dict[str, Any]]:
    outcome = triloop("run", "--workspace", root, "--quiet", "--json")
    assert outcome.stdout, outcome.stderr
    return outcome.returncode, json.loads(outcome.stdout)


def _account(summary: dict[str, Any]) -> dict[str, tuple[int, int, int, int]]:
    return {
        row["entity"]: (row["rows_in"], row["loaded"], row["quarantined"], row["filtered"]) for row in summary["rows"]
    }


def _query(root: Path, sql: str) -> list[dict[str, Any]]:
    outcome = triloop("query", sql, "--workspace", root, "--json")
    assert outcome.returncode == 0, outcome.stderr
    rows: list[dict[str, Any]] = json.loads(outcome.stdout)
    return rows


def test_the_tutorial_holds(tmp_path: Path, data: Path) -> None:
    root = tmp_path / "crm-factory"
    assert triloop("init", root).returncode == 0
    (root / "inbox" / "crm").mkdir(parents=True)
    for name in FILES:
        shutil.copyfile(data / name, root / "inbox" / "crm" / name)
    pipeline = gzip.decompress((data / "sales_pipeline.csv.gz").read_bytes())
    (root / "inbox" / "crm" / "sales_pipeline.csv").write_bytes(pipeline)
    settings = (root / "triloop.yml").read_text("utf-8")
    changed = settings.replace("currency: CNY", "currency: USD", 1).replace("Asia/Shanghai", "America/New_York", 1)
    assert changed != settings
    (root / "triloop.yml").write_text(changed, "utf-8")

    deals = pd.read_csv(data / "sales_pipeline.csv.gz", dtype=str, keep_default_na=False)
    accounts = pd.read_csv(data / "accounts.csv", dtype=str, keep_default_na=False)
    won = deals[deals["deal_stage"] == "Won"]
    misspelt = accounts[accounts["sector"] == "technolgy"]
    no_account = int((deals["account"] == "").sum())
    assert (no_account, int((deals["product"] == "GTXPro").sum())) == (1425, 1480)  # the dirt that its README names

    proposed = triloop("profile", root / "inbox" / "crm", "--workspace", root, "--json")
    assert proposed.returncode == 0, proposed.stderr

    mapping = _mapping_on_the_page()
    (root / "mappings" / "crm.yml").write_text(mapping, "utf-8")
    code, stopped = _run(root)
    assert code == 1
    assert stopped["snapshot_id"] is None
    wrong_product = int((won["product"] == "GTXPro").sum())
    assert _account(stopped) == {
        "customer": (len(accounts), len(accounts) - len(misspelt), len(misspelt), 0),
        "product": (7, 7, 0, 0),
        "salesperson": (35, 35, 0, 0),
        "opportunity": (len(deals), len(deals) - no_account, 0, no_account),
        "sales_order": (len(deals), len(won), 0, len(deals) - len(won)),
        "sales_order_line": (len(deals), len(won) - wrong_product, wrong_product, len(deals) - len(won)),
    }
    failed = {check["check_id"]: check["violations"] for gate in stopped["gates"] for check in gate["not_passed"]}
    lost = set(misspelt["account"])
    assert failed["canonical.sales_order.ref.customer_id"] == int(won["account"].isin(lost).sum())
    assert failed["canonical.opportunity.ref.customer_id"] == int(deals["account"].isin(lost).sum())

    for before, after in MENDED:
        assert before in mapping
        mapping = mapping.replace(before, after)
    (root / "mappings" / "crm.yml").write_text(mapping, "utf-8")
    code, published = _run(root)
    assert code == 0
    account = _account(published)
    assert account["customer"] == (85, 85, 0, 0)
    assert account["opportunity"] == (len(deals), len(deals) - no_account, 0, no_account)
    assert account["sales_order_line"] == (len(deals), len(won), 0, len(deals) - len(won))

    (sold,) = _query(root, "select count(*) as orders, sum(net_booked) as usd from order_line_facts")
    assert sold["orders"] == len(won)
    assert Decimal(sold["usd"]) == sum(map(Decimal, won["close_value"]))
    (rate,) = _query(
        root,
        "select numerator, denominator from metric_value "
        "where metric_id = 'win_rate' and variant = 'count' and cut = 'total' and period_kind = 'all'",
    )
    decided = deals[(deals["account"] != "") & deals["deal_stage"].isin(["Won", "Lost"])]
    assert (Decimal(rate["numerator"]), Decimal(rate["denominator"])) == (len(won), len(decided))
