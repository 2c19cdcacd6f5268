"""How many snapshots are kept."""

from __future__ import annotations

from pathlib import Path

from orchestration.lib.publish.pointer import current_id, remove_tree, snapshot_ids


def apply_retention(published: Path, keep: int) -> list[str]:
    """Remove the oldest snapshots beyond ``keep``; never the one that readers see.

    Returns:
        Ids of the removed ones, newest first.
    """
    current = current_id(published)
    removable = [name for name in snapshot_ids(published)[max(keep, 1) :] if name != current]
    for name in removable:
        remove_tree(published / name)
    return removable
