"""Role sets: each role's folder holds links to the tables it may read, and nothing else."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from orchestration.lib.errors import ConfigurationError, nearest
from orchestration.lib.publish.manifest import DEFINITIONS_FILE, MANIFEST_FILE, Manifest
from orchestration.lib.publish.pointer import write_durably
from orchestration.lib.publish.tables import TABLES, TABLES_BY_NAME

EVERYTHING = "*"
DEFAULT = "default"  # what default_tables gives
ROLES_DIR = "roles"


def resolve_roles(
    roles: Mapping[str, Sequence[str]], *, settings_file: Path | None = None
) -> dict[str, tuple[str, ...]]:
    """Role → sorted published tables, with ``*`` and ``default`` spelled out.

    Raises:
        ConfigurationError: a role names a table that is not published, or its name cannot be a folder.
    """
    resolved = {}
    for role, tables in roles.items():
        if not role.replace("_", "").replace("-", "").isalnum():
            raise ConfigurationError(
                f"the role '{role}' cannot be a folder name", file=settings_file, hint="use letters, digits, - and _"
            )
        for table in tables:
            if table not in (EVERYTHING, DEFAULT) and table not in TABLES_BY_NAME:
                raise ConfigurationError(
                    f"the role '{role}' asks for the table '{table}', which is not published",
                    file=settings_file,
                    hint=nearest(table, TABLES_BY_NAME),
                )
        named = set(tables) - {DEFAULT}
        named |= default_tables(role) if DEFAULT in tables else set()
        resolved[role] = tuple(sorted(TABLES_BY_NAME if EVERYTHING in tables else named))
    return resolved


def default_tables(role: str) -> set[str]:
    """The tables that name the role among their readers."""
    return {table.name for table in TABLES if role in table.readers}


def write_roles(snapshot_dir: Path, manifest: Manifest, roles: Mapping[str, Iterable[str]]) -> None:
    """Make ``roles/<role>/`` inside a snapshot folder: links, the metric definitions and the role's own manifest.

    A role folder is whole in itself: a reader that is given only this folder can work and can see nothing more.
    """
    for role, tables in roles.items():
        folder = snapshot_dir / ROLES_DIR / role
        folder.mkdir(parents=True)
        present = [table for table in tables if table in manifest.tables]
        for table in present:
            _link(snapshot_dir / "tables" / f"{table}.parquet", folder / f"{table}.parquet")
        if (snapshot_dir / DEFINITIONS_FILE).is_file():
            _link(snapshot_dir / DEFINITIONS_FILE, folder / DEFINITIONS_FILE)
        own = manifest.model_copy(
            update={
                "tables": {table: manifest.tables[table] for table in present},
                "absent": {table: why for table, why in manifest.absent.items() if table in tables},
                "roles": {role: present},
                "inputs": [],
            }
        )
        write_durably(folder / MANIFEST_FILE, own.to_json())


def _link(source: Path, target: Path) -> None:
    try:
        os.link(source, target)
    except OSError:  # some shared file systems know no hard links; a copy says the same
        shutil.copy2(source, target)
