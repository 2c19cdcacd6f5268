"""What the invariants look at: the working database, the ledger and the current snapshot, opened once."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import duckdb

from orchestration.lib.contract import Contract, load_contract
from orchestration.lib.errors import DataError, GateRefusedError
from orchestration.lib.gate_token import require_gate
from orchestration.lib.landing.ledger import Ledger
from orchestration.lib.landing.model import Batch
from orchestration.lib.publish.content import text_literal
from orchestration.lib.publish.manifest import Manifest, read_manifest
from orchestration.lib.publish.pointer import current_id
from orchestration.lib.publish.provenance import relations_of
from orchestration.lib.publish.sources import Relations
from orchestration.lib.warehouse import connect
from orchestration.lib.workspace import Workspace


@dataclass
class Context:
    """An open workspace.

    Attributes:
        connection: read-only on the working database; in memory when there is none yet.
        canaries: texts that must be nowhere but in the vault and the closed archive.
    """

    workspace: Workspace
    connection: duckdb.DuckDBPyConnection
    has_warehouse: bool
    canaries: Sequence[str] = ()
    _refusals: dict[str, GateRefusedError | None] = field(default_factory=dict)

    @cached_property
    def relations(self) -> Relations:
        return relations_of(self.connection) if self.has_warehouse else {}

    @cached_property
    def contract(self) -> Contract:
        return load_contract()

    @cached_property
    def keys(self) -> dict[str, str]:
        """Entity → key column."""
        return {name: entity.key for name, entity in self.contract.entities.items()}

    @cached_property
    def ledger(self) -> Ledger:
        return Ledger(self.workspace)

    @cached_property
    def batches(self) -> list[Batch]:
        """The current contents, of every object."""
        return [batch for batch in self.ledger.all_batches() if batch.is_current and not batch.removed]

    @cached_property
    def snapshot(self) -> Manifest | None:
        """The manifest of the current snapshot; None when nothing is published or it cannot be read (I4 says so)."""
        try:
            found = current_id(self.workspace.published_dir)
            return read_manifest(self.workspace.published_dir / found) if found else None
        except DataError:
            return None

    @property
    def table_dir(self) -> Path:
        """Where the tables of the current snapshot are."""
        assert self.snapshot is not None
        return self.workspace.published_dir / self.snapshot.snapshot_id / "tables"

    def published(self, table: str) -> str:
        """SQL of a table of the current snapshot."""
        return f"read_parquet({text_literal(str(self.table_dir / f'{table}.parquet'))})"

    def has(self, *tables: str) -> bool:
        """Whether the working database has all of these tables."""
        return all(table in self.relations for table in tables)

    def settled(self, upper: str, lower: str) -> bool:
        """Whether the floor below the gate ``upper`` was made from what that gate saw, up to the gate ``lower``.

        After a run that was stopped, or an ``ingest``, the working database holds floors of different runs: they are
        not compared, and readers do not see them.
        """
        if not self.has("gate.token", "gate.token_table"):
            return False
        passed = {row[0] for row in self.rows("select gate from gate.token")}
        return {upper, lower} <= passed and self.refusal(upper) is None

    def refusal(self, gate: str) -> GateRefusedError | None:
        """Why a gate does not vouch for the tables as they are; another policy since is no reason."""
        if gate not in self._refusals:
            self._refusals[gate] = None
            try:
                require_gate(self.connection, gate)
            except GateRefusedError as error:
                # require_gate looks at the policy last: one that names the settings found nothing else
                self._refusals[gate] = None if "triloop.yml" in error.message else error
        return self._refusals[gate]

    def mapped(self) -> list[str]:
        """Entities that have a table in canonical."""
        return [name for name in self.contract.entities if f"canonical.{name}" in self.relations]

    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        found: list[tuple[Any, ...]] = self.connection.execute(sql).fetchall()
        return found


@contextmanager
def open_context(workspace: Workspace, canaries: Sequence[str] = ()) -> Iterator[Context]:
    """A workspace opened for looking only."""
    exists = workspace.warehouse_file.is_file()
    connection = connect(workspace, read_only=True) if exists else duckdb.connect()
    try:
        connection.execute("set TimeZone = 'UTC'")
        yield Context(workspace, connection, exists, tuple(canaries))
    finally:
        connection.close()
