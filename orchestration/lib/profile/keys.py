"""Sets of columns that identify a row."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations

import duckdb

from orchestration.lib.mapping.sql import name
from orchestration.lib.profile.model import ColumnProfile
from orchestration.lib.profile.vocabulary import Vocabulary

_MOST_COLUMNS = 12  # that combinations are made of
_MOST_FOUND = 3
_LONGEST = 80  # characters of a value that may be part of a key
_FEWEST_ROWS = 2
_NEARLY = 0.97
_ENOUGH = 20  # rows from which a share says something
_LINE_NUMBERS = ("行号", "行次", "序号", "分录号", "line number", "line no", "position", "sequence")
_PARTS = {"person_name", "code", "integer", "category", "date", "timestamp", "currency", "text", "tax_id", "udi"}


def find_keys(
    connection: duckdb.DuckDBPyConnection, table: str, columns: Sequence[ColumnProfile], vocabulary: Vocabulary
) -> tuple[tuple[str, ...], ...]:
    """Single columns that identify the rows of ``table``, else pairs, else triples; the likeliest first."""
    if not columns or columns[0].rows < _FEWEST_ROWS:
        return ()
    order = {one.name: position for position, one in enumerate(columns)}

    def rank(column: ColumnProfile) -> tuple[bool, bool, int, int]:
        likely = {"code": 0, "tax_id": 1, "udi": 1, "category": 1, "text": 1}
        first = column.kind == "integer" and order[column.name] == 0
        kind = 0 if first else likely.get(column.kind, 2)
        return column.personal is not None, not is_id(column.name, vocabulary), kind, order[column.name]

    single = [
        one
        for one in columns
        if (one.is_unique or _nearly(one, vocabulary)) and one.max_length <= _LONGEST and one.kind in _PARTS
    ]
    definite = [one for one in single if one.kind not in {"date", "timestamp"}]
    if single:
        return tuple((one.name,) for one in sorted(definite or single, key=rank)[:_MOST_FOUND])
    parts = [
        one
        for one in columns
        if one.kind in _PARTS
        and one.filled == one.rows
        and one.distinct > 1
        and one.personal is None
        and one.max_length <= _LONGEST
    ]
    lines = {one.name for one in parts if is_line_number(one, vocabulary)}
    parts = sorted(parts, key=lambda one: (one.name not in lines, rank(one)))[:_MOST_COLUMNS]
    rows = columns[0].rows
    enough = rows if rows < _ENOUGH else _NEARLY * rows
    for size in (2, 3):
        tried = [
            group
            for group in combinations(parts, size)
            if _room(group) >= enough and (size == 2 or any(is_id(one.name, vocabulary) for one in group))
        ]
        found = _unique(connection, table, tried, enough)
        # a document and its line number say more than a document and a product that happens to be on it once
        found.sort(key=lambda group: not any(one.name in lines for one in group))
        if found:
            return tuple(
                tuple(one.name for one in sorted(group, key=lambda c: order[c.name])) for group in found[:_MOST_FOUND]
            )
    return ()


def is_line_number(raw: ColumnProfile, vocabulary: Vocabulary) -> bool:
    """Numbers that begin anew in each document: they are no ids by themselves."""
    name_ = vocabulary.normal(raw.name)
    called = any(name_.endswith(vocabulary.normal(word)) for word in _LINE_NUMBERS) or name_ in vocabulary.lines
    return called and raw.kind in {"integer", "boolean"} and not raw.is_unique


def _nearly(column: ColumnProfile, vocabulary: Vocabulary) -> bool:
    """An id with a few repeats: the same row exported twice, or corrected."""
    enough = column.rows >= _ENOUGH and column.filled >= _NEARLY * column.rows
    return enough and column.distinct >= _NEARLY * column.rows and is_id(column.name, vocabulary)


def is_id(column: str, vocabulary: Vocabulary) -> bool:
    """Whether a name ends like that of an id."""
    text = vocabulary.normal(column)
    words = [vocabulary.normal(word) for word in vocabulary.ids]
    return any(
        text == word or text.endswith(" " + word) or (len(word) > 0 and not word.isascii() and text.endswith(word))
        for word in words
    )


def _room(group: Sequence[ColumnProfile]) -> int:
    """How many rows the columns could tell apart at most."""
    total = 1
    for one in group:
        total *= one.distinct
    return total


def _unique(
    connection: duckdb.DuckDBPyConnection, table: str, groups: list[tuple[ColumnProfile, ...]], enough: float
) -> list[tuple[ColumnProfile, ...]]:
    """The first of the groups whose values together occur once each."""
    found: list[tuple[int, tuple[ColumnProfile, ...]]] = []
    for start in range(0, len(groups), 10):
        some = groups[start : start + 10]
        counts = ", ".join(f"count(distinct ({', '.join(name(one.name) for one in group)}))" for group in some)
        answer = connection.execute(f"select {counts} from {table}").fetchall()[0]
        found += [(count, group) for group, count in zip(some, answer, strict=True) if count >= enough]
    found.sort(key=lambda one: -one[0])  # of equals the likeliest columns first: the order they came in
    return [group for _, group in found]
