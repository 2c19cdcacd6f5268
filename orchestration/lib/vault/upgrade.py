"""Reading a vault of version 1, which sealed each value in a row of its own (``value(token, sealed)``)."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from itertools import groupby

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from orchestration.lib.errors import DataError
from orchestration.lib.vault.blocks import Run, split_token

_NONCE = 12
_AT_ONCE = 16_384


def has_single_values(connection: sqlite3.Connection) -> bool:
    """Whether the vault is of version 1."""
    sql = "select exists (select 1 from sqlite_master where type = 'table' and name = 'value')"
    return bool(connection.execute(sql).fetchone()[0])


def single_values(connection: sqlite3.Connection, cipher: AESGCM) -> Iterator[tuple[str, Run]]:
    """Kind and values, in runs.

    Raises:
        DataError: a value was altered.
    """
    cursor = connection.cursor().execute("select token, sealed from value order by token")
    while rows := cursor.fetchmany(_AT_ONCE):
        for kind, several in groupby(rows, key=lambda row: split_token(row[0])[0]):
            yield kind, Run.of([(split_token(text)[1], _open(cipher, text, sealed)) for text, sealed in several])


def _open(cipher: AESGCM, text: str, sealed: bytes) -> str:
    try:
        return cipher.decrypt(sealed[:_NONCE], sealed[_NONCE:], text.encode()).decode()
    except InvalidTag:
        raise DataError(
            f"the vault's value for {text} was altered: its seal does not hold",
            hint="put back a backup of .triloop/vault.sqlite; without one move it away: tokens and sums stay, "
            "what it held is lost",
        ) from None
