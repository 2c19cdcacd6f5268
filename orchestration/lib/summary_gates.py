"""How the gates ended, for the picture at the end of a run: what failed, what was not evaluated and why, which rows."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import duckdb

BAD = ("failed", "not_evaluated")
GRAVITY = ("failed", "not_evaluated", "warned")


@dataclass(frozen=True)
class CheckLine:
    """A check that did not pass, with the first rows that break it and what to do."""

    check_id: str
    status: str
    violations: int | None
    reason: dict[str, str]
    examples: list[dict[str, Any]]
    fix: dict[str, str]


@dataclass(frozen=True)
class GateLine:
    """One gate: its status, its checks counted by status, those that did not pass (gravest first), and of a gate that
    was not evaluated at all, why."""

    gate: str
    status: str
    checks: dict[str, int]
    not_passed: list[CheckLine] = field(default_factory=list)
    reason: dict[str, str] | None = None


def gate_lines(connection: duckdb.DuckDBPyConnection, query: str | None, has_tokens: bool) -> list[GateLine]:
    """Gates in their order. One without a token vouches for nothing now, whatever its checks said once."""
    from orchestration.lib.gate_token import GATE_ORDER
    from orchestration.lib.publish.provenance import gate_status

    if query is None:
        return []
    valid = {row[0] for row in connection.execute("select gate from gate.token").fetchall()} if has_tokens else None
    cursor = connection.execute(f"select * from ({query}) order by gate, check_id")
    names = [column[0] for column in cursor.description or []]
    found: dict[str, list[dict[str, Any]]] = {}
    for values in cursor.fetchall():
        row = dict(zip(names, values, strict=True))
        found.setdefault(row["gate"], []).append(row)
    lines: list[GateLine] = []
    for gate in [*GATE_ORDER, *sorted(set(found) - set(GATE_ORDER))]:
        checks: dict[str, int] = {}
        for row in found.get(gate, []):
            checks[row["status"]] = checks.get(row["status"], 0) + 1
        status = gate_status(checks) if checks else "not_evaluated"
        reason = None if checks else _not_reached(lines)
        if valid is not None and gate not in valid and status not in BAD:
            status, checks, reason = "not_evaluated", {}, _STALE
        not_passed = [_check(row) for row in found.get(gate, []) if checks and row["status"] in GRAVITY]
        not_passed.sort(key=lambda check: GRAVITY.index(check.status))
        if checks.keys() == {"not_evaluated"}:
            # nothing of the gate was asked: one reason, not the same for each of its checks
            detail = next((one["detail"] for check in not_passed for one in check.examples), "")
            reason, not_passed = {"en": detail, "zh": detail}, []
        lines.append(GateLine(gate, status, checks, not_passed, reason))
    return lines


_STALE = {
    "en": "it passed once, but not for the data, checks and settings as they are now",
    "zh": "曾经通过，但并非针对当前的数据、检查与设置",
}


def _not_reached(before: Sequence[GateLine]) -> dict[str, str]:
    """Why a gate has no results: the first gate above it that is shut, or that no run came so far."""
    shut = next((line for line in before if line.status in BAD), None)
    if shut is None:
        return {"en": "no run has come as far as this gate", "zh": "尚无运行到达此质量门"}
    verb = ("failed", "未通过") if shut.status == "failed" else ("was not evaluated", "未评估")
    return {"en": f"the gate '{shut.gate}' above it {verb[0]}", "zh": f"其上的质量门 {shut.gate} {verb[1]}"}


def _check(row: Mapping[str, Any]) -> CheckLine:
    return CheckLine(
        check_id=row["check_id"],
        status=row["status"],
        violations=row.get("violations"),
        reason={"en": row.get("reason_en") or "", "zh": row.get("reason_zh") or ""},
        examples=json.loads(row.get("examples") or "[]"),
        fix={"en": row.get("fix_en") or "", "zh": row.get("fix_zh") or ""},
    )
