"""What a check shows in Dagster: the status of each rule, the first rows that break it, and what to do."""

from __future__ import annotations

import dagster as dg
import pytest

from expectations import registry
from expectations.model import Status
from expectations.remedies import remedy
from expectations.results import CheckResult
from orchestration.defs.gates.evidence import check_result

RULES = [registry.check(f"staging.currency.{name}") for name in ("rate_payment", "code_payment", "functional_payment")]
ROW = {"key": "erp:P1", "source_file": "in/收款.csv", "source_row": 7, "detail": "EUR -> CNY @ 2026-01-01: rate = NULL"}


def _told(*outcomes: CheckResult) -> dg.AssetCheckResult:
    return check_result("currency__int_payment", dg.AssetKey(["gate", "gate_staging"]), RULES, outcomes)


def _outcome(number: int, status: Status, **more: object) -> CheckResult:
    return CheckResult(RULES[number].id, status, "block", **more)  # type: ignore[arg-type]


def _text(result: dg.AssetCheckResult, key: str) -> str:
    value = result.metadata[key]
    assert isinstance(value, dg.MarkdownMetadataValue)
    return str(value.md_str)


def test_a_failed_rule_shows_rows_with_file_and_row_in_both_languages() -> None:
    result = _told(
        _outcome(0, "failed", violations=1500, examples=[ROW] * 20),
        _outcome(1, "passed", violations=0),
        _outcome(2, "warned", violations=1, examples=[ROW]),
    )
    assert not result.passed
    assert result.severity is dg.AssetCheckSeverity.ERROR
    assert str(result.description).startswith("1 × failed / 未通过, 1 × warning / 警告, 1 × passed / 通过\n")
    wrong = str(result.description)
    assert wrong.count("| erp:P1 | in/收款.csv | 7 | EUR -&gt; CNY @ 2026-01-01: rate = NULL |") == 21
    assert "… 1,480 more rows / 另有更多行" in wrong
    assert wrong.index("failed") < wrong.index("warning")
    assert RULES[0].reason.en in wrong
    assert RULES[0].reason.zh in wrong
    assert "team:finance" in wrong
    fix = remedy(RULES[0], "failed")
    assert fix is not None
    assert f"**→** {fix.en} / {fix.zh}" in wrong
    assert RULES[1].id not in wrong
    assert _text(result, "rules / 规则").count("`staging.currency.") == 3


def test_a_rule_that_was_not_evaluated_is_not_called_failed() -> None:
    result = _told(
        _outcome(0, "not_evaluated", error="BinderException: no column 'rate'"),
        _outcome(1, "passed", violations=0),
        _outcome(2, "not_applicable"),
    )
    assert not result.passed
    assert result.severity is dg.AssetCheckSeverity.ERROR
    assert result.description is not None
    assert "not evaluated / 未评估" in result.description
    wrong = str(result.description)
    assert "BinderException: no column 'rate'" in wrong
    assert "failed" not in wrong + result.description


def test_warnings_warn_and_what_passes_shows_no_rows() -> None:
    result = _told(*(_outcome(n, "warned", violations=1, examples=[ROW]) for n in range(3)))
    assert result.severity is dg.AssetCheckSeverity.WARN
    fine = _told(
        _outcome(0, "passed", violations=0), _outcome(1, "passed", violations=0), _outcome(2, "not_applicable")
    )
    assert fine.passed
    assert fine.description == "2 × passed / 通过, 1 × not applicable / 不适用"


def test_a_value_cannot_break_the_table_or_the_page() -> None:
    hostile = ROW | {"key": "a|b\n<script>alert(1)</script> [x](http://y) *z* " + "k" * 500}
    wrong = str(_told(*(_outcome(n, "failed", violations=1, examples=[hostile]) for n in range(3))).description)
    row = next(line for line in wrong.splitlines() if "script" in line)
    assert "<" not in row
    assert row.replace("\\|", "").count("|") == 5
    assert "\\[x](http" in row
    assert len(row) < 400


@pytest.mark.parametrize("status", ["failed", "warned", "not_evaluated"])
def test_every_check_has_a_remedy_in_both_languages(status: Status) -> None:
    for check in registry.CHECKS:
        fix = remedy(check, status)
        assert fix is not None
        assert "triloop run" in fix.en
        assert "triloop run" in fix.zh
    assert remedy(registry.CHECKS[0], "passed") is None
