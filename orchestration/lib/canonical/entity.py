"""Builds one entity from all its feeds, and accounts for every row that came in."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import duckdb

from orchestration.lib.canonical.accounts import RowAccount, UnbalancedAccountError
from orchestration.lib.canonical.landed import Landed, read_landed
from orchestration.lib.canonical.quarantine import write_quarantine, write_utm_unmatched
from orchestration.lib.canonical.released import FeedKey, write_releases
from orchestration.lib.canonical.staged import PLACE, StagedFeed
from orchestration.lib.canonical.state import FeedInput
from orchestration.lib.canonical.tables import PER_ENTITY_TABLES, table
from orchestration.lib.contract import Entity
from orchestration.lib.landing.model import DELETED_REASON, Batch
from orchestration.lib.landing.releases import Release
from orchestration.lib.mapping.compile import BAD, BATCH, DROP, GONE, ROW, UNMATCHED
from orchestration.lib.mapping.sql import literal, name

_AccountKey = tuple[str, str, str]


def build_entity(
    connection: duckdb.DuckDBPyConnection,
    entity: Entity,
    feeds: Sequence[FeedInput],
    batches: Mapping[tuple[str, str], list[Batch]],
    *,
    company_zone: str,
    progress: Callable[[str], None],
    releases: Mapping[FeedKey, Sequence[Release]],
) -> list[RowAccount]:
    """Fill ``canonical.<entity>`` and what belongs to it; the feeds are in order of precedence."""
    accounts: dict[_AccountKey, RowAccount] = {}
    staged: list[StagedFeed] = []
    for number, (mapping, obj, feed) in enumerate(feeds):
        landed = read_landed(connection, mapping, obj, batches[mapping.source, obj.name])
        for batch in landed.superseded:
            account = _account(accounts, landed, entity, batch)
            account.rows_in += batch.row_count
            account.merged += batch.row_count
        if not landed.live:
            continue
        progress(f"canonical: {mapping.source}.{obj.name} → {feed.name} ({len(landed.live)} file(s))")
        released = releases.get((mapping.source, obj.name, feed.name), ())
        one = StagedFeed(connection, number, landed, feed, entity, company_zone=company_zone, releases=released)
        one.stage()
        if staged:
            one.yield_to(staged)
        staged.append(one)
    for one in staged:
        _load(connection, one)
        _account_for(connection, one, accounts)
        if one.releases:
            write_releases(
                connection,
                one.releases,
                entity=entity.name,
                rows=one.table,
                fates=one.fates,
                bad=BAD,
                batches=one.landed.live,
                progress=progress,
            )
    for one in staged:
        one.drop()
    listed = list(accounts.values())
    for account in listed:
        account.check()
    _check_against_tables(connection, entity, accounts)
    if listed:
        places = ", ".join("?" * len(PER_ENTITY_TABLES["row_account"]))
        connection.executemany(
            f"INSERT INTO {table('row_account')} VALUES ({places})", [account.as_row() for account in listed]
        )
    return listed


def _account(accounts: dict[_AccountKey, RowAccount], landed: Landed, entity: Entity, batch: Batch) -> RowAccount:
    key = (landed.mapping.source, landed.obj.name, batch.sha256)
    return accounts.setdefault(
        key, RowAccount(landed.mapping.source, landed.obj.name, entity.name, batch.source_file, batch.sha256)
    )


def _batch_rows(landed: Landed) -> str:
    """SQL of the batches of an object: number, source_file, sha256, ingest_id, first_seen_at."""
    rows = ", ".join(
        f"({number}, {literal(batch.source_file)}, {literal(batch.sha256)}, {literal(batch.ingest_id)}, "
        f"TIMESTAMP {literal(batch.first_seen_at.isoformat(sep=' '))})"
        for number, batch in enumerate(landed.live)
    )
    return f"(VALUES {rows}) AS b(number, source_file, sha256, ingest_id, first_seen_at)"


def _load(connection: duckdb.DuckDBPyConnection, staged: StagedFeed) -> None:
    """Insert the rows that remain, with their lineage."""
    mapping, obj, entity = staged.landed.mapping, staged.landed.obj, staged.entity
    wanted = ", ".join([PLACE, *(name(column) for column in staged.feed.columns)])
    values = [
        f"r.{name(column.name)}" if column.name in staged.feed.columns else f"CAST(NULL AS {column.sql_type})"
        for column in entity.columns.values()
    ]
    lineage = [
        literal(mapping.source),
        literal(obj.name),
        "b.source_file",
        f"r.{ROW}",
        "b.sha256",
        "b.ingest_id",
        "b.first_seen_at",
    ]
    connection.execute(
        f"INSERT INTO {table(entity.name)} SELECT {', '.join([*values, *lineage])} "
        f"FROM ({staged.remaining(wanted)}) AS r JOIN {_batch_rows(staged.landed)} ON b.number = r.{BATCH}"
    )
    if any(compiled.has_utm for compiled in staged.compiled):
        write_utm_unmatched(connection, staged, UNMATCHED)


def _account_for(
    connection: duckdb.DuckDBPyConnection, staged: StagedFeed, accounts: dict[_AccountKey, RowAccount]
) -> None:
    """Add the fate of every row of a feed to the account of its file."""
    joined = f" LEFT JOIN {staged.fates} AS x USING ({PLACE})" if staged.has_fates else ""
    fate = "CASE x.fate WHEN 'conflict' THEN 'quarantined' ELSE x.fate END" if staged.has_fates else "NULL"
    rows = connection.execute(
        f"SELECT f.{BATCH}, coalesce({fate}, CASE WHEN f.{DROP} IS NOT NULL THEN 'filtered' "
        f"WHEN f.{BAD} THEN 'quarantined' ELSE 'loaded' END) AS fate, "
        f"CASE WHEN {'x.fate IS NULL' if staged.has_fates else 'true'} THEN f.{DROP} END AS reason, count(*) "
        f"FROM {staged.table} AS f{joined} GROUP BY ALL ORDER BY ALL"
    ).fetchall()
    for batch in staged.landed.live:
        _account(accounts, staged.landed, staged.entity, batch).rows_in += batch.row_count
    for number, fate_name, reason, count in rows:
        account = _account(accounts, staged.landed, staged.entity, staged.landed.live[number])
        setattr(account, fate_name, getattr(account, fate_name) + count)
        if fate_name == "filtered":
            why = DELETED_REASON if reason == GONE else staged.feed.drops[reason].reason
            account.filter_reasons[why] += count
    if any(fate_name == "quarantined" for _, fate_name, _, _ in rows):
        write_quarantine(connection, staged, _batch_rows(staged.landed))


def _check_against_tables(
    connection: duckdb.DuckDBPyConnection, entity: Entity, accounts: Mapping[_AccountKey, RowAccount]
) -> None:
    """What the accounts say was loaded and quarantined is what the tables hold, file by file."""
    for fate, source in (
        ("loaded", table(entity.name)),
        ("quarantined", f"{table('quarantine')} WHERE entity = {literal(entity.name)}"),
    ):
        rows = connection.execute(
            f"SELECT source_system, source_object, source_sha256, count(*) FROM {source} GROUP BY ALL"
        ).fetchall()
        found = {(system, obj, sha256): count for system, obj, sha256, count in rows}
        said = {key: getattr(account, fate) for key, account in accounts.items() if getattr(account, fate)}
        if found != said:
            wrong = sorted(key for key in found.keys() | said.keys() if found.get(key) != said.get(key))
            raise UnbalancedAccountError(
                f"{entity.name}: {wrong[0][0]}.{wrong[0][1]} has {said.get(wrong[0], 0)} rows {fate} by its account, "
                f"but {found.get(wrong[0], 0)} in the table",
                hint="nothing was changed; please report this with the mapping",
            )
