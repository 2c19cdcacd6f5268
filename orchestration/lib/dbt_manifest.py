"""dbt's parse of the project: made once per state of the project and its variables, then read back in 0.3 s.

dbt's own partial parse takes 2 s when nothing changed, and parses everything (8 s) for each new workspace, since it
notes the path of the database. The parse depends on neither, so it is kept by a hash of what it does depend on.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path
from typing import Any

from orchestration.lib import shared_cache
from orchestration.lib.errors import ConfigurationError

MANIFEST, SEMANTIC, PARSED = "manifest.json", "semantic_manifest.json", "partial_parse.msgpack"
_FILES = (MANIFEST, SEMANTIC, PARSED)
_KIND = "dbt"
_STAMP = "manifest.key"
_PROJECT_SUFFIXES = frozenset({".sql", ".yml", ".yaml", ".csv", ".md", ".py"})

# manifest in memory, by its hash: a process that makes several runners (Dagster, tests) reads it once
_IN_MEMORY: dict[str, Any] = {}


class ManifestStore:
    """The parsed project of one workspace.

    Args:
        project_dir: the dbt project.
        target_dir: where dbt writes its files.
        variables: dbt's variables.
        database: the name that the project's relations carry.
        parse: runs ``dbt parse`` into ``target_dir``; returns the Manifest, or raises.
    """

    def __init__(
        self,
        project_dir: Path,
        target_dir: Path,
        *,
        variables: dict[str, Any],
        database: str,
        parse: Callable[[], Any],
    ) -> None:
        self._project_dir, self._target_dir = project_dir, target_dir
        self._variables, self._database, self._parse = variables, database, parse

    @property
    def file(self) -> Path:
        """``manifest.json``."""
        return self._target_dir / MANIFEST

    def prepare(self) -> Path:
        """See that ``manifest.json`` and ``semantic_manifest.json`` are those of the project as it is.

        Raises:
            ConfigurationError: the project does not parse; the text is dbt's.
        """
        key = self._key()
        if not self._is_current(key) and not self._fetch(key):
            self._parse_anew(key)
        return self.file

    def manifest(self) -> Any:
        """dbt's Manifest in memory."""
        key = self._key()
        if key not in _IN_MEMORY:
            if not self._is_current(key) and not self._fetch(key):
                self._parse_anew(key)
            else:
                _remember(key, self._read() or self._parse_anew(key))
        return _IN_MEMORY[key]

    def _is_current(self, key: str) -> bool:
        stamp = self._target_dir / _STAMP
        whole = stamp.is_file() and all((self._target_dir / name).is_file() for name in _FILES)
        return whole and stamp.read_text(encoding="utf-8") == key

    def _fetch(self, key: str) -> bool:
        found = shared_cache.fetch(_KIND, key, _FILES, self._target_dir)
        if found:
            self._stamp(key)
        return found

    def _parse_anew(self, key: str) -> Any:
        self._target_dir.mkdir(parents=True, exist_ok=True)
        (self._target_dir / PARSED).unlink(missing_ok=True)  # dbt would keep parts of it that it does not look at
        manifest = self._parse()
        _remember(key, manifest)
        self._stamp(key)
        shared_cache.keep(_KIND, key, [self._target_dir / name for name in _FILES])
        return manifest

    def _stamp(self, key: str) -> None:
        stamp = self._target_dir / _STAMP
        temporary = stamp.with_suffix(".tmp")
        temporary.write_text(key, encoding="utf-8")
        temporary.replace(stamp)

    def _read(self) -> Any | None:
        """The Manifest that dbt itself wrote for its partial parse; None when the file is damaged."""
        import msgpack  # type: ignore[import-untyped]  # has no stubs
        from dbt.contracts.graph.manifest import Manifest
        from dbt.parser.manifest import extended_mashumuro_decoder

        try:
            manifest = Manifest.from_msgpack(
                (self._target_dir / PARSED).read_bytes(), decoder=extended_mashumuro_decoder
            )
        except (OSError, ValueError, TypeError, LookupError, msgpack.UnpackException):
            return None
        # what dbt does after reading this file when no file of the project changed
        manifest.build_parent_and_child_maps()
        manifest.build_flat_graph()
        return manifest

    def _key(self) -> str:
        """SHA-256 of the code, the database's name and the variables."""
        variables = json.dumps(self._variables, sort_keys=True, default=str, ensure_ascii=False)
        return hashlib.sha256("\n".join([self.code_fingerprint(), self._database, variables]).encode()).hexdigest()

    def code_fingerprint(self) -> str:
        """SHA-256 of the versions of dbt and DuckDB and of every file of the project."""
        digest = hashlib.sha256(" ".join(map(version, ("dbt-core", "dbt-duckdb", "duckdb"))).encode())
        for path in sorted(self._project_dir.rglob("*")):
            relative = path.relative_to(self._project_dir)
            if path.suffix in _PROJECT_SUFFIXES and relative.parts[0] not in {"target", "logs", "dbt_packages"}:
                digest.update(f"\n{relative.as_posix()}\n".encode())
                digest.update(path.read_bytes())
        return digest.hexdigest()


def parsed_key(target_dir: Path) -> str | None:
    """The hash of the project and its variables that ``target_dir`` was parsed from; None before any parse."""
    stamp = target_dir / _STAMP
    return stamp.read_text(encoding="utf-8") if stamp.is_file() else None


def _remember(key: str, manifest: Any) -> None:
    _IN_MEMORY.clear()  # an older parse of a changed project serves nobody
    _IN_MEMORY[key] = manifest


def does_not_parse(reason: str, project_dir: Path) -> ConfigurationError:
    """The error of a project that dbt refuses."""
    return ConfigurationError(f"the dbt project does not parse: {reason}", file=project_dir)
