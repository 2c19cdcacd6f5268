"""I11: a change that must change only so much changes only so much."""

from __future__ import annotations

from orchestration.lib.verify.context import Context
from orchestration.lib.verify.model import Outcome, not_evaluated


def check(_context: Context) -> Outcome:
    """Not to be seen in one workspace: it takes a second run over changed inputs."""
    return not_evaluated(
        "it compares a run with another one over changed inputs; here is only one",
        "需与另一次输入有变的运行相比较；此处仅有一次",
    )
