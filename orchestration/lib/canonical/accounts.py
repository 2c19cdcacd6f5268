"""What became of every row: one account per file and entity, and the result of a build."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, fields
from typing import Any

from orchestration.lib.errors import TriloopError

FATES = ("loaded", "quarantined", "merged", "filtered", "unchanged")


class UnbalancedAccountError(TriloopError):
    """Rows were lost or counted twice: a fault of ours, never of the data."""


@dataclass
class RowAccount:
    """What became of the rows of one file on their way to one entity.

    Attributes:
        loaded: stand in the canonical table.
        quarantined: could not be taken; each stands in ``canonical.quarantine``.
        merged: another row stands for it: a later version, a copy in the same file, the same id from a source that
            goes first, or the row that ``one_per`` kept.
        filtered: dropped by a rule of the mapping; ``filter_reasons`` says how many by which.
        unchanged: the same content as in an earlier file.
    """

    source_system: str
    source_object: str
    entity: str
    source_file: str
    source_sha256: str
    rows_in: int = 0
    loaded: int = 0
    quarantined: int = 0
    merged: int = 0
    filtered: int = 0
    unchanged: int = 0
    filter_reasons: Counter[str] = field(default_factory=Counter)

    def check(self) -> None:
        """Raise unless every row is accounted for, once."""
        total = sum(getattr(self, fate) for fate in FATES)
        if total != self.rows_in or self.filter_reasons.total() != self.filtered:
            parts = " + ".join(f"{getattr(self, fate)} {fate}" for fate in FATES)
            raise UnbalancedAccountError(
                f"{self.source_file} → {self.entity}: {self.rows_in} rows came in, {total} are accounted for ({parts})",
                hint="nothing was changed; please report this with the mapping",
            )

    def as_row(self) -> list[Any]:
        """The row of ``canonical.row_account``."""
        reasons = json.dumps(dict(sorted(self.filter_reasons.items())), ensure_ascii=False)
        return [*(getattr(self, name) for name in _plain_fields()), reasons]

    @classmethod
    def from_row(cls, row: Sequence[Any]) -> RowAccount:
        """The account that :meth:`as_row` wrote."""
        return cls(**dict(zip(_plain_fields(), row[:-1], strict=True)), filter_reasons=Counter(json.loads(row[-1])))


def _plain_fields() -> list[str]:
    return [one.name for one in fields(RowAccount) if one.name != "filter_reasons"]


@dataclass(frozen=True)
class CanonicalResult:
    """What a build did.

    Attributes:
        row_counts: entity → rows of its canonical table, for every entity of the contract.
        mapped: entities that some source feeds.
        accounts: one per file and entity.
        reused: entities whose inputs had not changed, so that their table stayed.
    """

    row_counts: dict[str, int]
    mapped: frozenset[str]
    accounts: list[RowAccount]
    reused: frozenset[str] = frozenset()

    def totals(self) -> dict[str, int]:
        """``rows_in`` and each fate, over all files and entities."""
        return _totals(self.accounts)

    def account_of(self, entity: str) -> dict[str, int]:
        """``rows_in`` and each fate of one entity."""
        return _totals(account for account in self.accounts if account.entity == entity)


def _totals(accounts: Iterable[RowAccount]) -> dict[str, int]:
    listed = list(accounts)
    return {name: sum(getattr(account, name) for account in listed) for name in ("rows_in", *FATES)}
