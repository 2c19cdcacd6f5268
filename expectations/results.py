"""What evaluating a gate gives back, and how it is told to a person."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Any, Literal

from expectations.model import Severity, Status
from expectations.registry import CHECKS

GateStatus = Literal["passed", "failed", "not_evaluated"]


@dataclass(frozen=True)
class CheckResult:
    """The outcome of one check.

    Attributes:
        violations: how many rows break the rule; None when it was not evaluated or does not apply.
        examples: up to 20 of them: key, source_file, source_row, detail.
        error: why it could not be evaluated.
    """

    id: str
    status: Status
    severity: Severity
    violations: int | None = None
    max_violations: int = 0
    examples: list[dict[str, Any]] = field(default_factory=list)
    error: str | None = None


@dataclass(frozen=True)
class GateResult:
    """The outcome of a gate: ``passed`` (warnings allowed), ``failed``, or ``not_evaluated`` when anything in it broke.

    Attributes:
        checks: one per declared check, always.
        error: why no check at all was evaluated.
    """

    gate: str
    build_id: str
    status: GateStatus
    checks: list[CheckResult]
    error: str | None = None

    def counts(self) -> dict[str, int]:
        """Number of checks by status."""
        counted = Counter(check.status for check in self.checks)
        order: tuple[Status, ...] = ("passed", "warned", "failed", "not_evaluated", "not_applicable")
        return {status: counted.get(status, 0) for status in order}

    def explain(self) -> str:
        """Which checks keep the gate shut and the first rows of each, one screen at most."""
        if self.error is not None:
            return f"gate '{self.gate}' was not evaluated: {self.error}"
        shut = [check for check in self.checks if check.status in ("failed", "not_evaluated")]
        verdict = {"passed": "passed", "failed": "failed", "not_evaluated": "was not evaluated, because a check broke"}
        lines = [f"gate '{self.gate}' {verdict[self.status]}"]
        for check in shut[:5]:
            reason = next((item.reason for item in CHECKS if item.id == check.id), None)
            counted = f"rows: {check.violations:,}" if check.violations is not None else f"not evaluated: {check.error}"
            lines.append(f"  {check.id}: {counted}" + (f" - {reason}" if reason else ""))
            for example in check.examples[:3]:
                place = f"{example['source_file'] or '-'}:{example['source_row'] or '-'}"
                lines.append(f"    {place}  {example['key']}  {example['detail']}")
        if len(shut) > 5:
            lines.append(f"  … and {len(shut) - 5} more checks")
        return "\n".join(lines)

    def hint(self) -> str:
        """What to do about it."""
        if self.status == "not_evaluated":
            return "a check could not run: see its error above, mend the model or the check, then run: triloop run"
        return (
            "mend the rows at their source or the mapping, or raise the threshold of a check in triloop.yml under "
            "gates.thresholds, then run: triloop run"
        )
