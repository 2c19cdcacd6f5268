"""Writing a snapshot: gates first, then hash, write, rename, and one atomic step of the pointer."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import duckdb

from orchestration.lib.crash_points import crash_point
from orchestration.lib.errors import DataError, TriloopError
from orchestration.lib.publish.content import (
    Content,
    columns_of,
    content_of,
    file_sha256,
    quote,
    refuse_personal_tokens,
    text_literal,
)
from orchestration.lib.publish.manifest import (
    DEFINITIONS_FILE,
    MANIFEST_FILE,
    Company,
    Manifest,
    TableEntry,
    read_manifest,
)
from orchestration.lib.publish.pointer import (
    TEMPORARY_PREFIX,
    current_id,
    fsync_path,
    new_id,
    remove_tree,
    set_current,
    sweep,
    write_durably,
)
from orchestration.lib.publish.provenance import as_of, gate_entries, inputs, relations_of
from orchestration.lib.publish.reader import damaged_tables
from orchestration.lib.publish.retention import apply_retention
from orchestration.lib.publish.roles import resolve_roles, write_roles
from orchestration.lib.publish.sources import DERIVED, Relations
from orchestration.lib.publish.tables import TABLES, UNPUBLISHED_COLUMNS, Origin, PublishedTable
from orchestration.lib.warehouse import connect
from orchestration.lib.workspace import Workspace

if TYPE_CHECKING:
    from orchestration.lib.settings import Settings


@dataclass(frozen=True)
class PublishResult:
    """What publishing did. ``tables`` is table → rows; ``unchanged`` means the current snapshot already said it all."""

    snapshot_id: str
    unchanged: bool
    tables: dict[str, int]
    path: Path
    removed: tuple[str, ...] = ()


@dataclass(frozen=True)
class _Planned:
    table: PublishedTable
    relation: str
    content: Content


def publish_snapshot(
    workspace: Workspace,
    settings: Settings,
    *,
    run_id: str,
    code_version: str,
    gates: Sequence[str] | None = None,
    keys: Mapping[str, str] | None = None,
    definitions: Any = None,
) -> PublishResult:
    """Publish the warehouse as a new snapshot, unless the current one already says exactly the same.

    The caller holds the workspace's writer lock and has no connection to the warehouse open.

    Args:
        gates: gates that must have passed for exactly this data; default all of them, since tables of every floor are
            published and each gate vouches for its own floor.
        keys: entity → key column; default from the contract.
        definitions: what ``metric_definitions.json`` holds; default from the metric registry.

    Raises:
        GateRefusedError: a gate did not pass for this data; the last snapshot stays.
        DataError: a table would publish personal tokens.
        ConfigurationError: a role asks for a table that is not published.
    """
    published = workspace.published_dir
    published.mkdir(parents=True, exist_ok=True)
    sweep(published)
    roles = resolve_roles(settings.roles, settings_file=workspace.settings_file)
    entity_keys = dict(keys) if keys is not None else _contract_keys()
    metric_definitions = definitions if definitions is not None else _registry_definitions(workspace)
    with connect(workspace, read_only=True) as connection:
        connection.execute("set TimeZone = 'UTC'")
        require_gates(connection, gates)
        relations = relations_of(connection)
        planned, absent = _plan(connection, relations, entity_keys)
        definitions_text = json.dumps(metric_definitions, ensure_ascii=False, indent=1, sort_keys=True, default=str)
        content_hash = _snapshot_hash(planned, roles, definitions_text)
        tables = {item.table.name: item.content.rows for item in planned}
        unchanged = _unchanged(published, content_hash)
        if unchanged is not None:
            removed = apply_retention(published, settings.publish.keep)
            return PublishResult(unchanged, True, tables, published / unchanged, tuple(removed))
        snapshot_id, moment = new_id(published, content_hash, datetime.now(UTC))
        temporary = published / f"{TEMPORARY_PREFIX}{snapshot_id}-{os.getpid()}"
        try:
            entries = _write_tables(connection, planned, temporary / "tables")
            manifest = Manifest(
                snapshot_id=snapshot_id,
                created_at=moment.isoformat(),
                run_id=run_id,
                code_version=code_version,
                settings_hash=file_sha256(workspace.settings_file),
                content_hash=content_hash,
                company=Company.model_validate(settings.company.model_dump(mode="json")),
                default_model=settings.attribution.default_model,
                as_of=as_of(connection, relations),
                keys=entity_keys,
                inputs=inputs(workspace),
                gates=gate_entries(connection, relations),
                tables=entries,
                absent=absent,
                roles={role: list(names) for role, names in roles.items()},
            )
            write_durably(temporary / DEFINITIONS_FILE, definitions_text + "\n")
            write_roles(temporary, manifest, roles)
            write_durably(temporary / MANIFEST_FILE, manifest.to_json())
            for folder in [path for path in temporary.rglob("*") if path.is_dir()] + [temporary]:
                fsync_path(folder)
            crash_point("PUBLISH_BEFORE_RENAME")
            os.rename(temporary, published / snapshot_id)
        except (OSError, duckdb.IOException) as error:
            raise DataError(
                f"the snapshot could not be written: {str(error).splitlines()[0]}",
                file=published,
                hint="make room or mend the permissions there, then: triloop run; readers still see the last snapshot",
            ) from error
        finally:
            if temporary.exists():
                remove_tree(temporary)
    crash_point("PUBLISH_AFTER_RENAME")
    fsync_path(published)
    crash_point("PUBLISH_BEFORE_POINTER")
    set_current(published, snapshot_id)
    crash_point("PUBLISH_AFTER_POINTER")
    removed = apply_retention(published, settings.publish.keep)
    return PublishResult(snapshot_id, False, tables, published / snapshot_id, tuple(removed))


def require_gates(connection: duckdb.DuckDBPyConnection, gates: Sequence[str] | None = None) -> None:
    """Refuse to go on unless every gate (default: all there are) passed for exactly the data in the warehouse."""
    from orchestration.lib.gate_token import GATE_ORDER, require_gate

    for gate in GATE_ORDER if gates is None else gates:
        require_gate(connection, gate)


def _contract_keys() -> dict[str, str]:
    from orchestration.lib.contract import load_contract

    return {name: entity.key for name, entity in load_contract().entities.items()}


def _registry_definitions(workspace: Workspace) -> Any:
    from orchestration.lib.column_lineage import LineageCache
    from orchestration.lib.metrics import metric_definitions
    from orchestration.lib.metrics.lineage import source_columns
    from orchestration.lib.warehouse import relation_columns

    target = workspace.dbt_target_dir
    # what the floors traced when they were built is there already; nothing is traced twice
    known = LineageCache.of(workspace)
    known.share(workspace)
    columns = relation_columns(workspace)
    return metric_definitions(target, lambda registry: source_columns(registry, target, columns, known))


def _plan(
    connection: duckdb.DuckDBPyConnection, relations: Relations, keys: Mapping[str, str]
) -> tuple[list[_Planned], dict[str, str]]:
    """What is to be written, hashed; and the tables that are not there, with the reason."""
    planned, absent = [], {}
    for table in TABLES:
        if table.origin is Origin.DERIVED:
            query = DERIVED[table.source](relations, keys)
            relation = f"({query})" if query else None
        else:
            relation = table.source if table.source in relations else None
        if relation is None:
            if table.required:
                raise DataError(
                    f"the warehouse has no {table.source}, so there is nothing to publish", hint="run: triloop run"
                )
            absent[table.name] = f"the data do not carry what {table.source} needs"
            continue
        unpublished = sorted(UNPUBLISHED_COLUMNS & {name for name, _ in columns_of(connection, relation)})
        if unpublished:
            relation = f"(select * exclude ({', '.join(map(quote, unpublished))}) from {relation})"
        content = content_of(connection, relation)
        missing = [name for name in table.promised if name not in dict(content.columns)]
        if missing:
            raise TriloopError(
                f"published table '{table.name}' lacks promised columns: {', '.join(missing)}",
                hint=f"the model {table.source} was changed; published names are a promise to readers",
            )
        refuse_personal_tokens(connection, relation, table.name)
        planned.append(_Planned(table, relation, content))
    return planned, absent


def _snapshot_hash(planned: Sequence[_Planned], roles: Mapping[str, Sequence[str]], definitions: str) -> str:
    said = {
        "tables": {item.table.name: item.content.content_hash for item in planned},
        "roles": {role: list(names) for role, names in roles.items()},
        "definitions": definitions,
    }
    return hashlib.sha256(json.dumps(said, sort_keys=True, ensure_ascii=False).encode()).hexdigest()


def _unchanged(published: Path, content_hash: str) -> str | None:
    """The current snapshot, if it says the same and is whole. A damaged one is written anew, which mends it."""
    try:
        current = current_id(published)
        if current is None:
            return None
        manifest = read_manifest(published / current)
    except DataError:
        return None
    same = manifest.content_hash == content_hash and not damaged_tables(published / current / "tables", manifest)
    return current if same else None


def _write_tables(
    connection: duckdb.DuckDBPyConnection, planned: Sequence[_Planned], folder: Path
) -> dict[str, TableEntry]:
    folder.mkdir(parents=True)
    entries = {}
    for item in planned:
        names = [name for name, _ in item.content.columns]
        order = [*item.table.keys, *(name for name in names if name not in item.table.keys)]
        path = folder / f"{item.table.name}.parquet"
        connection.execute(
            f"copy (select * from {item.relation} order by "
            + ", ".join(f"{quote(name)} asc nulls first" for name in order)
            + f") to {text_literal(str(path))} (format parquet, compression zstd)"
        )
        written = cast(
            tuple[int], connection.execute(f"select count(*) from read_parquet({text_literal(str(path))})").fetchone()
        )[0]
        if written != item.content.rows:
            raise TriloopError(f"{item.table.name}: {written} rows were written of {item.content.rows}")
        path.chmod(0o444)
        fsync_path(path)
        entries[item.table.name] = TableEntry(
            rows=written,
            sha256=file_sha256(path),
            content_hash=item.content.content_hash,
            columns=dict(item.content.columns),
        )
    return entries
