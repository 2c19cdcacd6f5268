"""What a check shows in Dagster: one sentence, then each rule that did not pass with its reason, rows and remedy."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING

import dagster as dg

from expectations.registry import Check
from expectations.remedies import remedy
from orchestration.defs.labels import both, team

if TYPE_CHECKING:
    from expectations.results import CheckResult

STATUS = {
    "failed": "failed / 未通过",
    "not_evaluated": "not evaluated / 未评估",
    "warned": "warning / 警告",
    "passed": "passed / 通过",
    "not_applicable": "not applicable / 不适用",
}
"""How each status is told, gravest first."""

_NOT_GOOD = ("failed", "not_evaluated", "warned")
_ESCAPED = (
    *(("&", "&amp;"), ("<", "&lt;"), (">", "&gt;"), ("`", "ˋ")),
    *((sign, "\\" + sign) for sign in "|*_["),
)
_LONGEST = 200  # characters of a cell: a key may be long, a row of a table must not be


def check_result(
    name: str, asset_key: dg.AssetKey, rules: Sequence[Check], outcomes: Sequence[CheckResult]
) -> dg.AssetCheckResult:
    """The Dagster check of several rules, whose outcomes stand in the same order."""
    bad = [one for one in outcomes if one.status in _NOT_GOOD]
    return dg.AssetCheckResult(
        check_name=name,
        asset_key=asset_key,
        passed=not bad,
        severity=dg.AssetCheckSeverity.WARN
        if all(one.status == "warned" for one in bad)
        else dg.AssetCheckSeverity.ERROR,
        description=_description(rules, outcomes),
        metadata={
            "violations": sum(one.violations or 0 for one in outcomes),
            "rules / 规则": dg.MetadataValue.md(_overview(rules, outcomes)),
        },
    )


def headline(outcomes: Sequence[CheckResult]) -> str:
    """How many rules ended how, gravest first: ``1 × failed / 未通过, 3 × passed / 通过``."""
    counts = Counter(one.status for one in outcomes)
    return ", ".join(f"{counts[status]} × {text}" for status, text in STATUS.items() if counts[status])  # type: ignore[index]


def _description(rules: Sequence[Check], outcomes: Sequence[CheckResult]) -> str:
    """The headline, and what is wrong below it: the UI shows a description at once, metadata behind a link."""
    pairs = sorted(zip(rules, outcomes, strict=True), key=lambda pair: list(STATUS).index(pair[1].status))
    told = [evidence(rule, outcome) for rule, outcome in pairs if outcome.status in _NOT_GOOD]
    return "\n\n---\n\n".join([headline(outcomes), *told])


def evidence(rule: Check, outcome: CheckResult) -> str:
    """Markdown: the rule, why it matters, the first rows that break it, what to do."""
    counted = ""
    if outcome.violations is not None:
        rows = "row" if outcome.violations == 1 else "rows"
        counted = f" · {outcome.violations:,} {rows} / 行"
        if outcome.max_violations:
            counted += f" ({outcome.max_violations:,} tolerated / 允许)"
    parts = [
        f"**{STATUS[outcome.status]}** · `{rule.id}`{counted} · {team(rule.owner)}",
        both(rule.reason),
    ]
    if outcome.error is not None:
        parts.append(f"error / 报错: `{_cell(outcome.error)}`")
    if outcome.examples:
        lines = ["| key / 键 | file / 文件 | row / 行 | what / 说明 |", "|---|---|---|---|"]
        columns = ("key", "source_file", "source_row", "detail")
        lines += [f"| {' | '.join(_cell(one[column]) for column in columns)} |" for one in outcome.examples]
        parts.append("\n".join(lines))
        if outcome.violations is not None and outcome.violations > len(outcome.examples):
            parts.append(f"… {outcome.violations - len(outcome.examples):,} more rows / 另有更多行")
    fix = remedy(rule, outcome.status)
    if fix is not None:
        parts.append(f"**→** {both(fix)}")
    return "\n\n".join(parts)


def _overview(rules: Sequence[Check], outcomes: Sequence[CheckResult]) -> str:
    lines = []
    for rule, outcome in zip(rules, outcomes, strict=True):
        rows = "–" if outcome.violations is None else f"{outcome.violations:,}"
        lines.append(f"| `{rule.id}` | {STATUS[outcome.status]} | {rows} |")
    return "\n".join(["| rule / 规则 | status / 状态 | rows / 行 |", "|---|---|---|", *lines])


def _cell(value: object) -> str:
    """A value in a table: what Markdown or HTML would take for a command stays text."""
    if value is None:
        return "–"
    text = " ".join(str(value).split())
    text = text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "…"
    for sign, shown in _ESCAPED:
        text = text.replace(sign, shown)
    return text
