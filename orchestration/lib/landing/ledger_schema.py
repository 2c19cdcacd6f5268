"""The tables of the ledger, and what it tells besides batches."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

VERSION = 2
SCHEMA = """
create table if not exists batch (
    ingest_id text not null, privacy_hash text not null, source_system text not null, source_object text not null,
    source_file text not null, sha256 text not null, row_count integer not null, landed_path text not null,
    columns text not null, privacy text not null, first_seen_at text not null, landed_at text not null,
    sequence integer not null, is_current integer not null, removed_at text,
    primary key (ingest_id, privacy_hash)
) without rowid;
create unique index if not exists batch_current on batch (source_system, source_object, sha256) where is_current = 1;
create table if not exists sighting (
    source_system text not null, source_object text not null, source_file text not null, sha256 text not null,
    file_state text not null, is_duplicate integer not null, first_seen_at text not null, last_seen_at text not null,
    tick integer not null, primary key (source_system, source_object, source_file, sha256)
) without rowid;
create table if not exists original (
    sha256 text primary key, file_name text not null, archived_at text, removed_at text, reason text
) without rowid;
create table if not exists erasure (
    erasure_id integer primary key, erased_at text not null, values_destroyed integer not null,
    originals_purged integer not null, rows_concerned integer not null, user text not null
);
create table if not exists acknowledgement (
    kind text not null, subject text not null, content text not null, reason text not null, user text not null,
    acknowledged_at text not null, primary key (kind, subject, content)
) without rowid;
create table if not exists run (
    run_id text primary key, trigger text not null, user text not null, code_version text not null,
    settings_hash text not null, started_at text not null, finished_at text, status text not null, summary text
) without rowid;
create table if not exists release (
    release_id integer primary key, quarantine_id text not null, source_system text not null,
    source_object text not null, feed text not null, sha256 text not null, source_file text not null,
    source_row integer not null, rules text not null, waived text not null, changes text not null,
    reason text not null, user text not null, released_at text not null,
    revoked_at text, revoked_by text, revoked_because text
);
create unique index if not exists release_active on release (quarantine_id) where revoked_at is null;
"""


@dataclass(frozen=True)
class Run:
    """One run as the ledger knows it; ``summary`` is what the run said at its end (parsed JSON)."""

    run_id: str
    trigger: str
    user: str
    code_version: str
    settings_hash: str
    started_at: datetime
    finished_at: datetime | None
    status: str
    summary: Any


@dataclass(frozen=True)
class Sighting:
    """A content under a name. ``file_state`` is size, times and inode: equal means not touched since."""

    source_file: str
    sha256: str
    file_state: str
    is_duplicate: bool
    first_seen_at: datetime
    last_seen_at: datetime
