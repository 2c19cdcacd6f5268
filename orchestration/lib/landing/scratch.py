"""Scratch space of one landing: a private folder and an in-memory DuckDB that spills only there."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import duckdb

from orchestration.lib.landing.limits import Limits
from orchestration.lib.workspace import Workspace

_PREFIX = "landing-"


@dataclass(frozen=True)
class Scratch:
    """``folder`` holds personal values in clear while landing lasts: it is 0700 and goes away with it."""

    folder: Path
    connection: duckdb.DuckDBPyConnection
    limits: Limits = field(default_factory=Limits)

    def columns(self, table: str) -> list[str]:
        """The columns of a table, in order."""
        return [str(row[0]) for row in self.connection.execute(f"describe {table}").fetchall()]


@contextmanager
def scratch_space(workspace: Workspace, limits: Limits | None = None) -> Iterator[Scratch]:
    """A fresh scratch space."""
    parent = _parent(workspace)
    parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    parent.chmod(0o700)
    folder = Path(tempfile.mkdtemp(prefix=f"{_PREFIX}{os.getpid()}-", dir=parent))
    try:
        with duckdb.connect() as connection:
            connection.execute(f"set temp_directory = {literal(str(folder / 'spill'))}")
            # the text of a time with zone, which contents and tokens are made from, must not depend on the machine
            connection.execute("set timezone = 'UTC'")
            connection.execute("set arrow_large_buffer_size = true")  # texts of one block may be more than 2 GB
            yield Scratch(folder, connection, limits or Limits())
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def literal(text: str) -> str:
    """Text as an SQL literal."""
    return "'" + text.replace("'", "''") + "'"


def quoted(name: str) -> str:
    """A name as an SQL identifier."""
    return '"' + name.replace('"', '""') + '"'


def sync_folder(folder: Path) -> None:
    """Make renames inside a folder survive a power cut."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def sweep(workspace: Workspace) -> None:
    """Delete what killed processes left behind; it may hold personal values in clear."""
    for left in _parent(workspace).glob(f"{_PREFIX}*"):
        owner = left.name.removeprefix(_PREFIX).partition("-")[0]
        if not owner.isdecimal() or not _alive(int(owner)):
            shutil.rmtree(left, ignore_errors=True)


def _parent(workspace: Workspace) -> Path:
    return workspace.state_dir / "tmp"


def _alive(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
