"""What follows from the code alone (dbt's parse, MetricFlow's SQL, lineage), kept once per user for all workspaces.

A cache and nothing else: what is missing, unreadable or half-written is made again, and a folder that cannot be
written to costs time, never a run. Nothing of a company's data is in it; the key of an entry is a hash of everything
that it was made from.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import tempfile
from collections.abc import Iterable, Sequence
from pathlib import Path

FOLDER_VARIABLE = "TRILOOP_CACHE"
KEPT = 12
"""Entries per kind, unless it says otherwise; the oldest beyond it are removed."""


def cache_folder() -> Path:
    """``$TRILOOP_CACHE``, else ``triloop`` below the user's cache folder (``$XDG_CACHE_HOME``, ``~/.cache``)."""
    named = os.environ.get(FOLDER_VARIABLE)
    if named:
        return Path(named).expanduser()
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "triloop"


def fetch(kind: str, key: str, names: Sequence[str], target: Path) -> bool:
    """Copy the files of an entry into the folder ``target``; whether all of them were there."""
    entry = cache_folder() / kind / key
    try:
        target.mkdir(parents=True, exist_ok=True)
        for name in names:
            aside = target / f"{name}.fetched"
            shutil.copyfile(entry / name, aside)
            aside.replace(target / name)
        entry.touch()  # the least recently used go first
    except OSError:
        return False
    return True


def keep(kind: str, key: str, files: Iterable[Path], *, kept: int = KEPT) -> None:
    """Make an entry of these files; it appears whole or not at all. Of its kind no more than ``kept`` stay."""
    folder = cache_folder() / kind
    with contextlib.suppress(OSError):
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        aside = Path(tempfile.mkdtemp(prefix=".new-", dir=folder))
        try:
            for file in files:
                shutil.copyfile(file, aside / file.name)
            aside.rename(folder / key)  # fails where another process was quicker: its entry is as good
        finally:
            shutil.rmtree(aside, ignore_errors=True)
        _prune(folder, kept)


def _prune(folder: Path, kept: int) -> None:
    entries = sorted((path for path in folder.iterdir() if path.is_dir()), key=lambda path: path.stat().st_mtime)
    for old in entries[:-kept]:
        shutil.rmtree(old, ignore_errors=True)
