"""Text files as UTF-8, decoded strictly as declared: a byte that does not fit is an error or marked, never a guess."""

from __future__ import annotations

import codecs
import gzip
import threading
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, cast

from orchestration.lib.errors import DataError

BLOCK = 8 << 20  # bytes that are decoded and judged at once
# GB18030 contains GBK and GB2312 whole; spreadsheet programs write characters beyond them under the older names.
_CODECS = {"gbk": "gb18030", "gb2312": "gb18030", "utf-8-sig": "utf-8"}
_CANDIDATES = ("utf-8", "gb18030", "utf-16", "big5")
_MARKS = {codecs.BOM_UTF8: "utf-8", codecs.BOM_UTF16_LE: "utf-16", codecs.BOM_UTF16_BE: "utf-16"}
_ENOUGH_CHINESE = 3  # Chinese characters that make a file UTF-8 beyond doubt
# What stands for bytes that cannot be decoded: a code point that Unicode promises never to make a character.
MARK = "\ufdd0"
_MOST = 1_000_000  # such places in one file; it is read to its end only to be refused


@dataclass
class Undecodable:
    """What of a file could not be decoded; ``first`` is the error of the first place."""

    count: int = 0
    first: DataError | None = None


def utf8_blocks(
    path: Path,
    *,
    encoding: str,
    shown: str,
    most_bytes: int | None = None,
    tolerated: Undecodable | None = None,
    at_once: int = BLOCK,
) -> Iterator[bytes]:
    """The text of a file (``.gz`` is unpacked) in UTF-8, in blocks of whole characters, without a byte order mark.

    Args:
        most_bytes: what a packed file may unpack to.
        tolerated: bytes that no known encoding explains become :data:`MARK` and are counted here, instead of an error.
        at_once: characters in a block that is given.

    Raises:
        DataError: bytes do not fit the declared encoding (it names offset, line and what would fit), or a packed file
            is damaged or unpacks to too much.
    """
    codec = _CODECS.get(encoding, encoding)
    decoder = codecs.getincrementaldecoder(codec)("strict" if tolerated is None else _MARKING)
    faults.first = None
    consumed = 0
    first = True
    with _opened(path, shown) as stream:
        while True:
            block = _read(stream, shown)
            if first and codec == "gb18030":
                _refuse_utf8(block, encoding, shown)
            pending = len(decoder.getstate()[0])
            error: UnicodeDecodeError | None = None
            faults.first, faults.count = None, 0
            try:
                text = decoder.decode(block, final=not block)
            except UnicodeDecodeError as strict:
                error = strict
            error = error or faults.first
            if error is not None and (tolerated is None or tolerated.first is None):
                offset = consumed - pending + error.start
                told = _undecodable(
                    path,
                    shown,
                    encoding=encoding,
                    offset=offset,
                    line=_line_at(path, shown, codec, offset),
                    found=error.object[error.start : error.start + 1],
                )
                mixed = codec == "utf-8" and _is_mostly_utf8(error.object)
                if tolerated is None or (told.fits and not mixed):
                    raise told from None
                tolerated.first = told
            if tolerated is not None and tolerated.first is not None:
                tolerated.count += faults.count
                if tolerated.count > _MOST:
                    raise tolerated.first
            consumed += len(block)
            if most_bytes is not None and consumed > most_bytes and shown.lower().endswith(".gz"):
                raise DataError(
                    f"{shown} unpacks to more than {most_bytes >> 20} MB",
                    file=shown,
                    hint="if that is right, raise limits: {max_unpacked_mb: ...} in triloop.yml",
                )
            if first and text:
                text = text.removeprefix("\ufeff")
                first = False
            for start in range(0, len(text), at_once):
                yield text[start : start + at_once].encode()
            if not block:
                return


def _line_at(path: Path, shown: str, codec: str, offset: int) -> int:
    """The line of a byte, from 1: the file is read once more, because counting all along would cost every good file."""
    decoder = codecs.getincrementaldecoder(codec)("ignore")
    lines = 1
    with _opened(path, shown) as stream:
        while offset > 0 and (block := _read(stream, shown)[:offset]):
            lines += decoder.decode(block).count("\n")
            offset -= len(block)
    return lines


def _is_mostly_utf8(data: bytes) -> bool:
    """Whether most lines beyond ASCII are UTF-8; another encoding that takes all of them then does so by chance."""
    good = bad = 0
    for line in data.split(b"\n"):
        if line.isascii():
            continue
        try:
            line.decode("utf-8")
        except UnicodeDecodeError:
            bad += 1
        else:
            good += 1
    return good > bad


class _Faults(threading.local):
    """What the decoder that is now at work on this thread met: a handler is given no place to put it."""

    first: UnicodeDecodeError | None = None
    count: int = 0


faults = _Faults()
_MARKING = "triloop-mark"


def _mark(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeDecodeError):
        raise error
    if faults.first is None:  # a copy: the decoder uses its one error object again
        faults.first = UnicodeDecodeError(error.encoding, error.object, error.start, error.end, error.reason)
    faults.count += 1
    return MARK, error.end


codecs.register_error(_MARKING, _mark)


class UndecodableError(DataError):
    """Bytes that the declared encoding cannot explain; ``fits``: another encoding reads the whole file."""

    fits: bool = False


def _undecodable(path: Path, shown: str, *, encoding: str, offset: int, line: int, found: bytes) -> UndecodableError:
    fits = [name for name in _CANDIDATES if name != _CODECS.get(encoding, encoding) and _decodes(path, name, shown)]
    if fits:
        hint = f"the whole file reads as {fits[0]}: set format: {{encoding: {fits[0]}}} for this object in the mapping"
    else:
        hint = "no known encoding reads the whole file: it mixes several; export it again in one (utf-8 or gb18030)"
    told = UndecodableError(
        f"{shown} is not valid {encoding}: byte offset {offset}, line {line} (byte 0x{found.hex()})",
        file=shown,
        line=line,
        hint=hint,
    )
    told.fits = bool(fits)
    return told


def _decodes(path: Path, codec: str, shown: str) -> bool:
    decoder = codecs.getincrementaldecoder(codec)("strict")
    with _opened(path, shown) as stream:
        block = _read(stream, shown)
        marked = next((name for mark, name in _MARKS.items() if block.startswith(mark)), None)
        # UTF-16 "reads" nearly anything of even length, so only a file that says so counts.
        if (marked or codec) != codec or (codec == "utf-16" and marked is None):
            return False
        try:
            while block:
                decoder.decode(block)
                block = _read(stream, shown)
            decoder.decode(b"", final=True)
        except UnicodeDecodeError:
            return False
    return True


def _refuse_utf8(block: bytes, encoding: str, shown: str) -> None:
    """A UTF-8 file often reads as GB18030 without an error - as wrong characters. Refuse what is plainly UTF-8."""
    try:
        text = codecs.getincrementaldecoder("utf-8")("strict").decode(block)
    except UnicodeDecodeError:
        return
    chinese = sum("\u4e00" <= char <= "\u9fff" for char in text[:100_000])
    if block.startswith(codecs.BOM_UTF8) or chinese >= _ENOUGH_CHINESE:
        raise DataError(
            f"{shown} is declared {encoding} but is UTF-8: its Chinese characters would come out wrong",
            file=shown,
            hint="set format: {encoding: utf-8} for this object in the mapping",
        )


@contextmanager
def _opened(path: Path, shown: str) -> Iterator[BinaryIO]:
    if shown.lower().endswith(".gz"):
        with gzip.open(path, "rb") as packed:
            yield cast(BinaryIO, packed)
    else:
        with path.open("rb") as plain:
            yield plain


def _read(stream: BinaryIO, shown: str) -> bytes:
    try:
        return stream.read(BLOCK)
    except (EOFError, gzip.BadGzipFile, zlib.error) as error:
        raise DataError(
            f"{shown} cannot be unpacked: {error}",
            file=shown,
            hint="the file is damaged or was cut off; copy or export it again",
        ) from None
