"""Finding many texts in much text at once.

Every place of the haystack is looked up by its first 8 (or 3) bytes in a table of the needles' beginnings, a block of
bytes at a time and without a Python step per byte; only what passes is compared in full.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np

_LONG, _SHORT = 8, 3
_BITS = 22
_FACTOR = np.uint64(0x9E3779B97F4A7C15)
_BLOCK = 4_000_000


class Needles:
    """Texts to look for, each with what it stands for. A Latin text counts only as a whole word."""

    def __init__(self, texts: Iterable[tuple[str, str]]) -> None:
        self._long: dict[bytes, list[tuple[bytes, str]]] = {}
        self._short: dict[bytes, list[tuple[bytes, str]]] = {}
        self.count = 0
        for text, meaning in texts:
            needle = text.encode()
            if len(needle) < _SHORT:
                continue
            self.count += 1
            size, found = (_LONG, self._long) if len(needle) >= _LONG else (_SHORT, self._short)
            found.setdefault(needle[:size], []).append((needle, meaning))
        keys = np.array([int.from_bytes(one, "little") for one in self._long], dtype=np.uint64)
        self._may_long = np.zeros(1 << _BITS, dtype=bool)
        self._may_long[_slot(keys)] = True
        self._may_short = np.zeros(1 << 24, dtype=bool)
        for one in self._short:
            self._may_short[int.from_bytes(one, "little")] = True

    def found_in(self, haystack: bytes) -> Iterator[tuple[str, str]]:
        """Each needle that occurs, with what it stands for, once."""
        seen: set[bytes] = set()
        padded = haystack + b"\0" * _LONG  # so that a window fits at every place
        for start in range(0, len(haystack), _BLOCK):
            size = min(_BLOCK, len(haystack) - start)
            for place in self._candidates(padded, start, size):
                for needle, meaning in self._long.get(haystack[place : place + _LONG], ()):
                    if needle not in seen and _stands(haystack, place, needle):
                        seen.add(needle)
                        yield needle.decode(), meaning
                for needle, meaning in self._short.get(haystack[place : place + _SHORT], ()):
                    if needle not in seen and _stands(haystack, place, needle):
                        seen.add(needle)
                        yield needle.decode(), meaning

    def _candidates(self, padded: bytes, start: int, size: int) -> list[int]:
        windows: Any = np.ndarray((size,), dtype="<u8", buffer=padded, offset=start, strides=(1,))
        passed = np.zeros(size, dtype=bool)
        if self._long:
            passed |= self._may_long[_slot(windows)]
        if self._short:
            passed |= self._may_short[windows & np.uint64(0xFFFFFF)]
        return [int(place) + start for place in np.flatnonzero(passed)]


def _slot(keys: Any) -> Any:
    return (keys * _FACTOR) >> np.uint64(64 - _BITS)


def _stands(haystack: bytes, place: int, needle: bytes) -> bool:
    """Whether the needle is here, and not as a part of a longer number or Latin word."""
    end = place + len(needle)
    if haystack[place:end] != needle:
        return False
    before, after = haystack[place - 1 : place] if place else b"", haystack[end : end + 1]
    return not (_word(needle[:1]) and _word(before)) and not (_word(needle[-1:]) and _word(after))


def _word(one: bytes) -> bool:
    return one.isalnum()
