"""From a row's ids to the documents they name, and from a document to its file and row."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb

from orchestration.lib.errors import ConfigurationError, DataError
from orchestration.lib.publish.content import quote, text_literal
from orchestration.lib.publish.reader import Snapshot
from orchestration.lib.trace.behind import documents_behind
from orchestration.lib.workspace import Workspace

# Whom a row is about, not what happened: following these would end every trace in the customer list.
_MASTER_DATA = {"channel", "campaign", "product", "salesperson", "customer", "distributor", "contact"}
_LINEAGE = ("source_system", "source_object", "source_file", "source_row", "source_sha256")
# A posting is named after the kind of line that posted it; these facts know the line.
_POSTING_FACTS = {
    "order_line": ("order_line_facts", "order_line_id", "sales_order_line"),
    "invoice_line": ("invoice_line_facts", "invoice_line_id", "invoice_line"),
    "order_cost": ("order_cost_facts", "cost_line_id", "order_cost"),
    "payment_line": ("payment_line_facts", "payment_line_id", "payment_allocation"),
}


@dataclass(frozen=True)
class Source:
    """Where a document stands in what was received."""

    source_system: str
    source_object: str
    source_file: str
    source_row: int
    source_sha256: str


@dataclass(frozen=True)
class Document:
    """A document by entity and id; ``source`` is None for what the program itself inferred."""

    entity: str
    document_id: str
    source: Source | None


def sources_of(snapshot: Snapshot, rows: Sequence[Mapping[str, Any]], table: str = "") -> list[list[Document]]:
    """The documents behind each of the rows of ``table``, in the same order."""
    named = [_named(snapshot, row) for row in rows]
    behind = documents_behind(snapshot, table, rows)
    named = [list(dict.fromkeys([*pairs, *more])) for pairs, more in zip(named, behind, strict=True)]
    known = _lookup(snapshot, {pair for pairs in named for pair in pairs})
    found = []
    for row, pairs in zip(rows, named, strict=True):
        documents = [Document(entity, one, known.get((entity, one))) for entity, one in pairs]
        own = _own_source(row)
        if own is not None and own not in [document.source for document in documents]:
            documents.insert(0, Document("row", str(next(iter(row.values()))), own))
        found.append(_without_unknown(documents))
    return found


def _without_unknown(documents: list[Document]) -> list[Document]:
    """Drop ids without a source as long as something else of the row has one."""
    sourced = [document for document in documents if document.source is not None]
    return sourced or documents


def _named(snapshot: Snapshot, row: Mapping[str, Any]) -> list[tuple[str, str]]:
    """The documents that a row names in its id columns."""
    entity_of = {key: entity for entity, key in snapshot.manifest.keys.items() if entity not in _MASTER_DATA}
    pairs: list[tuple[str, str]] = []
    for column, value in row.items():
        if not isinstance(value, str):
            continue
        if column == "touch_id":
            # A lead that no touch of its own explains is itself a touch.
            pairs.append(("lead", value[len("lead:") :]) if value.startswith("lead:") else ("touchpoint", value))
        elif column == "posting_id":
            pairs += _posting(snapshot, value)
        elif column == "subject_id" and row.get("subject_kind") in snapshot.manifest.keys:
            pairs.append((row["subject_kind"], value))
        elif column == "document_id" and row.get("document_kind") in snapshot.manifest.keys:
            # a cost of an order: freight of a shipment, a service ticket, or a bill of its own
            pairs.append((row["document_kind"], value))
        elif column in entity_of:
            pairs.append((entity_of[column], value))
    return list(dict.fromkeys(pairs))


def _posting(snapshot: Snapshot, posting_id: str) -> list[tuple[str, str]]:
    kind, _, line_id = posting_id.partition(":")
    if kind not in _POSTING_FACTS:
        return []
    table, key, entity = _POSTING_FACTS[kind]
    pairs = [(entity, line_id)]
    entity_key = snapshot.manifest.keys.get(entity)
    if snapshot.has(table) and entity_key in snapshot.columns(table):
        # A line may be a share of a document (one payment over several lines): the fact names the document.
        rows = snapshot.rows(f"select {quote(entity_key)} as id from {quote(table)} where {quote(key)} = ?", [line_id])
        pairs = [(entity, row["id"]) for row in rows if row["id"] is not None] or pairs
    return pairs


def _own_source(row: Mapping[str, Any]) -> Source | None:
    if any(row.get(name) is None for name in _LINEAGE):
        return None
    return Source(**{name: row[name] for name in _LINEAGE})


def _lookup(snapshot: Snapshot, pairs: Iterable[tuple[str, str]]) -> dict[tuple[str, str], Source]:
    wanted = sorted(pairs)
    if not wanted or not snapshot.has("document_source"):
        return {}
    rows = snapshot.rows(
        "select d.* from document_source as d join (select unnest(?) as entity, unnest(?) as document_id) as w "
        "using (entity, document_id)",
        [[entity for entity, _ in wanted], [one for _, one in wanted]],
    )
    return {(row["entity"], row["document_id"]): Source(**{name: row[name] for name in _LINEAGE}) for row in rows}


def find_documents(snapshot: Snapshot, text: str) -> list[Document]:
    """Documents with this id: whole (``erp:SO-1``), or without the source (``SO-1``).

    Raises:
        ConfigurationError: none has it.
    """
    snapshot.require("document_source")
    for condition in ("document_id = ?", "ends_with(document_id, ':' || ?)"):
        rows = snapshot.rows(f"select * from document_source where {condition} order by all limit 20", [text])
        if rows:
            return [
                Document(row["entity"], row["document_id"], Source(**{name: row[name] for name in _LINEAGE}))
                for row in rows
            ]
    raise ConfigurationError(
        f"no document has the id '{text}'",
        hint='ids look like <source>:<number>; see: triloop query "select entity, document_id from document_source"',
    )


def follow_document(snapshot: Snapshot, document: Document, *, limit: int = 10) -> dict[str, dict[str, Any]]:
    """The published tables that name a document: table → ``{count, rows}``."""
    key = snapshot.manifest.keys.get(document.entity)
    found = {}
    for table in snapshot.manifest.tables:
        columns = snapshot.columns(table)
        names = [name for name in (key, "origin_" + key if key else None) if name in columns]
        conditions = [f"{quote(name)} = ?" for name in names if name]
        values = [document.document_id] * len(conditions)
        if "touch_id" in columns and document.entity in ("touchpoint", "lead"):
            conditions.append("touch_id = ?")
            values.append(("lead:" if document.entity == "lead" else "") + document.document_id)
        kind = next((kind for kind, fact in _POSTING_FACTS.items() if fact[2] == document.entity), None)
        if "posting_id" in columns and kind is not None:
            conditions.append("posting_id = ?")
            values.append(f"{kind}:{document.document_id}")
        if {"document_kind", "document_id"} <= set(columns):
            conditions.append("document_kind = ? and document_id = ?")
            values += [document.entity, document.document_id]
        if {"subject_kind", "subject_id"} <= set(columns):
            conditions.append("subject_kind = ? and subject_id = ?")
            values += [document.entity, document.document_id]
        if table == "document_source" or not conditions:
            continue
        where = " or ".join(conditions)
        count = snapshot.rows(f"select count(*) as n from {quote(table)} where {where}", values)[0]["n"]
        if count:
            rows = snapshot.rows(f"select * from {quote(table)} where {where} order by all limit {int(limit)}", values)
            found[table] = {"count": count, "rows": rows}
    return found


def landed_row(workspace: Workspace, source: Source) -> dict[str, Any]:
    """The row as it landed, from the landing zone; personal values are tokens there.

    Raises:
        DataError: the landed file is gone (it was erased, or the landing zone is not this machine's).
    """
    folder = workspace.landing_dir / source.source_system / source.source_object
    files = sorted(folder.glob(f"{source.source_sha256[:32]}-*.parquet"), key=lambda path: path.stat().st_mtime_ns)
    if not files:
        raise DataError(
            f"the landed copy of {source.source_file} is not there",
            file=folder,
            hint="was it erased by 'triloop forget'?",
        )
    return _row_of(files[-1], source)


def _row_of(path: Path, source: Source) -> dict[str, Any]:
    with duckdb.connect(":memory:") as connection:
        cursor = connection.execute(
            f"select * from read_parquet({text_literal(str(path))}, hive_partitioning = false) where _row = ?",
            [source.source_row],
        )
        names = [column[0] for column in cursor.description or []]
        row = cursor.fetchone()
    if row is None:
        raise DataError(f"row {source.source_row} of {source.source_file} is not in its landed copy", file=path)
    return dict(zip(names, row, strict=True))
