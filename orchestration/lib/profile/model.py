"""What a profile says about a place, its tables and their columns."""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal
from typing import Literal

from orchestration.lib.contract import PersonalKind
from orchestration.lib.mapping.model import Format
from orchestration.lib.profile.words import Words

Kind = Literal[
    "empty",
    "boolean",
    "integer",
    "decimal",
    "date",
    "timestamp",
    "currency",
    "email",
    "phone",
    "person_name",
    "tax_id",
    "udi",
    "url",
    "code",
    "category",
    "text",
]


@dataclass(frozen=True)
class NumberStyle:
    """How the numbers of a column are written, and their range.

    Attributes:
        signs: currency and other signs before or after the number, ``%`` included.
        decimals: the most decimals a value has.
    """

    decimal: str = "."
    thousands: str | None = None
    signs: tuple[str, ...] = ()
    decimals: int = 0
    minimum: Decimal | None = None
    maximum: Decimal | None = None


@dataclass(frozen=True)
class ColumnProfile:
    """One raw column, as its values in the sample show it.

    Attributes:
        native: type that the source itself declares (Parquet, databases); VARCHAR for text files.
        filled: values that are not empty and no spelling of nothing.
        fits: share of the filled values that are what ``kind`` says.
        formats: date formats, proven on every value of the sample.
        ambiguous: other date formats that read every value too, as other days.
        nulls: texts that stand for nothing.
        values: all values with their counts, most frequent first, when they are few; personal ones never.
        personal: kind of personal value, None when it is none.
        samples: some values, masked when personal.
        misfits: some values that are not what ``kind`` says, masked likewise.
    """

    name: str
    native: str
    rows: int
    filled: int
    distinct: int
    min_length: int
    max_length: int
    kind: Kind
    fits: float = 1.0
    formats: tuple[str, ...] = ()
    ambiguous: tuple[str, ...] = ()
    number: NumberStyle | None = None
    nulls: tuple[str, ...] = ()
    values: tuple[tuple[str, int], ...] = ()
    personal: PersonalKind | None = None
    samples: tuple[str, ...] = ()
    misfits: tuple[str, ...] = ()
    notes: tuple[Words, ...] = ()

    @property
    def is_unique(self) -> bool:
        """Every row has a value, and no value twice."""
        return 0 < self.rows == self.filled == self.distinct

    @property
    def filled_share(self) -> float:
        """Share of the rows that have a value."""
        return self.filled / self.rows if self.rows else 0.0

    @property
    def uniqueness(self) -> float:
        """Distinct values per filled one."""
        return self.distinct / self.filled if self.filled else 0.0


@dataclass(frozen=True)
class Reference:
    """A column whose values are found in another table's key; ``declared`` by the database, else seen in the values."""

    column: str
    table: str
    key: str
    share: float
    declared: bool = False


@dataclass(frozen=True)
class JointReference:
    """Columns whose values together are found in another table's key of several columns."""

    columns: tuple[str, ...]
    table: str
    share: float


@dataclass(frozen=True)
class TableProfile:
    """One table, file, or family of files of one layout.

    Attributes:
        name: as the source calls it: table, sheet, or file pattern.
        file: pattern of files relative to the place; None for a database table.
        rows: all rows, None when they were not counted.
        sampled: rows that were looked at.
        keys: sets of columns that identify a row, the best first.
        technical: columns that nearly every table of the source has: who wrote the row and when, not what it says.
    """

    name: str
    file: str | None
    rows: int | None
    sampled: int
    columns: tuple[ColumnProfile, ...]
    layout: Format = field(default_factory=Format)
    sheet: str | None = None
    schema: str | None = None
    keys: tuple[tuple[str, ...], ...] = ()
    references: tuple[Reference, ...] = ()
    joint: tuple[JointReference, ...] = ()
    technical: tuple[str, ...] = ()
    notes: tuple[Words, ...] = ()

    @property
    def is_sample(self) -> bool:
        """Whether there are rows that were not looked at."""
        return self.rows is None or self.sampled < self.rows

    def column(self, name: str) -> ColumnProfile:
        """The column called ``name``."""
        return next(one for one in self.columns if one.name == name)
