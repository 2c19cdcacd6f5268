"""What an invariant says: which figures were compared, whether they agree, and where they first do not."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING

from orchestration.lib.contract import Label

if TYPE_CHECKING:
    from orchestration.lib.verify.context import Context

MOST_TOLD = 20


class Status(StrEnum):
    """How an invariant ended."""

    OK = "ok"
    VIOLATED = "violated"
    NOT_EVALUATED = "not_evaluated"


@dataclass(frozen=True)
class Violation:
    """One place where an invariant does not hold; ``file`` and ``row`` are those of the source."""

    table: str
    detail: Label
    file: str | None = None
    row: int | None = None


@dataclass
class Outcome:
    """What came of one invariant.

    Attributes:
        compared: how many of what were compared.
        violations: the first ones found.
        reason: why it was not evaluated.
        notes: parts that were not evaluated, and what else is worth knowing.
    """

    invariant: str = ""
    title: Label = field(default_factory=lambda: Label(en="-", zh="-"))
    compared: dict[str, int | str] = field(default_factory=dict)
    violations: list[Violation] = field(default_factory=list)
    reason: Label | None = None
    notes: list[Label] = field(default_factory=list)

    @property
    def status(self) -> Status:
        if self.violations:
            return Status.VIOLATED
        return Status.OK if self.reason is None else Status.NOT_EVALUATED

    def add(self, what: str, count: int) -> None:
        """Count more of what was compared."""
        before = self.compared.get(what, 0)
        self.compared[what] = (before if isinstance(before, int) else 0) + count

    def violate(self, table: str, en: str, zh: str, *, file: str | None = None, row: int | None = None) -> None:
        """Note a violation, unless enough are noted."""
        if len(self.violations) < MOST_TOLD:
            self.violations.append(Violation(table, Label(en=en, zh=zh), file, row))

    def note(self, en: str, zh: str) -> None:
        """Note something that is no violation."""
        self.notes.append(Label(en=en, zh=zh))


@dataclass(frozen=True)
class Invariant:
    """One invariant: its id, what it promises, and the function that looks."""

    id: str
    title: Label
    check: Callable[[Context], Outcome]


def not_evaluated(en: str, zh: str) -> Outcome:
    """The outcome of an invariant that could not be looked at."""
    return Outcome(reason=Label(en=en, zh=zh))


def counts(pairs: Mapping[str, int], names: Sequence[str]) -> str:
    """``loaded 3 + merged 1``: counts for a sentence."""
    return " + ".join(f"{name} {pairs[name]}" for name in names)
