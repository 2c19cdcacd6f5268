"""Which code built something: the version and, in a checkout, the commit."""

from __future__ import annotations

import subprocess
from functools import lru_cache
from importlib.metadata import PackageNotFoundError, version

from orchestration.lib.workspace import PROJECT_ROOT


@lru_cache(maxsize=1)
def code_version() -> str:
    """``0.1.0+g1a2b3c4`` in a git checkout (``.dirty`` when files differ from the commit), else the package version."""
    try:
        base = version("triloop")
    except PackageNotFoundError:
        base = "0"
    if not (PROJECT_ROOT / ".git").exists():
        return base
    described = subprocess.run(
        ["git", "describe", "--always", "--dirty=.dirty", "--abbrev=7", "--exclude=*"],
        cwd=PROJECT_ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    return f"{base}+g{described.stdout.strip()}" if described.returncode == 0 and described.stdout.strip() else base
