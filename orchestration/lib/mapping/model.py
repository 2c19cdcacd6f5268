"""What a mapping means, after it was checked: the objects that landing, the compiler and the build work with."""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Literal

from orchestration.lib.contract import Label, PersonalKind
from orchestration.lib.mapping.expression import Expression

LoadKind = Literal["append", "upsert", "snapshot"]
UTM_COLUMNS = ("utm_source", "utm_medium", "utm_campaign", "utm_term", "utm_content")
WILDCARD = "*"


@dataclass(frozen=True)
class Format:
    """How the text of an object is read: the source's defaults with the object's own settings over them."""

    encoding: str = "utf-8"
    delimiter: str = ","
    quote: str = '"'
    date: tuple[str, ...] = ("%Y-%m-%d",)
    timestamp: tuple[str, ...] = ("%Y-%m-%d %H:%M:%S",)
    null_values: tuple[str, ...] = ("",)
    decimal: str = "."
    thousands: str | None = None
    signs: tuple[str, ...] = ()


@dataclass(frozen=True)
class Connection:
    """Where the source is; ``path`` is as written (relative to the workspace, may hold ``${VARIABLE}``)."""

    type: Literal["files", "sqlite"]
    path: str


@dataclass(frozen=True)
class ColumnRule:
    """Where one contract column comes from.

    Attributes:
        formats: date formats of this column alone; empty means those of the object.
        values: text in the file → canonical value (None: empty); None when there is no value map.
        has_otherwise: a text in no value list becomes ``otherwise`` instead of going to quarantine.
        source: the source system that the id of a key or ref belongs to; None means the mapping's rule.
        line: where the rule stands in the mapping file.
    """

    name: str
    line: int
    column: str | None = None
    expression: Expression | None = None
    constant: str | None = None
    utm: Literal["channel_id", "campaign_id"] | None = None
    formats: tuple[str, ...] = ()
    values: dict[str, str | None] | None = None
    has_otherwise: bool = False
    otherwise: str | None = None
    round_half_up: bool = False
    multiply: Decimal | None = None
    optional: bool = False
    source: str | None = None

    def raw_columns(self) -> set[str]:
        """Columns of the file that the rule reads."""
        if self.expression is not None:
            return set(self.expression.columns)
        return {self.column} if self.column is not None else set()


@dataclass(frozen=True)
class DropRule:
    """Rows left out on purpose, counted under ``reason``."""

    reason: str
    line: int
    condition: Expression | None = None
    empty_column: str | None = None

    def raw_columns(self) -> set[str]:
        """Columns of the file that the rule reads."""
        if self.condition is not None:
            return set(self.condition.columns)
        return {self.empty_column} if self.empty_column is not None else set()


@dataclass(frozen=True)
class Feed:
    """How the rows of an object become rows of one entity.

    ``name`` is the entity's name, with ``#2``, ``#3``… when an object feeds the same entity several times.
    """

    entity: str
    name: str
    line: int
    columns: dict[str, ColumnRule]
    one_per: tuple[str, ...] = ()
    drops: tuple[DropRule, ...] = ()

    def raw_columns(self) -> dict[str, int]:
        """Columns of the file that the feed reads, each with the line that needs it; optional ones left out."""
        found: dict[str, int] = {}
        for rule in self.columns.values():
            if not rule.optional:
                for column in rule.raw_columns():
                    found.setdefault(column, rule.line)
        for drop in self.drops:
            for column in drop.raw_columns():
                found.setdefault(column, drop.line)
        for column in self.one_per:
            found.setdefault(column, self.line)
        return found


@dataclass(frozen=True)
class SourceObject:
    """One kind of file (``file`` is a glob), or one ``table``, of a source."""

    name: str
    load: LoadKind
    line: int
    file: str | None = None
    table: str | None = None
    format: Format = field(default_factory=Format)
    snapshot_per: Literal["file", "object"] = "file"
    key: tuple[str, ...] = ()
    personal: dict[str, PersonalKind] = field(default_factory=dict)
    keep: tuple[str, ...] = ()
    feeds: dict[str, tuple[Feed, ...]] = field(default_factory=dict)
    privacy: dict[str, PersonalKind] = field(default_factory=dict)

    def all_feeds(self) -> list[Feed]:
        """Every feed, in the order of the file."""
        return [feed for feeds in self.feeds.values() for feed in feeds]

    def raw_columns_used(self) -> set[str]:
        """Columns of the file that the mapping reads for any purpose."""
        used = set(self.key)
        for feed in self.all_feeds():
            used.update(feed.one_per)
            for rule in feed.columns.values():
                used.update(rule.raw_columns())
            for drop in feed.drops:
                used.update(drop.raw_columns())
        return used

    def privacy_plan(self) -> dict[str, PersonalKind]:
        """Raw columns known to be personal, with their kind: listed under ``personal``, or feeding a personal column.

        Landing replaces their values by tokens, and treats each column that is neither used nor kept as ``text``.
        """
        return dict(self.privacy)


@dataclass(frozen=True)
class UtmRule:
    """The first rule whose conditions all hold gives the channel and campaign; a None pattern means empty."""

    patterns: dict[str, str | None]
    channel_id: str | None
    campaign_id: str | None


@dataclass(frozen=True)
class SourceMapping:
    """One checked ``mappings/<source>.yml``."""

    source: str
    label: Label
    file: Path
    connection: Connection
    timezone: str
    references: dict[str, str]
    utm_rules: tuple[UtmRule, ...]
    objects: dict[str, SourceObject]

    def owner_of(self, entity: str) -> str:
        """The source system that ids of ``entity`` belong to when this source quotes them."""
        return self.references.get(entity, self.source)
