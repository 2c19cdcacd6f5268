"""JSON answers of an API, with every number exactly as it was written.

Python's parser hands the text of each number over before it makes a value of it. There it gets a random mark, and loses
it again, with the quotes around it, when the record is written as a line for the JSON lines reader.
"""

from __future__ import annotations

import hashlib
import json
import re
import secrets
from collections.abc import Sequence
from typing import Any

from orchestration.lib.errors import DataError

_SHOWN_KEY = re.compile(r"[A-Za-z_$@][A-Za-z0-9_.$@-]{0,40}")
_MISSING = object()


class UnreadableError(ValueError):
    """The text is not whole JSON; says why without quoting it."""


class Answer:
    """One answer of an API.

    Args:
        text: the body; empty means that there is nothing.
        links: what the Link header names, by ``rel``.
        url: where it came from, for links that are relative.

    Raises:
        UnreadableError: it is not JSON, is cut off, or names a key twice.
    """

    def __init__(self, text: str, *, url: str = "", links: dict[str, str] | None = None) -> None:
        # three random signs for private use, which nobody who writes the answer can know
        self._mark = "".join(chr(0xE000 + secrets.randbelow(6400)) for _ in range(3))
        self.url, self.links = url, links or {}
        self._value = self._parsed(text) if text.strip() else None

    def _parsed(self, text: str) -> Any:
        def marked(number: str) -> str:
            return self._mark + number

        try:
            return json.loads(
                text,
                parse_int=marked,
                parse_float=marked,
                parse_constant=_refuse_constant,
                object_pairs_hook=_refuse_repeated,
            )
        except json.JSONDecodeError as error:
            raise UnreadableError(f"{error.msg} at character {error.pos + 1} of {len(text):,}") from None
        except RecursionError:
            raise UnreadableError("it is nested too deeply") from None

    def records(self, path: str, *, what: str) -> list[Any]:
        """The list at a place of the answer (``data.items``; empty: the answer itself); null is an empty one.

        Raises:
            DataError: there is no such place, or no list.
        """
        found = self._value if not path and self._value is None else self._at(path, what)
        if found is None:
            return []
        if not isinstance(found, list):
            raise DataError(
                f"{what}: {_place(path)} is {_kind(found)}, not a list of records",
                hint="correct 'records' of the request: the place of the list in the answer, such as data.items",
            )
        return found

    def text(self, path: str, *, what: str, required: bool = False) -> str | None:
        """The single value at a place as text, numbers as written, true and false as such; None for null or absent.

        Raises:
            DataError: it is a list or an object; or it is required and absent.
        """
        found = self._at(path, what, required=required)
        if found is None:
            return None
        if isinstance(found, bool):
            return "true" if found else "false"
        if not isinstance(found, str):
            raise DataError(f"{what}: {_place(path)} is {_kind(found)}, not a single value")
        return found.removeprefix(self._mark)

    def lines(self, records: Sequence[Any], *, what: str) -> list[str]:
        """The records as JSON lines.

        Raises:
            DataError: one is no object, or holds half a character.
        """
        lines = []
        for number, record in enumerate(records, start=1):
            if not isinstance(record, dict):
                raise DataError(
                    f"{what}: record {number} is {_kind(record)}, not an object",
                    hint="correct 'records' of the request: the place of a list of objects in the answer",
                )
            text = json.dumps(record, ensure_ascii=False, separators=(",", ":"))
            try:
                text.encode()
            except UnicodeEncodeError:
                raise DataError(
                    f"{what}: record {number} holds half a character", hint="it must be corrected at the source"
                ) from None
            lines.append(re.sub(f'"{self._mark}([^"]*)"', r"\1", text))
        return lines

    def digest(self, records: Sequence[Any]) -> str:
        """The same for the same records, whatever marks their numbers have."""
        told = json.dumps(records, ensure_ascii=False).replace(self._mark, "")
        return hashlib.sha256(told.encode(errors="surrogatepass")).hexdigest()

    def scalar(self, value: Any) -> str | None:
        """A single value of a list of keys as text; None if it is none."""
        if isinstance(value, str):
            return value.removeprefix(self._mark)
        return None

    def _at(self, path: str, what: str, *, required: bool = True) -> Any:
        found = self._value
        for step in path.split(".") if path else ():
            inner = found.get(step, _MISSING) if isinstance(found, dict) else _MISSING
            if inner is _MISSING:
                if not required:
                    return None
                keys = [one for one in found if _SHOWN_KEY.fullmatch(one)] if isinstance(found, dict) else []
                there = f"there are: {', '.join(sorted(keys)[:12])}" if keys else f"there is {_kind(found)}"
                raise DataError(f"{what}: the answer has no '{path}'", hint=f"at '{step}' {there}; correct the request")
            found = inner
        return found


def as_line(values: dict[str, str]) -> str:
    """Texts as one JSON line."""
    return json.dumps(values, ensure_ascii=False)


def _refuse_constant(name: str) -> Any:
    raise UnreadableError(f"it holds {name}, which is no JSON")


def _refuse_repeated(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Which of two values of one key counts must not be left to a parser."""
    found = dict(pairs)
    if len(found) != len(pairs):
        raise UnreadableError("an object names a key twice")
    return found


def _place(path: str) -> str:
    return f"'{path}' of the answer" if path else "the answer"


def _kind(value: Any) -> str:
    if isinstance(value, dict):
        return "an object"
    if isinstance(value, list):
        return "a list"
    return "nothing" if value is None else "true or false" if isinstance(value, bool) else "a text or number"
