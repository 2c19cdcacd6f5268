"""Whether an entity must be built again: a fingerprint of all that goes into it, and of what came out.

What came out is checked as well, so that a table that was changed by hand is built again rather than trusted.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from functools import lru_cache
from pathlib import Path

import duckdb

from orchestration.lib.canonical.released import FeedKey, fingerprint_of
from orchestration.lib.canonical.tables import OTHER_TABLES, PER_ENTITY_TABLES, existing_layouts, table
from orchestration.lib.contract import Entity
from orchestration.lib.landing.model import Batch
from orchestration.lib.landing.releases import Release
from orchestration.lib.mapping.model import Feed, SourceMapping, SourceObject
from orchestration.lib.mapping.sql import literal

FeedInput = tuple[SourceMapping, SourceObject, Feed]


@lru_cache(maxsize=1)
def _code() -> str:
    """A fingerprint of the code that turns landing into canonical, and of the engine."""
    digest = hashlib.sha256(duckdb.__version__.encode())
    here = Path(__file__).parent
    for file in sorted([*here.glob("*.py"), *here.parent.joinpath("mapping").glob("*.py")]):
        digest.update(file.name.encode() + b"\0" + file.read_bytes())
    return digest.hexdigest()


def inputs_fingerprint(
    entity: Entity,
    feeds: Sequence[FeedInput],
    batches: Mapping[tuple[str, str], Sequence[Batch]],
    company_zone: str,
    releases: Mapping[FeedKey, Sequence[Release]],
) -> str:
    """A hash of the contract, the mapping, the code, the landed files and the released rows that make an entity."""
    digest = hashlib.sha256(f"{_code()}\0{company_zone}\0{entity.model_dump_json()}".encode())
    for mapping, obj, feed in feeds:
        rules = (mapping.source, mapping.timezone, mapping.references, mapping.utm_rules, obj, feed)
        digest.update(repr(rules).encode() + b"\0")
        released = releases.get((mapping.source, obj.name, feed.name), ())
        digest.update(fingerprint_of(released).encode() + b"\0")
        for batch in batches[mapping.source, obj.name]:
            facts = (batch.ingest_id, batch.source_file, batch.sha256, batch.privacy_hash, batch.row_count)
            digest.update(repr((*facts, batch.first_seen_at, batch.sequence, batch.landed_path.name)).encode() + b"\0")
    return digest.hexdigest()


def outputs_fingerprint(connection: duckdb.DuckDBPyConnection, entity: str) -> str:
    """Row counts and order-free content hashes of the entity's table and of its rows in the accounts."""
    parts = [f"SELECT 0 AS place, count(*) AS n, sum(hash(t)) AS h FROM {table(entity)} AS t"]
    for place, name in enumerate(PER_ENTITY_TABLES, start=1):
        if name != "build_state":
            parts.append(
                f"SELECT {place}, count(*), sum(hash(t)) FROM {table(name)} AS t WHERE entity = {literal(entity)}"
            )
    rows = connection.execute(" UNION ALL ".join(parts) + " ORDER BY place").fetchall()
    return ";".join(f"{count}:{total}" for _, count, total in rows)


def reusable(
    connection: duckdb.DuckDBPyConnection, entities: Mapping[str, Entity], inputs: Mapping[str, str]
) -> set[str]:
    """Entities whose inputs are those of the last build and whose tables are as that build left them."""
    layouts = existing_layouts(connection)
    for name, columns in (*PER_ENTITY_TABLES.items(), *OTHER_TABLES.items()):
        if layouts.get(name) != columns:
            return set()
    known = connection.execute(f"SELECT entity, inputs, outputs FROM {table('build_state')}").fetchall()
    return {
        entity
        for entity, last_inputs, last_outputs in known
        if entity in entities
        and inputs[entity] == last_inputs
        and layouts.get(entity) == entities[entity].sql_columns
        and outputs_fingerprint(connection, entity) == last_outputs
    }
