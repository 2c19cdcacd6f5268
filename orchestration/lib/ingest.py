"""Landing and canonical alone: what becomes of every row, without waiting for models and gates."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from orchestration.lib.canonical.accounts import RowAccount
from orchestration.lib.errors import TriloopError
from orchestration.lib.mapping.model import SourceMapping
from orchestration.lib.settings import Settings
from orchestration.lib.workspace import Workspace


@dataclass(frozen=True)
class Refusal:
    """An object of a source that could not be taken; what it had brought before stays."""

    source: str
    source_object: str
    error: TriloopError


@dataclass(frozen=True)
class HeldBack:
    """Rows of one file that one rule holds back."""

    source_file: str
    entity: str
    rule_id: str
    rows: int
    first_row: int
    reason_en: str
    reason_zh: str


@dataclass(frozen=True)
class ChangedColumn:
    """A column of a source that came, went, or does not read any more, and that nobody has acknowledged."""

    source: str
    source_object: str
    source_file: str
    column: str
    change: str
    proposal_en: str
    proposal_zh: str


@dataclass(frozen=True)
class Ingested:
    """What an ingestion did: the account of every file, what is held back, what changed, and what was refused."""

    accounts: list[RowAccount]
    held_back: list[HeldBack]
    changed: list[ChangedColumn]
    refused: list[Refusal]


def ingest(
    workspace: Workspace,
    settings: Settings,
    mappings: Sequence[SourceMapping],
    *,
    only: str | None = None,
    progress: Callable[[str], None],
) -> Ingested:
    """Land the sources (or the one called ``only``) and build canonical from all that has landed.

    A source object that is refused keeps no other from being taken. The caller holds the writer lock.

    Raises:
        ConfigurationError: the vault's key is missing or another one.
        DataError: a landed file lacks a mapped column, or is gone or damaged; canonical stays as it was.
    """
    from orchestration.lib.canonical import build_canonical
    from orchestration.lib.errors import DataError
    from orchestration.lib.landing import land_object
    from orchestration.lib.landing.away import LoginError

    refused: list[Refusal] = []
    for mapping in mappings:
        for obj in mapping.objects.values():
            if only not in (None, mapping.source):
                continue
            try:
                land_object(workspace, settings, mapping, obj, progress=progress)
            except (DataError, LoginError) as error:
                refused.append(Refusal(mapping.source, obj.name, error))
                progress(f"refused {mapping.source}.{obj.name}: {error.message}")
    result = build_canonical(workspace, settings, mappings, progress=progress)
    return Ingested(result.accounts, _held_back(workspace), _changed(workspace), refused)


def _changed(workspace: Workspace) -> list[ChangedColumn]:
    from orchestration.lib.warehouse import connect

    with connect(workspace, read_only=True) as connection:
        rows = connection.execute(
            "SELECT source_system, source_object, source_file, column_name, change, '', '' "
            "FROM canonical.schema_change WHERE acknowledged IS NULL UNION ALL "
            "SELECT source_system, source_object, source_file, column_name, 'retyped', proposal_en, proposal_zh "
            "FROM canonical.retyped_column WHERE acknowledged IS NULL ORDER BY ALL"
        ).fetchall()
    return [ChangedColumn(*row) for row in rows]


def _held_back(workspace: Workspace) -> list[HeldBack]:
    from orchestration.lib.warehouse import connect

    with connect(workspace, read_only=True) as connection:
        rows = connection.execute(
            "SELECT source_file, entity, rule_id, count(*), min(source_row), min_by(reason_en, source_row), "
            "min_by(reason_zh, source_row) FROM canonical.quarantine GROUP BY ALL ORDER BY 1, 2, 5, 3"
        ).fetchall()
    return [HeldBack(*row) for row in rows]
