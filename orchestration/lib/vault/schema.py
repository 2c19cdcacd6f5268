"""Tables and settings of the vault's file, and whether it is ours to open."""

from __future__ import annotations

import sqlite3
from pathlib import Path

from orchestration.lib.errors import ConfigurationError
from orchestration.lib.vault.keys import KEY_VARIABLE, VaultKeys

VERSION = 2  # 1 sealed each value in a row of its own
_PRAGMAS = (
    "journal_mode = wal",
    "synchronous = full",
    "secure_delete = on",
    "cache_size = -65536",  # 64 MB
    "wal_autocheckpoint = 16384",
)
_SCHEMA = """
create table if not exists meta (name text primary key, value text not null) without rowid;
create table if not exists block (
    id integer primary key, kind text not null, first blob not null, last blob not null,
    digests blob not null, sealed blob not null
);
create index if not exists block_span on block (kind, first, last);
create table if not exists forgotten (
    token text not null, content text not null, forgotten_at text not null, primary key (token, content)
) without rowid;
"""


def make_ready(connection: sqlite3.Connection) -> None:
    """Settings of the connection, and the tables if they are not there."""
    for pragma in _PRAGMAS:
        connection.execute(f"pragma {pragma}")
    connection.executescript(_SCHEMA)


def require_own(connection: sqlite3.Connection, keys: VaultKeys, path: Path) -> None:
    """Note version and key of a new vault; of one that is there, check them.

    Raises:
        ConfigurationError: it was made with another key, or by a newer version.
    """
    connection.executemany(
        "insert or ignore into meta values (?, ?)", [("version", str(VERSION)), ("key_id", keys.key_id)]
    )
    meta = dict(connection.execute("select name, value from meta").fetchall())
    if int(meta["version"]) > VERSION:
        raise ConfigurationError(
            f"the vault was written by a newer triloop (version {meta['version']})", file=path, hint="update triloop"
        )
    if meta["key_id"] != keys.key_id:
        raise ConfigurationError(
            f"{KEY_VARIABLE} is not the key this vault was made with: its values could not be read, "
            "and one person would get two tokens",
            file=path,
            hint="put the earlier key back into .env; if it is lost for good, move the vault file away: "
            "the next run then makes new tokens from the archived originals",
        )
