"""The books: what they say of marketing expense, revenue and receivables is what our own documents say."""

from __future__ import annotations

from expectations.model import Check, Inputs, Label, Severity
from expectations.sql import literal, shown, violations
from expectations.suites.reconciliation import loops_check

TIED_OUT: dict[str, tuple[Severity, str, Label]] = {
    "marketing_expense": ("block", "marketing_spend", Label(en="marketing expense", zh="市场费用")),
    "revenue": ("warn", "invoice", Label(en="revenue", zh="收入")),
    "receivable": ("warn", "invoice", Label(en="receivables", zh="应收账款")),
}
"""Account → severity, the entity that our amount is made of, what it is called.

Cost is the denominator of every return on marketing, so a gap there stops the run; invoices are posted with many
adjustments of which our documents know nothing (discounts, revaluation, write-offs), so a gap there is reported.
"""


def checks() -> list[Check]:
    """One tie-out per account, and what makes tie-outs unreliable."""
    return [*(_tie_out(account) for account in TIED_OUT), _months(), _one_source()]


def _tie_out(account: str) -> Check:
    severity, entity, label = TIED_OUT[account]

    def sql(inputs: Inputs) -> str:
        tolerance = inputs.settings.gates.ledger_tolerance
        return violations(
            "marts.ledger_tie_out",
            "tie_out_id",
            f"t.account = {literal(account)} and t.is_closed "
            f"and abs(t.difference) > abs(t.book_amount) * cast({tolerance} as decimal(18, 9))",
            f"{shown('t.book_amount')} || ' - ' || {shown('t.own_amount')} || ' = ' || {shown('t.difference')} "
            f"|| ' > {tolerance}'",
        )

    return loops_check(
        f"ledger_{account}",
        ("marts.ledger_tie_out",),
        "finance",
        Label(
            en=f"{label.en} by our documents is what the books say, within gates.ledger_tolerance, in closed months",
            zh=f"已结束月份中，单据计算的{label.zh}与账簿一致（允差 gates.ledger_tolerance）",
        ),
        sql=sql,
        requires=("ledger_balance", entity),
        severity=severity,
    )


def _months() -> Check:
    accounts = ", ".join(literal(account) for account in TIED_OUT)
    return loops_check(
        "ledger_months",
        ("marts.ledger_tie_out",),
        "finance",
        Label(en="the books skip no month, or what they lack is not tied out", zh="账簿月份连续，缺失的月份无法核对"),
        sql=f"""
select tie_out_id as key, source_file, source_row, account || ': ' || previous || ' … ' || month as detail
from (
  select *, lag(month) over (partition by account order by month) as previous from marts.ledger_tie_out
) where account in ({accounts}) and date_diff('month', previous, month) > 1""",
        requires=("ledger_balance",),
        severity="warn",
    )


def _one_source() -> Check:
    return Check(
        id="staging.dedup.ledger_source",
        gate="staging",
        family="dedup",
        tables=("intermediate.int_ledger_balance",),
        severity="warn",
        owner="finance",
        reason=Label(
            en="one source tells an account's month; two would be added up",
            zh="一个科目的一个月只由一个来源提供，否则会重复相加",
        ),
        sql=lambda _inputs: (
            """
select balance_id as key, source_file, source_row,
  account || ' ' || month || ': ' || source_system || ' and ' || first_source as detail
from (
  select *, min(source_system) over (partition by account, month) as first_source
  from intermediate.int_ledger_balance
) where account <> 'other' and source_system <> first_source"""
        ),
        requires=("ledger_balance",),
    )
