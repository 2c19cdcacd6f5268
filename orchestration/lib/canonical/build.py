"""Builds the schema ``canonical`` from what has landed: all of it or, when anything fails, none of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

import duckdb

from orchestration.lib.canonical.accounts import CanonicalResult, RowAccount
from orchestration.lib.canonical.entity import build_entity
from orchestration.lib.canonical.landed import in_play
from orchestration.lib.canonical.released import FeedKey
from orchestration.lib.canonical.retyped import find_retyped
from orchestration.lib.canonical.sources import write_sources
from orchestration.lib.canonical.state import FeedInput, inputs_fingerprint, outputs_fingerprint, reusable
from orchestration.lib.canonical.tables import PER_ENTITY_TABLES, reset, table
from orchestration.lib.contract import Contract, load_contract
from orchestration.lib.crash_points import crash_point
from orchestration.lib.landing.acknowledgements import acknowledgements
from orchestration.lib.landing.ledger import Ledger
from orchestration.lib.landing.model import Batch
from orchestration.lib.landing.releases import Release, Releases
from orchestration.lib.mapping.model import SourceMapping
from orchestration.lib.warehouse import connect
from orchestration.lib.workspace import Workspace

if TYPE_CHECKING:
    from orchestration.lib.settings import Settings

Progress = Callable[[str], None]
Batches = dict[tuple[str, str], list[Batch]]


def build_canonical(
    workspace: Workspace,
    settings: Settings,
    mappings: Sequence[SourceMapping],
    *,
    progress: Progress | None = None,
    contract: Contract | None = None,
) -> CanonicalResult:
    """Rebuild ``canonical.*`` from the landed files, in one transaction.

    An entity whose mapping, contract, files and code are those of the last build keeps its table.

    Raises:
        DataError: a landed file lacks a mapped column, or is gone or damaged.
        UnbalancedAccountError: rows were lost or counted twice (a fault of ours).
    """
    ledger = Ledger(workspace)
    batches = {
        (mapping.source, obj.name): ledger.batches(mapping.source, obj.name)
        for mapping in mappings
        for obj in mapping.objects.values()
    }
    releases = _releases(workspace, batches)
    with connect(workspace) as connection:
        connection.execute("SET TimeZone = 'UTC'")
        connection.execute("BEGIN TRANSACTION")
        try:
            result = _build(
                connection,
                contract or load_contract(),
                mappings,
                batches,
                company_zone=settings.company.timezone,
                progress=progress or (lambda _: None),
                releases=releases,
            )
            said = acknowledgements(ledger)
            retyped = find_retyped(
                connection,
                contract or load_contract(),
                mappings,
                batches,
                company_zone=settings.company.timezone,
                limit=settings.gates.unreadable_share_limit,
                said=said,
            )
            write_sources(connection, mappings, batches, said, retyped)
            crash_point("CANONICAL_BUILT")
            connection.execute("COMMIT")
        except BaseException:
            _roll_back(connection)
            raise
        crash_point("CANONICAL_COMMITTED")
    return result


def _releases(workspace: Workspace, batches: Batches) -> dict[FeedKey, list[Release]]:
    """The releases that count, by feed, their values written as the present privacy plans ask for."""
    active = Releases(workspace).active()
    if not active:
        return {}
    from orchestration.lib.quarantine.values import fit_to_plans

    found: dict[FeedKey, list[Release]] = {}
    for one in fit_to_plans(workspace, active, batches):
        found.setdefault((one.source_system, one.source_object, one.feed), []).append(one)
    return found


def _roll_back(connection: duckdb.DuckDBPyConnection) -> None:
    try:
        connection.execute("ROLLBACK")
    except duckdb.TransactionException:
        return  # the engine had already given the transaction up, as it does after a fatal error


def _build(
    connection: duckdb.DuckDBPyConnection,
    contract: Contract,
    mappings: Sequence[SourceMapping],
    batches: Batches,
    *,
    company_zone: str,
    progress: Progress,
    releases: Mapping[FeedKey, list[Release]],
) -> CanonicalResult:
    feeds: dict[str, list[FeedInput]] = {}
    for mapping in mappings:
        for obj in mapping.objects.values():
            for feed in obj.all_feeds():
                feeds.setdefault(feed.entity, []).append((mapping, obj, feed))
    inputs = {
        entity.name: inputs_fingerprint(entity, feeds.get(entity.name, ()), batches, company_zone, releases)
        for entity in contract.entities.values()
    }
    _tell_waiting(feeds, batches, releases, progress)
    kept = reusable(connection, contract.entities, inputs)
    reset(connection, contract.entities.values(), kept)
    accounts = _accounts_of(connection)
    for entity in contract.entities.values():
        if entity.name in kept:
            continue
        if entity.name in feeds:
            accounts += build_entity(
                connection,
                entity,
                feeds[entity.name],
                batches,
                company_zone=company_zone,
                progress=progress,
                releases=releases,
            )
        connection.execute(
            f"INSERT INTO {table('build_state')} VALUES (?, ?, ?)",
            [entity.name, inputs[entity.name], outputs_fingerprint(connection, entity.name)],
        )
    counts = _row_counts(connection, contract)
    connection.executemany(
        f"INSERT INTO {table('entity_presence')} VALUES (?, ?, ?)",
        [[entity, entity in feeds, count] for entity, count in counts.items()],
    )
    order = list(contract.entities)
    accounts.sort(key=lambda one: (order.index(one.entity), one.source_system, one.source_object, one.source_file))
    return CanonicalResult(counts, frozenset(feeds), accounts, frozenset(kept & feeds.keys()))


def _tell_waiting(
    feeds: Mapping[str, Sequence[FeedInput]],
    batches: Batches,
    releases: Mapping[FeedKey, Sequence[Release]],
    progress: Progress,
) -> None:
    """Say which releases do nothing now: their feed or their content is not there any more."""
    objects = {
        (mapping.source, obj.name, feed.name): obj for several in feeds.values() for mapping, obj, feed in several
    }
    for key, several in releases.items():
        obj = objects.get(key)
        counting = set() if obj is None else {batch.sha256 for batch in in_play(obj, batches[key[0], key[1]])[0]}
        for one in several:
            if one.sha256 not in counting:
                why = "the mapping has no such feed" if obj is None else "a later content stands in its place"
                progress(f"release {one.release_id}: {one.source_file} row {one.source_row} waits ({key[2]}): {why}")


def _accounts_of(connection: duckdb.DuckDBPyConnection) -> list[RowAccount]:
    """The accounts of entities that were not built again."""
    columns = ", ".join(PER_ENTITY_TABLES["row_account"])
    rows = connection.execute(f"SELECT {columns} FROM {table('row_account')}").fetchall()
    return [RowAccount.from_row(row) for row in rows]


def _row_counts(connection: duckdb.DuckDBPyConnection, contract: Contract) -> dict[str, int]:
    parts = ", ".join(f"(SELECT count(*) FROM {table(entity)})" for entity in contract.entities)
    found = connection.execute(f"SELECT {parts}").fetchall()[0]
    return dict(zip(contract.entities, found, strict=True))
