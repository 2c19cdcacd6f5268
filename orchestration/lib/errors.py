"""Errors that a user can act on: each says what is wrong, where, and how to mend it."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from enum import IntEnum
from pathlib import Path

MOST_NAMES = 40  # an error must fit a screen, and a company may have thousands of campaigns


class ExitCode(IntEnum):
    """Exit codes of every command (docs/reference/commands.md)."""

    OK = 0
    DATA = 1  # a gate refused, or the data is at fault
    USAGE = 2  # wrong arguments, settings or mapping
    INTERNAL = 3  # a fault of ours


class TriloopError(Exception):
    """An error whose text is meant for the user.

    Args:
        message: what is wrong, in one sentence.
        hint: how to mend it.
        file, line, column: where it is wrong, if it is in a file; ``line`` counts from 1.
    """

    exit_code: ExitCode = ExitCode.INTERNAL

    def __init__(
        self,
        message: str,
        *,
        hint: str | None = None,
        file: str | Path | None = None,
        line: int | None = None,
        column: str | None = None,
    ) -> None:
        self.message = message
        self.hint = hint
        self.file = str(file) if file is not None else None
        self.line = line
        self.column = column
        super().__init__(self.render())

    @property
    def where(self) -> str | None:
        """``file:line, column`` as far as known."""
        if self.file is None:
            return None
        text = self.file if self.line is None else f"{self.file}:{self.line}"
        return text if self.column is None else f"{text}, column {self.column}"

    def render(self) -> str:
        """Message, place and fix, one per line."""
        lines = [self.message]
        if self.where:
            lines.append(f"  at   {self.where}")
        if self.hint:
            lines.append(f"  fix  {self.hint}")
        return "\n".join(lines)


class ConfigurationError(TriloopError):
    """The settings, a mapping or the arguments are wrong."""

    exit_code = ExitCode.USAGE


class DataError(TriloopError):
    """A source file or table cannot be taken as it is."""

    exit_code = ExitCode.DATA


class GateRefusedError(TriloopError):
    """A gate failed, or was not evaluated for exactly the data about to be read."""

    exit_code = ExitCode.DATA


class WorkspaceBusyError(TriloopError):
    """Another process holds the workspace."""

    exit_code = ExitCode.DATA


def nearest(name: str, known: Iterable[str]) -> str:
    """A sentence naming the closest known name, or listing them (the first ones) when none is close.

    >>> nearest("curency", ["currency", "zone"])
    "did you mean 'currency'?"
    """
    options = sorted(known)
    close = difflib.get_close_matches(name, options, n=1, cutoff=0.5)
    if close:
        return f"did you mean '{close[0]}'?"
    if not options:
        return "no names are known here"
    more = f" … and {len(options) - MOST_NAMES} more" if len(options) > MOST_NAMES else ""
    return "known names: " + ", ".join(options[:MOST_NAMES]) + more
