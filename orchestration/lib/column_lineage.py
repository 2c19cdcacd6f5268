"""Which upstream columns each column of a dbt model comes from, read from its compiled SQL with sqlglot.

dagster-dbt derives the same inside ``dbt.cli()``, which costs a dbt start per call (see DECISIONLOG.md); here the
result is kept per compiled statement, so it is computed once per change of a model.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from orchestration.lib import shared_cache
from orchestration.lib.dbt_manifest import parsed_key
from orchestration.lib.workspace import Workspace

_KIND = "lineage"

#: relation name (``schema.table``) → column names in order
Schema = Mapping[str, list[str]]
#: output column → list of (relation name, column)
Lineage = dict[str, list[tuple[str, str]]]


@dataclass
class LineageCache:
    """Column lineage per model, kept in a JSON file by the hash of the compiled SQL and its upstream columns."""

    file: Path

    def __post_init__(self) -> None:
        self._entries: dict[str, Lineage] = {}
        if self.file.is_file():
            self._entries = {
                key: {column: [(a, b) for a, b in parents] for column, parents in lineage.items()}
                for key, lineage in json.loads(self.file.read_text(encoding="utf-8")).items()
            }

    @classmethod
    def of(cls, workspace: Workspace) -> LineageCache:
        """The workspace's; a new workspace begins with what another traced of the same project and settings."""
        file = workspace.state_dir / "column_lineage.json"
        key = parsed_key(workspace.dbt_target_dir)
        if key is not None and not file.is_file():
            shared_cache.fetch(_KIND, key, [file.name], file.parent)
        return cls(file)

    def share(self, workspace: Workspace) -> None:
        """Keep what was traced for other workspaces of the same project and settings."""
        key = parsed_key(workspace.dbt_target_dir)
        if key is not None and self.file.is_file():
            shared_cache.keep(_KIND, key, [self.file])

    def get(self, compiled_sql: str, upstream: Schema) -> Lineage:
        """Lineage of one statement; ``upstream`` holds the relations it reads."""
        key = hashlib.sha256(json.dumps([compiled_sql, sorted(upstream.items())]).encode()).hexdigest()
        if key not in self._entries:
            self._entries[key] = column_lineage(compiled_sql, upstream)
        return self._entries[key]

    def save(self) -> None:
        """Write what is known; a half-written file is never left behind."""
        self.file.parent.mkdir(parents=True, exist_ok=True)
        partial = self.file.with_suffix(".tmp")
        partial.write_text(json.dumps(self._entries), encoding="utf-8")
        partial.replace(self.file)


def column_lineage(compiled_sql: str, upstream: Schema, dialect: str = "duckdb") -> Lineage:
    """Trace every output column of ``compiled_sql`` to columns of the relations in ``upstream``.

    Args:
        compiled_sql: one SELECT statement, as dbt compiled it.
        upstream: ``schema.table`` → columns of each relation the statement may read.
    """
    from sqlglot import exp, parse_one
    from sqlglot.lineage import lineage
    from sqlglot.optimizer.qualify import qualify
    from sqlglot.optimizer.scope import build_scope

    nested: dict[str, dict[str, dict[str, str]]] = {}
    for relation, columns in upstream.items():
        schema, _, table = relation.partition(".")
        nested.setdefault(schema, {})[table] = dict.fromkeys(columns, "varchar")
    tree = parse_one(compiled_sql, dialect=dialect)
    for table_node in tree.find_all(exp.Table):
        table_node.set("catalog", None)  # dbt names the database file; one database is all there is
    qualified = qualify(tree, schema=nested, dialect=dialect, validate_qualify_columns=False)
    # All columns in one walk over the one tree: asked for singly, or trimmed to the column that is asked for, sqlglot
    # copies the statement at every step, which took twenty seconds for the ninety models.
    traced = lineage(
        None, qualified, nested, dialect=dialect, scope=build_scope(qualified), trim_selects=False, copy=False
    )
    found: Lineage = {}
    for name, root in traced.items():
        parents: set[tuple[str, str]] = set()
        for node in root.walk():
            if isinstance(node.source, exp.Table) and not node.downstream:
                relation = f"{node.source.db}.{node.source.name}"
                if relation in upstream:
                    parents.add((relation, exp.to_column(node.name).name))
        found[name] = sorted(parents)
    return found
