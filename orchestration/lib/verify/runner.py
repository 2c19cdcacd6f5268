"""Runs every invariant over a workspace."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import duckdb

from orchestration.lib.contract import Label
from orchestration.lib.errors import TriloopError
from orchestration.lib.verify import (
    audit,
    gates,
    hashes,
    isolation,
    loss,
    metamorphic,
    money,
    personal,
    replay,
    rows,
    weights,
)
from orchestration.lib.verify.context import Context, open_context
from orchestration.lib.verify.model import Invariant, Outcome
from orchestration.lib.workspace import Workspace

INVARIANTS = (
    Invariant(
        "I1", Label(en="every row is accounted for, per file and hop", zh="每个文件、每一层的行数平衡"), rows.check
    ),
    Invariant("I2", Label(en="money is the same on every floor", zh="各层金额一致"), money.check),
    Invariant("I3", Label(en="contents are as recorded", zh="内容与记录的哈希一致"), hashes.check),
    Invariant("I4", Label(en="readers see one whole snapshot", zh="读者只看到一个完整快照"), isolation.check),
    Invariant("I5", Label(en="what a snapshot was made of is there", zh="快照的输入仍在"), replay.check),
    Invariant("I6", Label(en="nothing is published without its gates", zh="未过质量门不发布"), gates.check),
    Invariant("I7", Label(en="no row is lost", zh="没有丢失任何行"), loss.check),
    Invariant("I8", Label(en="every run is on record", zh="每次运行均有记录"), audit.check),
    Invariant("I9", Label(en="personal data is in the vault alone", zh="个人数据仅在保险库中"), personal.check),
    Invariant("I10", Label(en="shares are exact", zh="分配精确无误"), weights.check),
    Invariant("I11", Label(en="a change changes only what it must", zh="变更仅影响应变部分"), metamorphic.check),
)


def verify_workspace(workspace: Workspace, *, canaries: Sequence[str] = (), only: Sequence[str] = ()) -> list[Outcome]:
    """Look at every invariant (or ``only`` some). What cannot be read is a violation of the one that reads it.

    Args:
        canaries: texts that must be nowhere but in the vault and the closed archive.
    """
    with open_context(workspace, canaries) as context:
        return [_look(context, one) for one in INVARIANTS if not only or one.id in only]


def _look(context: Context, invariant: Invariant) -> Outcome:
    try:
        found = invariant.check(context)
    except (TriloopError, duckdb.Error) as error:
        said = error.message if isinstance(error, TriloopError) else str(error).splitlines()[0]
        found = Outcome()
        found.violate("workspace", f"it could not be looked at: {said}", f"无法检查：{said}")
    return replace(found, invariant=invariant.id, title=invariant.title)
