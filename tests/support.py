"""Small helpers shared by the tests."""

from __future__ import annotations

import shutil
from pathlib import Path


def copy_workspace(source: Path, target: Path) -> Path:
    """A copy that can be changed freely; the running Dagster instance's history is not needed in it."""
    shutil.copytree(source, target, ignore=shutil.ignore_patterns("dagster"))
    return target
