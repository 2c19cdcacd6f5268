"""The vault: personal values by token, each sealed with AES-GCM, in an SQLite file that only its owner may read.

DuckDB can write encrypted files only with an extension that must be downloaded, so this is SQLite; the values are
sealed one by one, so that one person's can be destroyed and no other has to be written again.
"""

from __future__ import annotations

import os
import sqlite3
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from orchestration.lib.errors import ConfigurationError, DataError
from orchestration.lib.vault.keys import KEY_VARIABLE, VaultKeys
from orchestration.lib.workspace import Workspace

VERSION = 1
EVERYWHERE = "*"  # a tombstone for all contents
_NONCE = 12  # bytes, the size AES-GCM is made for; random, as one key seals far fewer than 2**32 values
_ASK_AT_ONCE = 10_000  # SQLite takes up to 32,766 parameters
_PRAGMAS = (
    "journal_mode = wal",
    "synchronous = full",
    "secure_delete = on",
    "cache_size = -65536",  # 64 MB: an index of a million tokens is built in memory
    "wal_autocheckpoint = 16384",
)
_SCHEMA = """
create table if not exists meta (name text primary key, value text not null) without rowid;
create table if not exists value (token text primary key, sealed blob not null) without rowid;
create table if not exists forgotten (
    token text not null, content text not null, forgotten_at text not null, primary key (token, content)
) without rowid;
"""


@dataclass(frozen=True)
class Added:
    """What became of values offered to the vault: ``new`` were sealed; ``forgotten`` belong to a person erased."""

    new: int = 0
    forgotten: int = 0


class Vault:
    """An open vault. Make one with :func:`open_vault`."""

    def __init__(self, connection: sqlite3.Connection, keys: VaultKeys) -> None:
        self._db = connection
        self._cipher = AESGCM(keys.encryption)

    def add(self, pairs: Sequence[tuple[str, str]], *, content: str, all_new: bool = False) -> Added:
        """Seal the values whose token is not yet there, in one short transaction.

        Args:
            pairs: token and value.
            all_new: the caller knows that none of the tokens is there.
            content: hash of the content they come from; a person may be forgotten for one content only.
        """
        tokens = [token for token, _ in pairs]
        known = set() if all_new else self.holds(tokens)
        everywhere: set[str] = set()
        here: set[str] = set()
        if self._db.execute("select exists (select 1 from forgotten)").fetchone()[0]:
            sql = "select token from forgotten where content = ? and token in ({marks})"
            everywhere, here = self._among(sql, tokens, EVERYWHERE), self._among(sql, tokens, content)
        fresh = [pair for pair in pairs if pair[0] not in known]
        nonces = os.urandom(_NONCE * len(fresh))
        rows = []
        for index, (token, value) in enumerate(fresh):
            if token in everywhere or token in here:
                continue
            nonce = nonces[index * _NONCE : (index + 1) * _NONCE]
            # The token is authenticated with the value: a value moved to another token does not open.
            rows.append((token, nonce + self._cipher.encrypt(nonce, value.encode(), token.encode())))
        with self._writing():
            self._db.executemany("insert or ignore into value values (?, ?)", rows)
        return Added(new=len(rows), forgotten=len(everywhere))

    def reveal(self, tokens: Iterable[str]) -> dict[str, str]:
        """Token → value for those that are there.

        Raises:
            DataError: a sealed value was altered.
        """
        found: dict[str, str] = {}
        for marks, part in _parts(list(tokens)):
            rows = self._db.execute(f"select token, sealed from value where token in ({marks})", part)
            found.update((token, self._open(token, sealed)) for token, sealed in rows)
        return found

    def holds(self, tokens: Iterable[str]) -> set[str]:
        """Those of the tokens that still have a value."""
        return self._among("select token from value where token in ({marks})", list(tokens))

    def texts(self) -> Iterator[tuple[str, str]]:
        """Every free text with its token."""
        for token, sealed in self._db.execute(
            "select token, sealed from value where token >= 'tok_text_' and token < 'tok_text`'"
        ):
            yield token, self._open(token, sealed)

    def values(self) -> Iterator[tuple[str, str]]:
        """Every token with its value, of all kinds."""
        for token, sealed in self._db.execute("select token, sealed from value"):
            yield token, self._open(token, sealed)

    def destroy(self, tokens: Iterable[str], *, tombstones: Iterable[tuple[str, str]]) -> Counter[str]:
        """Destroy values for good, and leave tombstones that keep them from coming back with the same data.

        Args:
            tombstones: token and the content hash it covers, ``EVERYWHERE`` for all.

        Returns:
            How many values were destroyed, by kind.
        """
        there = self.holds(tokens)
        with self._writing():
            self._db.executemany("delete from value where token = ?", [(token,) for token in sorted(there)])
            self._db.executemany(
                "insert or ignore into forgotten values (?, ?, strftime('%Y-%m-%dT%H:%M:%SZ', 'now'))",
                sorted(set(tombstones)),
            )
        if there:
            # secure_delete zeroed the cells; VACUUM and an emptied log leave no old page behind either.
            self._db.execute("vacuum")
            self._db.execute("pragma wal_checkpoint(truncate)")
        return Counter(token.split("_")[1] for token in there)

    def is_empty(self) -> bool:
        """Whether it holds no value at all."""
        return not self._db.execute("select exists (select 1 from value)").fetchone()[0]

    def _open(self, token: str, sealed: bytes) -> str:
        try:
            return self._cipher.decrypt(sealed[:_NONCE], sealed[_NONCE:], token.encode()).decode()
        except InvalidTag:
            raise DataError(
                f"the vault's value for {token} was altered: its seal does not hold",
                hint="restore .triloop/vault.sqlite from a backup",
            ) from None

    def _among(self, sql: str, tokens: Sequence[str], *parameters: str) -> set[str]:
        found: set[str] = set()
        for marks, part in _parts(tokens):
            found.update(row[0] for row in self._db.execute(sql.format(marks=marks), [*parameters, *part]))
        return found

    @contextmanager
    def _writing(self) -> Iterator[None]:
        self._db.execute("begin immediate")
        try:
            yield
        except BaseException:
            self._db.execute("rollback")
            raise
        self._db.execute("commit")


@contextmanager
def open_vault(workspace: Workspace, keys: VaultKeys) -> Iterator[Vault]:
    """The workspace's vault, made with permissions 0600 if it is not there.

    Raises:
        ConfigurationError: it was made with another key.
    """
    path = workspace.vault_file
    path.parent.mkdir(parents=True, exist_ok=True)
    os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))
    path.chmod(0o600)  # SQLite gives its log and index files the same
    connection = sqlite3.connect(path, isolation_level=None, timeout=30)
    try:
        try:
            for pragma in _PRAGMAS:
                connection.execute(f"pragma {pragma}")
            connection.executescript(_SCHEMA)
        except sqlite3.DatabaseError as error:
            if "not a database" not in str(error) and "malformed" not in str(error):
                raise
            raise DataError(
                f"the personal-data vault is damaged: {error}",
                file=path,
                hint="put back a backup of it; without one move it away: tokens and sums stay, what it held is lost",
            ) from error
        _check_identity(connection, keys, path)
        yield Vault(connection, keys)
    finally:
        connection.close()


def _check_identity(connection: sqlite3.Connection, keys: VaultKeys, path: Path) -> None:
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


def _parts(tokens: Sequence[str]) -> Iterator[tuple[str, list[str]]]:
    for start in range(0, len(tokens), _ASK_AT_ONCE):
        part = list(tokens[start : start + _ASK_AT_ONCE])
        yield ",".join("?" * len(part)), part
