"""The archive of originals, byte for byte, readable by the owner only: what landing is redone from."""

from __future__ import annotations

import os
from pathlib import Path

from orchestration.lib.landing.ledger import Ledger
from orchestration.lib.landing.scratch import sync_folder
from orchestration.lib.workspace import Workspace


def archived(workspace: Workspace, sha256: str) -> Path | None:
    """The original of a content, None if there is none (any more). For a table it is a Parquet file of its rows."""
    path = _path(workspace, sha256)
    return path if path.is_file() else None


def archive(workspace: Workspace, ledger: Ledger, *, sha256: str, file_name: str, original: Path) -> None:
    """Move an original into the archive, unless it was purged from there before."""
    if ledger.original_removed(sha256) is not None:
        return
    target = _path(workspace, sha256)
    if not target.exists():
        workspace.archive_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
        original.chmod(0o600)
        os.replace(original, target)
        sync_folder(workspace.archive_dir)
    ledger.record_original(sha256, file_name)


def purge(workspace: Workspace, sha256: str) -> bool:
    """Delete an original; whether there was one."""
    target = _path(workspace, sha256)
    if not target.exists():
        return False
    target.unlink()
    sync_folder(workspace.archive_dir)
    return True


def _path(workspace: Workspace, sha256: str) -> Path:
    return workspace.archive_dir / sha256
