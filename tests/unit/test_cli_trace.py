"""``triloop trace``: the rows add up to the cell, and each ends in a file and row."""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path

import duckdb
import pytest

from orchestration.cli.main import invoke
from tests.unit.snapshot_fixture import SHA, change, make_workspace, publish


@pytest.fixture
def root(tmp_path: Path) -> Path:
    workspace = make_workspace(tmp_path)
    folder = workspace.landing_dir / "crm" / "leads"
    folder.mkdir(parents=True)
    duckdb.sql(
        f"copy (select i as _row, 'L' || (i - 1) as 编号, 'tok_phone_{'0' * 32}' as 电话 from range(2, 5) t(i)) "
        f"to '{folder}/{SHA[:32]}-11112222.parquet' (format parquet)"
    )
    publish(workspace)
    return tmp_path


def run(capsys: pytest.CaptureFixture[str], root: Path, *words: str) -> tuple[int, str, str]:
    code = invoke(["trace", *words, "--workspace", str(root), "--lang", "en"])
    captured = capsys.readouterr()
    return code, captured.out, captured.err


def test_a_cell_is_followed_to_files_and_rows(capsys: pytest.CaptureFixture[str], root: Path) -> None:
    code, out, _ = run(capsys, root, "channel_roi", "--where", "channel=fair", "--json")
    assert code == 0
    traced = json.loads(out)
    numerator, denominator = traced["sides"]
    credit, cost = numerator["parts"]
    # 125.01 + 124.99 = 250.00 of contribution, less 60.00 + 40.00 of cost
    assert (numerator["value"], credit["total"], cost["total"], cost["coefficient"]) == (
        "150.000000",
        "250.000000000",
        "100.000000000",
        "-1.000000000",
    )
    assert [row["amount"] for row in credit["rows"]] == ["125.01", "124.99"]
    assert [row["amount"] for row in denominator["parts"][0]["rows"]] == ["60.00", "40.00"]
    first = {doc["entity"]: doc["source"] for doc in credit["rows"][0]["documents"]}
    assert set(first) == {"sales_order", "invoice_line", "lead"}
    assert (first["invoice_line"]["source_file"], first["invoice_line"]["source_row"]) == ("invoices.csv", 7)
    assert (first["lead"]["source_file"], first["lead"]["source_row"]) == ("leads.csv", 2)
    assert first["lead"]["source_sha256"] == SHA
    spend = denominator["parts"][0]["rows"][0]["documents"]
    assert [(doc["document_id"], doc["source"]["source_row"]) for doc in spend] == [("crm:S1", 2)]


def test_a_month_takes_only_its_own_rows(capsys: pytest.CaptureFixture[str], root: Path) -> None:
    _, out, _ = run(capsys, root, "channel_roi", "--where", "channel=fair,month=2024-04", "--json")
    numerator = json.loads(out)["sides"][0]
    assert [part["row_count"] for part in numerator["parts"]] == [0, 1]
    assert Decimal(numerator["value"]) == -60


def test_limit_cuts_rows_not_sums(capsys: pytest.CaptureFixture[str], root: Path) -> None:
    _, out, _ = run(capsys, root, "marketing_spend", "--limit", "1")
    assert "cost 150: 3 rows of cost_allocation; the rows sum to it exactly" in out
    assert "spend.csv row 2 [crm.spend, sha256 abababababab]" in out
    assert "2 more rows; --limit 3 shows all" in out


def test_show_source_prints_the_landed_row_with_tokens(capsys: pytest.CaptureFixture[str], root: Path) -> None:
    _, out, _ = run(capsys, root, "channel_roi", "--where", "channel=fair", "--show-source")
    assert "    编号 = L1" in out
    assert f"    电话 = tok_phone_{'0' * 32}" in out
    assert "the landed copy of invoices.csv is not there" in out


def test_a_value_that_its_rows_do_not_reach_is_an_error(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    workspace = make_workspace(tmp_path)
    change(workspace, "update attribution.cost_allocation set amount = 60.01 where spend_id = 'crm:S1'")
    publish(workspace)
    code, _, err = run(capsys, tmp_path, "marketing_spend")
    assert code == 1
    assert "add up to 150.010000000, but 150.000000 is published" in err


def test_a_document_is_followed_both_ways(capsys: pytest.CaptureFixture[str], root: Path) -> None:
    code, out, _ = run(capsys, root, "--document", "O1", "--json")
    [found] = json.loads(out)
    assert code == 0
    assert (found["entity"], found["document_id"], found["source"]["source_file"]) == (
        "sales_order",
        "erp:O1",
        "orders.csv",
    )
    assert found["appears_in"]["attribution_credit"]["count"] == 2
    _, out, _ = run(capsys, root, "--document", "crm:L1", "--show-source")
    assert "lead crm:L1: leads.csv row 2" in out
    assert "appears in attribution_credit: 1" in out
    assert "编号 = L1" in out


@pytest.mark.parametrize(
    ("words", "message", "fix"),
    [
        (["channel_roy"], "there is no metric 'channel_roy'", "channel_roi"),
        (["cac", "--where", "channel=fair,month=2020-01"], "has no published value there", "triloop metrics -m cac"),
        (["marketing_spend", "--where", "channel=fair,period=x"], "'period' is neither", "known names"),
        ([], "name either a metric or a document", "--document"),
        (["--document", "nope"], "no document has the id 'nope'", "document_source"),
        (["collection_days"], "collection_days not available: no source is mapped to payment", ""),
    ],
)
def test_wrong_words(capsys: pytest.CaptureFixture[str], root: Path, words: list[str], message: str, fix: str) -> None:
    code, out, err = run(capsys, root, *words)
    assert (code, out) == (2, "")
    assert message in err
    assert fix in err
