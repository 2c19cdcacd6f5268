"""I8: every run is on record, from its beginning to its end."""

from __future__ import annotations

import fcntl

from orchestration.lib.verify.context import Context
from orchestration.lib.verify.model import Outcome

_ALL = 1_000_000


def check(context: Context) -> Outcome:
    """Runs in the ledger, and the one that published."""
    runs = context.ledger.runs(limit=_ALL)
    found = Outcome(compared={"runs": len(runs)})
    for run in runs:
        if run.finished_at is None and not _somebody_writes(context):
            found.violate(
                "ledger run",
                f"run {run.run_id} of {run.user} began at {run.started_at} and has no end",
                f"{run.user} 的运行 {run.run_id} 开始于 {run.started_at}，没有结束记录",
            )
        elif not run.user or not run.code_version or not run.settings_hash:
            found.violate("ledger run", f"run {run.run_id} lacks who, code or settings", f"运行 {run.run_id} 记录不全")
    manifest = context.snapshot
    if manifest is not None and runs:
        publisher = next((run for run in runs if run.run_id == manifest.run_id), None)
        if publisher is None:
            found.violate(
                "ledger run", f"the run that published, {manifest.run_id}, is not on record",
                f"发布快照的运行 {manifest.run_id} 没有记录",
            )  # fmt: skip
    found.note(
        "not evaluated: the hash chain over the ledger's entries (there is none yet)",
        "未评估：台账条目的哈希链（尚未建立）",
    )
    return found


def _somebody_writes(context: Context) -> bool:
    """Whether a run is going on right now: it holds the workspace's lock."""
    path = context.workspace.lock_file
    if not path.is_file():
        return False
    with path.open("a+") as handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
        fcntl.flock(handle, fcntl.LOCK_UN)
    return False
