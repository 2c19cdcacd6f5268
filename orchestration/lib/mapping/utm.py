"""UTM rules → SQL. Case, width and blanks do not count; ``*`` stands for anything; the first rule that fits wins."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from orchestration.lib.mapping.inputs import fold, folded
from orchestration.lib.mapping.model import UTM_COLUMNS, WILDCARD, UtmRule
from orchestration.lib.mapping.sql import literal

_BLANK = "[\\s\\x{00a0}\\x{3000}]+"


def looks_at(rules: Sequence[UtmRule]) -> list[str]:
    """The UTM columns that any rule looks at."""
    return [column for column in UTM_COLUMNS if any(column in rule.patterns for rule in rules)]


def rule_number(rules: Sequence[UtmRule], aliases: Mapping[str, str]) -> str:
    """SQL of the position of the first rule that fits, NULL when none does."""
    cases = []
    for number, rule in enumerate(rules):
        conditions = [_fits(aliases[column], pattern) for column, pattern in rule.patterns.items()]
        cases.append(f"WHEN {' AND '.join(conditions)} THEN {number}")
    return f"CASE {' '.join(cases)} END"


def rule_result(rules: Sequence[UtmRule], result: str, prefix: str) -> str:
    """SQL of the id that the matching rule ``u`` gives, qualified by ``prefix``."""
    cases = [
        f"WHEN {number} THEN {literal(prefix + value)}"
        for number, rule in enumerate(rules)
        if (value := getattr(rule, result)) is not None
    ]
    return f"CASE u {' '.join(cases)} END" if cases else "CAST(NULL AS VARCHAR)"


def _fits(alias: str, pattern: str | None) -> str:
    if pattern is None:
        return f"{alias} IS NULL"
    wanted = "".join(fold(pattern).lower().split())
    if wanted == WILDCARD:
        return f"{alias} IS NOT NULL"
    text = f"regexp_replace(lower({folded(alias)}), {literal(_BLANK)}, '', 'g')"
    if WILDCARD not in wanted:
        return f"coalesce({text} = {literal(wanted)}, false)"
    escaped = wanted.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_").replace(WILDCARD, "%")
    return f"coalesce({text} LIKE {literal(escaped)} ESCAPE '\\', false)"
