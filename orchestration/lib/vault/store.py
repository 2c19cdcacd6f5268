"""The vault: personal values by token, sealed in blocks, in an SQLite file that only its owner may read.

DuckDB can write encrypted files only with an extension that must be downloaded, so this is SQLite. Each landing adds
blocks of its own, so blocks overlap; a token is in one of those whose span (``first`` to ``last``) it is in.
"""

from __future__ import annotations

import os
import sqlite3
from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import pyarrow.compute as pc
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from orchestration.lib.errors import DataError
from orchestration.lib.vault.blocks import (
    DIGEST,
    Block,
    Run,
    digest_array,
    open_block,
    seal,
    split_digests,
    split_token,
    token,
)
from orchestration.lib.vault.keys import VaultKeys
from orchestration.lib.vault.schema import VERSION, make_ready, require_own
from orchestration.lib.vault.upgrade import has_single_values, single_values
from orchestration.lib.workspace import Workspace

EVERYWHERE = "*"  # a tombstone for all contents
_ASK_AT_ONCE = 10_000  # SQLite takes up to 32,766 parameters


@dataclass(frozen=True)
class Added:
    """What became of values offered to the vault: ``new`` were sealed; ``forgotten`` belong to a person erased."""

    new: int = 0
    forgotten: int = 0

    def __add__(self, other: Added) -> Added:
        return Added(self.new + other.new, self.forgotten + other.forgotten)


class Vault:
    """An open vault. Make one with :func:`open_vault`."""

    def __init__(self, connection: sqlite3.Connection, keys: VaultKeys) -> None:
        self._db = connection
        self._cipher = AESGCM(keys.encryption)

    def add(self, pairs: Iterable[tuple[str, str]], *, content: str) -> Added:
        """Seal the values whose token is not yet there; of several for one token the first.

        Args:
            pairs: token and value.
            content: hash of the content they come from; a person may be forgotten for one content only.
        """
        kinds: dict[str, dict[bytes, str]] = {}
        for text, value in pairs:
            kind, digest = split_token(text)
            kinds.setdefault(kind, {}).setdefault(digest, value)
        added = Added()
        for kind, values in sorted(kinds.items()):
            added += self.add_runs(kind, [Run.of(sorted(values.items()))], content=content)
        return added

    def add_runs(self, kind: str, runs: Iterable[Run], *, content: str) -> Added:
        """Like :meth:`add`, for values of one kind by the thousand, in one transaction."""
        added = Added()
        with self._writing():
            has_tombstones = bool(self._db.execute("select exists (select 1 from forgotten)").fetchone()[0])
            for run in runs:
                fresh, forgotten = self._let_in(kind, run, content) if has_tombstones else (run, 0)
                fresh = self._unknown(kind, fresh)
                self._write(kind, fresh)
                added += Added(new=len(fresh), forgotten=forgotten)
        return added

    def _let_in(self, kind: str, run: Run, content: str) -> tuple[Run, int]:
        """The run without what was forgotten, and how much of it was forgotten for all contents."""
        texts = {token(kind, digest): digest for digest in run.digests.to_pylist()}
        sql = "select token from forgotten where content = ? and token in ({marks})"
        everywhere = self._among(sql, list(texts), EVERYWHERE)
        gone = everywhere | self._among(sql, list(texts), content)
        if not gone:
            return run, 0
        held_back = digest_array(b"".join(texts[one] for one in gone))
        return run.where(pc.invert(pc.is_in(run.digests, value_set=held_back))), len(everywhere)

    def _unknown(self, kind: str, run: Run) -> Run:
        if not len(run):
            return run
        span = (kind, run.digests[-1].as_py(), run.digests[0].as_py())
        met = self._db.execute("select digests from block where kind = ? and first <= ? and last >= ?", span).fetchall()
        if not met:
            return run
        known = digest_array(b"".join(digests for (digests,) in met))
        return run.where(pc.invert(pc.is_in(run.digests, value_set=known)))

    def _write(self, kind: str, run: Run) -> None:
        self._db.executemany(
            "insert into block (kind, first, last, digests, sealed) values (?, ?, ?, ?, ?)",
            (
                (kind, block.digests[:DIGEST], block.digests[-DIGEST:], block.digests, block.sealed)
                for block in seal(self._cipher, kind, run)
            ),
        )

    def reveal(self, tokens: Iterable[str]) -> dict[str, str]:
        """Token → value for those that are there.

        Raises:
            DataError: sealed values were altered.
        """
        found: dict[str, str] = {}
        for kind, wanted in _by_kind(tokens):
            for number, there in self._blocks_with(kind, wanted):
                opened = dict(self._open(kind, number))
                found.update((token(kind, digest), opened[digest]) for digest in there)
        return found

    def holds(self, tokens: Iterable[str]) -> set[str]:
        """Those of the tokens that still have a value."""
        return {
            token(kind, digest)
            for kind, wanted in _by_kind(tokens)
            for _, there in self._blocks_with(kind, wanted)
            for digest in there
        }

    def texts(self) -> Iterator[tuple[str, str]]:
        """Every free text with its token."""
        return self._all("text")

    def values(self) -> Iterator[tuple[str, str]]:
        """Every token with its value, of all kinds."""
        for (kind,) in self._db.execute("select distinct kind from block order by kind").fetchall():
            yield from self._all(kind)

    def destroy(self, tokens: Iterable[str], *, tombstones: Iterable[tuple[str, str]]) -> Counter[str]:
        """Destroy values for good, and leave tombstones that keep them from coming back with the same data.

        Args:
            tombstones: token and the content hash it covers, ``EVERYWHERE`` for all.

        Returns:
            How many values were destroyed, by kind.
        """
        destroyed: Counter[str] = Counter()
        with self._writing():
            for kind, wanted in _by_kind(tokens):
                for number, gone in list(self._blocks_with(kind, wanted)):
                    kept = [(digest, value) for digest, value in self._open(kind, number) if digest not in gone]
                    self._db.execute("delete from block where id = ?", (number,))
                    self._write(kind, Run.of(kept))
                    destroyed[kind] += len(gone)
            self._db.executemany(
                "insert or ignore into forgotten values (?, ?, strftime('%Y-%m-%dT%H:%M:%SZ', 'now'))",
                sorted(set(tombstones)),
            )
        if destroyed:
            self._compact()
        return destroyed

    def upgrade(self) -> None:
        """Put what version 1 sealed value by value into blocks; all of it or nothing.

        Raises:
            DataError: a value was altered.
        """
        with self._writing():
            if not has_single_values(self._db):
                return  # another process was quicker
            for kind, run in single_values(self._db, self._cipher):
                self._write(kind, run)
            self._db.execute("drop table value")
            self._db.execute("update meta set value = ? where name = 'version'", (str(VERSION),))
        self._compact()

    def _compact(self) -> None:
        # secure_delete zeroed the cells; VACUUM and an emptied log leave no old page behind either.
        self._db.execute("vacuum")
        self._db.execute("pragma wal_checkpoint(truncate)")

    def _blocks_with(self, kind: str, wanted: Sequence[bytes]) -> Iterator[tuple[int, set[bytes]]]:
        """The blocks that hold any of the digests (sorted), and which of them."""
        spans = self._db.execute(
            "select id, first, last from block where kind = ? and first <= ? and last >= ?",
            (kind, wanted[-1], wanted[0]),
        ).fetchall()
        for number, first, last in spans:
            near = bisect_left(wanted, first)
            if near == len(wanted) or wanted[near] > last:
                continue
            (digests,) = self._db.execute("select digests from block where id = ?", (number,)).fetchone()
            there = set(wanted[near:]).intersection(split_digests(digests))
            if there:
                yield number, there

    def _all(self, kind: str) -> Iterator[tuple[str, str]]:
        for (number,) in self._db.execute("select id from block where kind = ? order by id", (kind,)).fetchall():
            for digest, value in self._open(kind, number):
                yield token(kind, digest), value

    def _open(self, kind: str, number: int) -> Iterator[tuple[bytes, str]]:
        digests, sealed = self._db.execute("select digests, sealed from block where id = ?", (number,)).fetchone()
        return zip(split_digests(digests), open_block(self._cipher, kind, Block(digests, sealed)), strict=True)

    def _among(self, sql: str, tokens: Sequence[str], *parameters: str) -> set[str]:
        found: set[str] = set()
        for start in range(0, len(tokens), _ASK_AT_ONCE):
            part = tokens[start : start + _ASK_AT_ONCE]
            marks = ",".join("?" * len(part))
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


def _by_kind(tokens: Iterable[str]) -> Iterator[tuple[str, list[bytes]]]:
    """Kind and digests (sorted) of tokens."""
    kinds: dict[str, set[bytes]] = {}
    for text in tokens:
        kind, digest = split_token(text)
        kinds.setdefault(kind, set()).add(digest)
    for kind, digests in sorted(kinds.items()):
        yield kind, sorted(digests)


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
            make_ready(connection)
        except sqlite3.DatabaseError as error:
            if "not a database" not in str(error) and "malformed" not in str(error):
                raise
            raise DataError(
                f"the personal-data vault is damaged: {error}",
                file=path,
                hint="put back a backup of it; without one move it away: tokens and sums stay, what it held is lost",
            ) from error
        require_own(connection, keys, path)
        vault = Vault(connection, keys)
        if has_single_values(connection):
            vault.upgrade()
        yield vault
    finally:
        connection.close()
