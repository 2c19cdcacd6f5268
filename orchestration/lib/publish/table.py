"""What a published table is."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum


class Origin(Enum):
    """Where the rows of a published table come from."""

    TABLE = "table"  # one warehouse table, as it is
    DERIVED = "derived"  # a query of orchestration/lib/publish/sources.py


@dataclass(frozen=True)
class PublishedTable:
    """One table of a snapshot.

    Args:
        name: file stem and view name.
        source: ``schema.table`` in the warehouse; for derived tables the name of the query.
        keys: columns that are sorted on first (all others follow, so that the order is total).
        promised: columns that readers may rely on; publishing refuses a table that lacks one.
        required: whether a snapshot without it makes no sense. A table that is not required is absent when the
            company's data do not carry its entity; the manifest then names it.
        readers: the roles that read it unless the settings say otherwise.
    """

    name: str
    source: str
    keys: tuple[str, ...]
    promised: tuple[str, ...]
    en: str
    zh: str
    required: bool = False
    readers: tuple[str, ...] = ()
    origin: Origin = Origin.TABLE


def words(text: str) -> tuple[str, ...]:
    """The words of a text, for lists of names."""
    return tuple(text.split())
