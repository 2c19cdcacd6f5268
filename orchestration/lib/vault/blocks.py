"""Values sealed in blocks: some hundred of a kind, ordered by token, are one AES-GCM record.

Sealed one by one, a million values cost a million calls and a million rows of an index: 6 s of CPU instead of 0.3 s. To
destroy one value its block is written again without it; the others in it are not lost and not read by anybody.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from orchestration.lib.errors import DataError

DIGEST = 16
"""Bytes of a token without its kind."""
VALUES = 512
"""Values of a block; fewer where they are long."""
_BYTES = 1 << 20
_NONCE = 12  # bytes, the size AES-GCM is made for; random, as one key seals far fewer than 2**32 blocks
_LENGTH = np.dtype("<u4")
_HEX = 2 * DIGEST


@dataclass(frozen=True)
class Run:
    """Values of one kind.

    Attributes:
        digests: ``fixed_size_binary(16)``, ascending, no two alike.
        values: ``large_string``, as many.
    """

    digests: Any
    values: Any

    @classmethod
    def of(cls, pairs: Sequence[tuple[bytes, str]]) -> Run:
        """A run of pairs that are sorted and have each digest once."""
        return cls(
            pa.array([digest for digest, _ in pairs], pa.binary(DIGEST)),
            pa.array([value for _, value in pairs], pa.large_string()),
        )

    def where(self, mask: Any) -> Run:
        """The part for which the Boolean array ``mask`` is true."""
        return Run(self.digests.filter(mask), self.values.filter(mask))

    def __len__(self) -> int:
        return len(self.digests)


@dataclass(frozen=True)
class Block:
    """``digests`` one behind the other, in order; ``sealed``: nonce and record."""

    digests: bytes
    sealed: bytes


def token(kind: str, digest: bytes) -> str:
    """A token as landing has it."""
    return f"tok_{kind}_{digest.hex()}"


def split_token(text: str) -> tuple[str, bytes]:
    """Kind and digest of a token."""
    _, kind, digest = text.split("_")
    return kind, bytes.fromhex(digest)


def split_digests(digests: bytes) -> list[bytes]:
    """The digests of a block, one by one."""
    return [digests[start : start + DIGEST] for start in range(0, len(digests), DIGEST)]


def digest_array(digests: bytes) -> Any:
    """Digests that stand one behind the other as an Arrow array."""
    return pa.FixedSizeBinaryArray.from_buffers(
        pa.binary(DIGEST), len(digests) // DIGEST, [None, pa.py_buffer(digests)]
    )


def sorted_runs(batches: Iterable[Any]) -> Iterator[Run]:
    """Record batches of ``token`` and ``raw``, sorted by both and of one kind → runs with one value for a token.

    Where several spellings share a token, the smallest stays, so that a repeat gives the same.
    """
    before = b""
    for batch in batches:
        if not len(batch):
            continue
        digests = _digests(batch.column("token").cast(pa.large_string()))
        pairs = np.frombuffer(digests, np.uint64).reshape(-1, 2)
        is_first = np.concatenate(([digests[:DIGEST] != before], (pairs[1:] != pairs[:-1]).any(axis=1)))
        before = digests[-DIGEST:]
        run = Run(digest_array(digests), batch.column("raw").cast(pa.large_string()))
        yield run if is_first.all() else run.where(pa.array(is_first))


def _digests(tokens: Any) -> bytes:
    """The digests of tokens of one kind, which are equally long."""
    offsets, data = _parts(tokens)
    lengths = np.diff(offsets)
    if (lengths != lengths[0]).any() or lengths[0] < _HEX:
        raise ValueError("these are not tokens of one kind")
    whole = np.frombuffer(data, np.uint8)[offsets[0] : offsets[-1]].reshape(len(tokens), lengths[0])
    return bytes.fromhex(whole[:, -_HEX:].tobytes().decode("ascii"))


def _parts(texts: Any) -> tuple[Any, memoryview]:
    """Offsets (one more than texts) and bytes of a ``large_string`` array."""
    _, offsets, data = texts.buffers()
    found = np.frombuffer(offsets, np.int64)[texts.offset : texts.offset + len(texts) + 1]
    return found, memoryview(data if data is not None else b"")


def seal(cipher: AESGCM, kind: str, run: Run) -> Iterator[Block]:
    """The blocks of a run."""
    if not len(run):
        return
    digests = run.digests.buffers()[1].slice(run.digests.offset * DIGEST, len(run) * DIGEST).to_pybytes()
    offsets, data = _parts(run.values)
    start = 0
    while start < len(run):
        fitting = int(np.searchsorted(offsets, offsets[start] + _BYTES, side="right")) - 1
        end = min(start + VALUES, max(start + 1, fitting), len(run))
        own = digests[start * DIGEST : end * DIGEST]
        lengths = np.diff(offsets[start : end + 1]).astype(_LENGTH).tobytes()
        nonce = os.urandom(_NONCE)
        record = cipher.encrypt(nonce, lengths + data[offsets[start] : offsets[end]], _bound(kind, own))
        yield Block(own, nonce + record)
        start = end


def open_block(cipher: AESGCM, kind: str, block: Block) -> list[str]:
    """The values of a block, in the order of its digests.

    Raises:
        DataError: the block was altered.
    """
    try:
        plain = cipher.decrypt(block.sealed[:_NONCE], block.sealed[_NONCE:], _bound(kind, block.digests))
    except InvalidTag:
        told = token(kind, block.digests[:DIGEST])
        raise DataError(
            f"the vault's values from {told} on were altered: their seal does not hold",
            hint="restore .triloop/vault.sqlite from a backup",
        ) from None
    count = len(block.digests) // DIGEST
    begin = count * _LENGTH.itemsize
    ends = begin + np.cumsum(np.frombuffer(plain, _LENGTH, count), dtype=np.int64)
    values = []
    for end in ends.tolist():
        values.append(plain[begin:end].decode())
        begin = end
    return values


def _bound(kind: str, digests: bytes) -> bytes:
    """What is authenticated with the values: a value moved to another token does not open."""
    return kind.encode() + b":" + digests
