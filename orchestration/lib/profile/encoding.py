"""Which encoding a text file is in: strict decoding of all its bytes, and of those that pass the most plausible."""

from __future__ import annotations

import codecs
import gzip
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from orchestration.lib.errors import DataError
from orchestration.lib.profile.words import Words

_BLOCK = 4 << 20
_LOOKED_AT = 400_000  # characters whose plausibility is weighed
_MARKS = ((codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))
_PLAUSIBLE = 0.6
_CLOSE = 0.1


@dataclass(frozen=True)
class Encoding:
    """The encoding of a file, and another that reads it nearly as plausibly."""

    name: str
    rival: str | None = None

    @property
    def notes(self) -> tuple[Words, ...]:
        """What a person should know about it."""
        if self.rival is None:
            return ()
        return (
            Words(
                f"read as {self.name}; {self.rival} fits nearly as well: look at the samples",
                f"按 {self.name} 解码；{self.rival} 也几乎同样合适，请核对样例",
            ),
        )


def detect_encoding(path: Path, *, shown: str, limit: int) -> Encoding:
    """The encoding of the first ``limit`` bytes of a file (``.gz`` is unpacked).

    Raises:
        DataError: the file is damaged, or no known encoding reads it.
    """
    head = next(_blocks(path, shown, limit), b"")
    for mark, name in _MARKS:
        if head.startswith(mark) and _decodes(path, name, shown, limit):
            return Encoding(name)
    wide = _wide(head)
    if wide is not None and _decodes(path, wide, shown, limit):
        return Encoding(wide)
    if _decodes(path, "utf-8", shown, limit):
        return Encoding("utf-8")
    scores = {
        name: _plausibility(head, name) for name in ("gb18030", "big5", "latin-1") if _decodes(path, name, shown, limit)
    }
    ranked = sorted(scores, key=lambda name: -scores[name])
    if not ranked or scores[ranked[0]] < _PLAUSIBLE:
        raise DataError(
            f"{shown} is in no encoding that is known, or mixes several",
            file=shown,
            hint="export it again as UTF-8 (or gb18030); if it is no text file, profile the export instead",
        )
    rival = next((name for name in ranked[1:] if scores[name] > scores[ranked[0]] - _CLOSE), None)
    return Encoding(ranked[0], rival)


def _plausibility(head: bytes, name: str) -> float:
    """Share of the characters beyond ASCII that people write often, as far as the encoding tells."""
    text = codecs.getincrementaldecoder(name)("strict").decode(head)[:_LOOKED_AT]
    others = [char for char in text if ord(char) > 127]
    if not others:
        return 0.0
    if sum(ord(char) < 32 and char not in "\t\r\n\f" for char in text) > len(text) // 1000:
        return 0.0  # no text at all
    if name == "latin-1":
        letters = sum(char.isalpha() or char in "°²³€«»¡¿ºª½§" for char in others)
        within = sum(  # an accented letter stands beside plain ones: São, Köln
            char.isalpha() and (text[max(at - 1, 0)].isascii() and text[max(at - 1, 0)].isalpha())
            for at, char in enumerate(text)
            if ord(char) > 127
        )
        return 0.5 * letters / len(others) + 0.5 * within / len(others)
    return sum(_is_common(char, name) for char in others) / len(others)


def _is_common(char: str, name: str) -> bool:
    """Level 1 of GB 2312 (or of Big5) and its punctuation: the characters of nearly all texts."""
    try:
        first = char.encode("gb2312" if name == "gb18030" else "big5")[0]
    except UnicodeEncodeError:
        return False
    return (0xB0 <= first <= 0xD7 or 0xA1 <= first <= 0xA3) if name == "gb18030" else 0xA1 <= first <= 0xC6


def _wide(head: bytes) -> str | None:
    """UTF-16 without a mark: in Latin text every second byte is zero."""
    some = head[:4000]
    if len(some) < 4 or 0 not in some:
        return None
    even, odd = some[::2].count(0), some[1::2].count(0)
    name = "utf-16-le" if odd > 4 * even else "utf-16-be" if even > 4 * odd else None
    if name is None:
        return None
    text = codecs.getincrementaldecoder(name)("replace").decode(some)
    return name if sum(char.isprintable() or char in "\t\r\n" for char in text) > 0.95 * len(text) else None


def _decodes(path: Path, name: str, shown: str, limit: int) -> bool:
    decoder = codecs.getincrementaldecoder(name)("strict")
    try:
        for block in _blocks(path, shown, limit):
            decoder.decode(block)
    except UnicodeDecodeError:
        return False
    return True


def _blocks(path: Path, shown: str, limit: int) -> Iterator[bytes]:
    read = 0
    packed = path.name.lower().endswith(".gz")
    try:
        with gzip.open(path, "rb") if packed else path.open("rb") as stream:
            while read < limit and (block := stream.read(min(_BLOCK, limit - read))):
                read += len(block)
                yield block
    except (EOFError, gzip.BadGzipFile, zlib.error) as error:
        raise DataError(
            f"{shown} cannot be unpacked: {error}",
            file=shown,
            hint="the file is damaged or was cut off; copy or export it again",
        ) from None
