"""JSON lines as text: one object per line, nested ones as dotted columns, every number exactly as it was written.

A JSON parser makes a floating point number of 1.10, which is 1.1 afterwards. So before anything is parsed, each number
outside of texts gets quotes and a mark, found with array arithmetic as for CSV; whole lists get their numbers back.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import numpy.typing as npt
import pyarrow as pa

from orchestration.lib.errors import DataError
from orchestration.lib.landing.decoding import utf8_blocks
from orchestration.lib.landing.header import check_header
from orchestration.lib.landing.model import ROW
from orchestration.lib.landing.scratch import Scratch, literal, quoted

LONGEST_LINE = 64 << 20
_LF, _QUOTE, _BACKSLASH = 10, 34, 92
_BLANKS = np.zeros(256, dtype=bool)
_BLANKS[[9, 13, 32]] = True
_IN_NUMBER = np.zeros(256, dtype=bool)
_IN_NUMBER[list(b"0123456789+-.eE")] = True
_BEGINS_NUMBER = np.zeros(256, dtype=bool)
_BEGINS_NUMBER[list(b"0123456789-")] = True

Bytes = npt.NDArray[np.uint8]
Positions = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]
KeyPath = tuple[str, ...]


def read_jsonl(scratch: Scratch, path: Path, *, encoding: str, shown: str, table: str) -> tuple[str, ...]:
    """Load a file into the temporary ``table``: ``_row`` (the line) and a VARCHAR per key of the objects.

    The value of a nested object has the column ``outer.inner``; a list is JSON text, and so is a value that is an
    object on one line and none on another. A key that a line lacks, and null, are NULL.

    Returns:
        The columns, in the order in which they first appear in the structure of the file.

    Raises:
        DataError: a line is not one JSON object; it names the line.
    """
    # three random signs for private use, which nobody who writes the file can know
    mark = "".join(chr(0xE000 + secrets.randbelow(6400)) for _ in range(3))
    connection = scratch.connection
    lines = f"{table}_lines"
    connection.execute(f"create temp table {lines} ({ROW} bigint, line varchar)")
    for first, block in _whole_lines(utf8_blocks(path, encoding=encoding, shown=shown), shown):
        _insert(connection, lines, _Lines(block, first, mark))
    _refuse_bad_lines(connection, lines, mark, shown)
    paths = _paths(connection, lines)
    if not paths:
        raise DataError(f"{shown} holds no object", file=shown, hint='each line is one object: {"key": value, ...}')
    columns = check_header([".".join(one) for one in paths], shown)
    scratch.limits.require_columns(len(columns), shown)
    _refuse_repeated_keys(connection, lines, paths, shown)
    places = ", ".join(literal(_pointer(one)) for one in paths)
    texts = ", ".join(
        f"{_as_text(f'v[{number}]', mark)} as {quoted(name)}" for number, name in enumerate(columns, start=1)
    )
    connection.execute(
        f"create temp table {table} as select {ROW}, {texts} from "
        f"(select {ROW}, json_extract(line, [{places}]) as v from {lines}) order by {ROW}"
    )
    connection.execute(f"drop table {lines}")
    return columns


class _Lines:
    """A stretch of whole lines, with every number outside of texts in quotes, behind ``mark``."""

    def __init__(self, data: bytes, first: int, mark: str) -> None:
        array: Bytes = np.frombuffer(data, dtype=np.uint8)
        ends = np.flatnonzero(array == _LF)
        starts = np.concatenate((np.zeros(1, dtype=np.int64), ends[:-1] + 1))
        kept = _not_blank(data, array, starts, ends)
        self.numbers = np.flatnonzero(kept) + first
        inserted = np.frombuffer(f'"{mark}'.encode(), dtype=np.uint8)
        begins, after = _numbers(array, starts, ends)
        places = np.concatenate((np.repeat(begins, len(inserted)), after))
        values = np.concatenate((np.tile(inserted, len(begins)), np.full(len(after), _QUOTE, dtype=np.uint8)))
        self.data: Bytes = np.insert(array, places, values)
        grown = np.searchsorted(begins, starts) * len(inserted) + np.searchsorted(after, starts, side="right")
        # a line reaches up to the next one: its end and blank lines behind it are blanks to a parser
        self.offsets = np.append((starts + grown)[kept], len(self.data))

    def arrow(self) -> Any:
        """The lines as an Arrow table."""
        buffers = [None, pa.py_buffer(self.offsets.astype(np.int64)), pa.py_buffer(self.data)]
        text = pa.Array.from_buffers(pa.large_string(), len(self.numbers), buffers)
        return pa.table({ROW: pa.array(self.numbers, pa.int64()), "line": text})


def _not_blank(data: bytes, array: Bytes, starts: Positions, ends: Positions) -> Flags:
    """Which lines hold anything; only those that begin with a blank have to be looked at."""
    kept: Flags = ~_BLANKS[array[starts]] & (starts < ends)
    for line in np.flatnonzero(~kept & (starts < ends)):
        kept[line] = bool(data[starts[line] : ends[line]].strip(b" \t\r"))
    return kept


def _numbers(array: Bytes, starts: Positions, ends: Positions) -> tuple[Positions, Positions]:
    """Where numbers outside of texts begin, and the positions just after them.

    A place is inside of a text when an odd number of quotes stands before it on its line (a text never goes on over a
    line break, so a stray quote spoils its own line only).
    """
    part = _IN_NUMBER[array]
    edges = np.flatnonzero(np.diff(part, prepend=False, append=False))
    begins, after = edges[::2], edges[1::2]
    real = _BEGINS_NUMBER[array[begins]]  # the e of true is none
    begins, after = begins[real], after[real]
    quotes = _quotes(array)
    before_line = np.searchsorted(quotes, starts)[np.searchsorted(ends, begins)]
    outside = (np.searchsorted(quotes, begins) - before_line) % 2 == 0
    return begins[outside], after[outside]


def _quotes(array: Bytes) -> Positions:
    """Quotes that are not escaped: an even number of backslashes stands before them."""
    quotes = np.flatnonzero(array == _QUOTE)
    slashes = np.flatnonzero(array == _BACKSLASH)
    if not len(slashes):
        return quotes
    new_run = np.diff(slashes, prepend=-2) > 1
    run_start = slashes[new_run][np.cumsum(new_run) - 1]
    escaping = slashes[(slashes - run_start) % 2 == 0]  # in a run of them, every other one escapes what follows
    return quotes[~np.isin(quotes, escaping + 1, assume_unique=True)]


def _whole_lines(blocks: Iterator[bytes], shown: str) -> Iterator[tuple[int, bytes]]:
    """Blocks that end with a line break, each with the number of its first line."""
    carry, line = b"", 1
    for block in blocks:
        data = carry + block
        cut = data.rfind(b"\n") + 1
        carry = data[cut:]
        if cut:
            yield line, data[:cut]
            line += data.count(b"\n", 0, cut)
        if len(carry) > LONGEST_LINE:
            raise DataError(
                f"line {line} of {shown} is longer than {LONGEST_LINE >> 20} MB", file=shown, line=line,
                hint="each line is one object; a file that is one long list is JSON, but not JSON lines",
            )  # fmt: skip
    if carry:
        yield line, carry + b"\n"


def _insert(connection: duckdb.DuckDBPyConnection, lines: str, block: _Lines) -> None:
    if not len(block.numbers):
        return
    connection.register("fetched", block.arrow())
    connection.execute(f"insert into {lines} select * from fetched")
    connection.unregister("fetched")


def _refuse_bad_lines(connection: duckdb.DuckDBPyConnection, lines: str, mark: str, shown: str) -> None:
    bad = f"from {lines} where not case when json_valid(line) then json_type(line) = 'OBJECT' else false end"
    count, first = connection.execute(f"select count(*), min({ROW}) {bad}").fetchone() or (0, None)
    if not count:
        return
    (line,) = connection.execute(f"select line from {lines} where {ROW} = {first}").fetchone() or ("",)
    others = f" ({count} such lines)" if count > 1 else ""
    raise DataError(
        f"line {first} of {shown} is not one JSON object: {_what_is_wrong(line, mark)}{others}",
        file=shown,
        line=first,
        hint='each line is one object: {"key": value, ...}; correct the line, or export the file again',
    )


def _what_is_wrong(line: str, mark: str) -> str:
    """Said without quoting the line: it may hold personal values."""
    plain = line.replace(f'"{mark}', "")
    try:
        found = json.loads(line)
    except json.JSONDecodeError as error:
        place = error.pos if plain == line else None
        return error.msg if place is None else f"{error.msg} at character {place + 1}"
    return f"it is a {type(found).__name__}" if not isinstance(found, dict) else "it holds text that is not valid"


def _paths(connection: duckdb.DuckDBPyConnection, lines: str) -> list[KeyPath]:
    """The path of every column: the leaves of the structure that all objects together have."""
    (text,) = connection.execute(
        f"select cast(json_group_structure(cast(line as json)) as varchar) from {lines}"
    ).fetchone() or (None,)
    return list(_leaves(json.loads(text), ())) if text else []


def _leaves(structure: Any, path: KeyPath) -> Iterator[KeyPath]:
    if isinstance(structure, dict) and structure:
        for key, inner in structure.items():
            yield from _leaves(inner, (*path, key))
    elif path:
        yield path


def _pointer(path: KeyPath) -> str:
    return "".join("/" + key.replace("~", "~0").replace("/", "~1") for key in path)


def _refuse_repeated_keys(connection: duckdb.DuckDBPyConnection, lines: str, paths: list[KeyPath], shown: str) -> None:
    """An object that names a key twice says two things at once; which one counts must not be left to a parser."""
    outer = sorted({path[:depth] for path in paths for depth in range(len(path))})
    checks = []
    for path in outer:
        keys = f"json_keys(line, {literal(_pointer(path))})" if path else "json_keys(line)"
        checks.append(f"len({keys}) <> len(list_distinct({keys}))")
    found = connection.execute(f"select min({ROW}) from {lines} where {' or '.join(checks)}").fetchone()
    if found and found[0] is not None:
        raise DataError(
            f"line {found[0]} of {shown} names a key twice in one object", file=shown, line=found[0],
            hint="which of the two values counts cannot be told; export the file again",
        )  # fmt: skip


def _as_text(value: str, mark: str) -> str:
    """SQL: a JSON value as text; numbers without their mark, in lists and objects too."""
    marked = literal(f'"{mark}([^"]*)"')
    inner = f"regexp_replace(cast({value} as varchar), {marked}, '\\1', 'g')"
    text = f"json_extract_string({value}, '$')"
    return (
        f"case json_type({value}) when 'NULL' then null when 'VARCHAR' then "
        f"case when starts_with({text}, {literal(mark)}) then substr({text}, {len(mark) + 1}) else {text} end "
        f"when 'ARRAY' then {inner} when 'OBJECT' then {inner} else {text} end"
    )
