"""Finding the row that names the columns, below titles and notes, and giving every column a name of its own."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from orchestration.lib.errors import DataError, nearest
from orchestration.lib.landing.columns import exact_text
from orchestration.lib.landing.model import ADDED, ROW, TOTAL_ROW

LOOKED_AT = 50  # rows in which a header is looked for
_BREAK = re.compile(r"[ \t\u3000]*[\r\n\v\f\u2028]+[ \t\u3000]*")
_WIDE = re.compile(r"[\u2e80-\u9fff\uac00-\ud7ff\uf900-\ufaff\ufe30-\ufe4f\uff00-\uffef]")
_BLANKS = " \t\r\n\v\f\u00a0\u3000\ufeff\u200b\u200c\u200d\u2060"
_FEW = 8


@dataclass(frozen=True)
class Needed:
    """The columns that the mapping needs, and what it calls those that are called otherwise in some files."""

    names: Collection[str] = ()
    renamed: Mapping[str, str] = field(default_factory=dict)

    def count(self, header: Iterable[str]) -> int:
        """How many of them a header names."""
        return len(set(self.names) & {self.renamed.get(name, name) for name in header})

    def missing(self, header: Iterable[str]) -> list[str]:
        """Those that a header does not name, by name."""
        return sorted(set(self.names) - {self.renamed.get(name, name) for name in header})


def column_letter(index: int) -> str:
    """What a spreadsheet calls the column at ``index`` (from 0)."""
    letters = ""
    index += 1
    while index:
        index, rest = divmod(index - 1, 26)
        letters = chr(ord("A") + rest) + letters
    return letters


def clean_name(cell: Any) -> str:
    """A header cell as a column name: without blanks around it, and on one line.

    A line break beside Chinese characters is only there to make the column narrow; between words it stands for a blank.
    """
    text = (exact_text(cell) or "").strip(_BLANKS)

    def join(match: re.Match[str]) -> str:
        beside = text[match.start() - 1 : match.start()] + text[match.end() : match.end() + 1]
        return "" if _WIDE.search(beside) else " "

    return _BREAK.sub(join, text)


def find_header(rows: Sequence[Sequence[Any]], header: int | str, needed: Needed, *, what: str, file: str) -> int:
    """The index of the row that names the columns.

    Args:
        rows: the first rows, at least :data:`LOOKED_AT` of them if there are as many.
        header: its number (from 1), or ``auto``: the first that holds all ``needed`` names, or most of them.
        what: the file and sheet, for messages.

    Raises:
        DataError: no row holds most of them; it names the row that comes closest and what is not there.
    """
    if isinstance(header, int):
        names = [clean_name(cell) for cell in rows[header - 1]] if header <= len(rows) else []
        if not any(names):
            raise DataError(
                f"row {header} of {what} is to name the columns, but is blank", file=file, line=header,
                hint="correct format: {header: ...} of the object in the mapping",
            )  # fmt: skip
        require_some(names, needed, what=what, file=file, row=header)
        return header - 1
    looked_at = [[clean_name(cell) for cell in row] for row in rows[:LOOKED_AT]]
    if not needed.names:
        return _most_names(rows[:LOOKED_AT])
    best, best_count = 0, -1
    for index, names in enumerate(looked_at):
        count = needed.count(names)
        if count == len(set(needed.names)):
            return index
        if count > best_count:
            best, best_count = index, count
    if 2 * best_count > len(set(needed.names)):
        return best  # a column is missing; what may stand for it is known where the earlier content is
    if best_count <= 0:
        best = _most_names(rows[:LOOKED_AT])
    raise _not_found(looked_at[best] if looked_at else [], needed, best, what=what, file=file)


def _not_found(names: Sequence[str], needed: Needed, index: int, *, what: str, file: str) -> DataError:
    require_some(names, needed, what=what, file=file, row=index + 1)
    missing = needed.missing(names)
    listed = ", ".join(missing[:_FEW]) + (f" and {len(missing) - _FEW} more" if len(missing) > _FEW else "")
    return DataError(
        f"no row among the first {LOOKED_AT} of {what} names all the columns that the mapping needs; row "
        f"{index + 1} comes closest, without {listed}",
        file=file, line=index + 1,
        hint=f"{nearest(missing[0], [name for name in names if name])}; correct the name in the mapping, or write "
        "{from: ..., optional: true} if only some files have the column",
    )  # fmt: skip


def _most_names(rows: Sequence[Sequence[Any]]) -> int:
    """The first row with the most cells of text and nothing else: what a person would take for the header."""
    counts = []
    for row in rows:
        filled = [cell for cell in row if cell is not None and clean_name(cell)]
        counts.append(len(filled) if all(isinstance(cell, str) for cell in filled) else 0)
    return counts.index(max(counts)) if counts else 0


def column_names(cells: Sequence[Any], needed: Needed, *, row: int, what: str, file: str) -> list[str]:
    """A name for each column: a nameless one is called by its letter, a repeated one gets its letter behind it.

    Raises:
        DataError: a name that the mapping needs stands there twice, or one is of those that landing adds.
    """
    names: list[str] = []
    first: dict[str, int] = {}
    wanted = {name.lower() for name in (*needed.names, *needed.renamed)}
    for index, cell in enumerate(cells):
        name = clean_name(cell)
        letter = column_letter(index)
        if name in (ROW, TOTAL_ROW):
            raise DataError(f"{what} has a column {name}, a name that landing needs", file=file, hint="rename it")
        other = first.get(name.lower())
        if not name:
            name = f"column {letter}"
        elif other is not None:
            if name.lower() in wanted:
                raise DataError(
                    f"columns {column_letter(other)} and {letter} of {what} are both called '{name}'",
                    file=file,
                    line=row,
                    hint="rename one of them; names that differ only in case count as the same",
                )
            name = f"{name} [{letter}]"
        first.setdefault(name.lower(), index)
        names.append(name)
    return names


def require_some(names: Collection[str], needed: Needed, *, what: str, file: str, row: int) -> None:
    """Raise if a header names nothing that the mapping needs.

    Then it is hardly one, and its cells may be the first row of data: they are told nowhere, and land nowhere.

    Raises:
        DataError: says which names were looked for.
    """
    if not needed.names or needed.count(names):
        return
    wanted = sorted(needed.names)
    more = f" and {len(wanted) - _FEW} more" if len(wanted) > _FEW else ""
    raise DataError(
        f"row {row} of {what} names none of the columns that the mapping needs ({', '.join(wanted[:_FEW])}{more})",
        file=file,
        line=row,
        hint="if the file has no header, export it with one; if its fields are separated by another sign, say so with "
        "format: {delimiter: ...}; if the header is further down, with format: {header: ...}; else correct the names",
    )


def check_header(names: list[str], shown: str) -> tuple[str, ...]:
    """Names of columns, each given once.

    Raises:
        DataError: a name is empty, given twice (also if only the case differs), or the one that landing adds.
    """
    seen: dict[str, int] = {}
    for number, name in enumerate(names, start=1):
        if not name:
            raise DataError(
                f"column {number} of {shown} has no name in the header",
                file=shown,
                line=1,
                hint="give every column a name; a separator too many at the end of the header makes an empty one",
            )
        if name in ADDED:
            raise DataError(f"{shown} has a column {name}, a name that landing needs", file=shown, hint="rename it")
        other = seen.setdefault(name.lower(), number)
        if other != number:
            raise DataError(
                f"columns {other} and {number} of {shown} have the same name '{name}'",
                file=shown,
                line=1,
                hint="rename one of them; names that differ only in case count as the same",
            )
    return tuple(names)
