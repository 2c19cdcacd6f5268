"""What a mapping means, after it was checked: the objects that landing, the compiler and the build work with."""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from orchestration.lib.contract import Label, PersonalKind
from orchestration.lib.mapping.expression import Expression

if TYPE_CHECKING:
    from orchestration.lib.mapping.connection_spec import ApiSpec
    from orchestration.lib.mapping.request_spec import RequestSpec

LoadKind = Literal["append", "upsert", "snapshot"]
FileKind = Literal["csv", "excel", "jsonl", "parquet"]
SUFFIXES: dict[FileKind, tuple[str, ...]] = {
    "csv": (".csv", ".csv.gz", ".tsv", ".tsv.gz", ".txt", ".txt.gz"),
    "excel": (".xlsx", ".xlsm", ".xlsb", ".xls", ".ods"),
    "jsonl": (".jsonl", ".jsonl.gz", ".ndjson", ".ndjson.gz"),
    "parquet": (".parquet",),
}
# What the rows are called that sum up the others; ledgers kept by hand end in one.
TOTAL_ROWS = ("合计", "小计", "总计", "Total")
TOTAL_REASON = "total_row"
# How a date cell lands: a spreadsheet's date has no writing of its own, so these are readable beside the declared ones.
EXCEL_DATE = ("%Y-%m-%d",)
EXCEL_TIMESTAMP = ("%Y-%m-%d %H:%M:%S", "%Y-%m-%d %H:%M:%S.%f")
UTM_COLUMNS = ("utm_source", "utm_medium", "utm_campaign", "utm_term", "utm_content")
WILDCARD = "*"


def file_kind(name: str) -> FileKind | None:
    """What kind of file a name (or pattern) stands for; None for one that cannot be read."""
    lower = name.lower()
    return next((kind for kind, suffixes in SUFFIXES.items() if lower.endswith(suffixes)), None)


@dataclass(frozen=True)
class Format:
    """How the text of an object is read: the source's defaults with the object's own settings over them.

    Attributes:
        header: the row that names the columns; ``auto``: the first that holds all that the mapping needs; None: the
            first that is not blank.
        own_dates, own_timestamps: how the kind of file itself writes its dates, readable beside any declared format.
        total_rows: what the first filled cell of a row says when the row only sums up others.
    """

    encoding: str = "utf-8"
    delimiter: str = ","
    quote: str = '"'
    date: tuple[str, ...] = ("%Y-%m-%d",)
    timestamp: tuple[str, ...] = ("%Y-%m-%d %H:%M:%S",)
    null_values: tuple[str, ...] = ("",)
    decimal: str = "."
    thousands: str | None = None
    signs: tuple[str, ...] = ()
    header: Literal["auto"] | int | None = None
    own_dates: tuple[str, ...] = ()
    own_timestamps: tuple[str, ...] = ()
    total_rows: tuple[str, ...] = ()


@dataclass(frozen=True)
class Connection:
    """Where the source is; ``path`` is as written (relative to the workspace, may hold ``${VARIABLE}``).

    Attributes:
        url: of types ``sql`` and ``rest`` only, as written: what is secret in it is a ``${VARIABLE}``.
        schema: of type ``sql`` only: where its tables are, None for the schema the database searches first.
        api: of type ``rest`` only: how it is asked.
    """

    type: Literal["files", "sqlite", "sql", "rest"]
    path: str = ""
    url: str | None = None
    schema: str | None = None
    api: ApiSpec | None = None

    @property
    def is_server(self) -> bool:
        """Whether it is asked over the network, so that there is no file to look at."""
        return self.type in {"sql", "rest"}


@dataclass(frozen=True)
class Cursor:
    """How a table is read piece by piece: only what changed since the last time.

    Attributes:
        column: grows with every change of a row: a time of change, a version or a number.
        overlap: what is read again each time, for changes that were committed late: ``2 hours``, ``3 days``, ``1000``.
        compare_keys: all keys are read each time, so that rows deleted at the source are seen.
        parameter: of an API: what it calls the moment from which on changes are asked for.
        format: of an API: how that moment is written; None: as ``2026-01-31T08:30:00Z``.
    """

    column: str
    overlap: str = "0"
    compare_keys: bool = False
    parameter: str | None = None
    format: str | None = None


@dataclass(frozen=True)
class ColumnRule:
    """Where one contract column comes from.

    Attributes:
        formats: date formats of this column alone; empty means those of the object.
        values: text in the file → canonical value (None: empty); None when there is no value map.
        has_otherwise: a text in no value list becomes ``otherwise`` instead of going to quarantine.
        invert: the value is 1 divided by what the file says (rates quoted the other way round).
        null_values: texts that mean "nothing" in this column, besides those of the object.
        pattern: regular expression that the whole text has to match.
        zero_pad: digits of a number that lost its leading zeros, which are put back.
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
    invert: bool = False
    optional: bool = False
    null_values: tuple[str, ...] = ()
    pattern: str | None = None
    zero_pad: int | None = None
    source: str | None = None

    def raw_columns(self) -> set[str]:
        """Columns of the file that the rule reads."""
        if self.expression is not None:
            return set(self.expression.columns)
        return {self.column} if self.column is not None else set()


@dataclass(frozen=True)
class DropRule:
    """Rows left out on purpose, counted under ``reason``; ``totals``: those that landing marked as total rows."""

    reason: str
    line: int
    condition: Expression | None = None
    empty_column: str | None = None
    totals: bool = False

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
    """One kind of file (``file`` is a glob), one ``table``, ``query`` or ``request`` of a source.

    Attributes:
        renamed: what a column is called in some files → what the mapping calls it.
        sheet: of a spreadsheet: the name or (from 1) number of the sheet; None: the only visible one with data.
    """

    name: str
    load: LoadKind
    line: int
    file: str | None = None
    table: str | None = None
    query: str | None = None
    request: RequestSpec | None = None
    sheet: str | int | None = None
    cursor: Cursor | None = None
    format: Format = field(default_factory=Format)
    snapshot_per: Literal["file", "object"] = "file"
    key: tuple[str, ...] = ()
    personal: dict[str, PersonalKind] = field(default_factory=dict)
    keep: tuple[str, ...] = ()
    renamed: dict[str, str] = field(default_factory=dict)
    feeds: dict[str, tuple[Feed, ...]] = field(default_factory=dict)
    privacy: dict[str, PersonalKind] = field(default_factory=dict)

    @property
    def is_database(self) -> bool:
        """Whether the rows come out of a database or an API: then each reading is one whole state."""
        return self.file is None

    def all_feeds(self) -> list[Feed]:
        """Every feed, in the order of the file."""
        return [feed for feeds in self.feeds.values() for feed in feeds]

    def raw_columns_used(self) -> set[str]:
        """Columns of the file that the mapping reads for any purpose."""
        used = set(self.key) | ({self.cursor.column} if self.cursor is not None else set())
        for feed in self.all_feeds():
            used.update(feed.one_per)
            for rule in feed.columns.values():
                used.update(rule.raw_columns())
            for drop in feed.drops:
                used.update(drop.raw_columns())
        return used

    def raw_columns_needed(self) -> set[str]:
        """Columns without which the object cannot be mapped: those used, but for optional ones."""
        needed = set(self.key) if self.load == "upsert" else set()
        for feed in self.all_feeds():
            needed.update(feed.raw_columns())
        return needed

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
    """One checked ``mappings/<source>.yml``.

    Attributes:
        owner: who answers for the source: an e-mail address, or ``team:name``.
        freshness_hours: new content is expected at least this often.
    """

    source: str
    label: Label
    file: Path
    connection: Connection
    timezone: str
    references: dict[str, str]
    utm_rules: tuple[UtmRule, ...]
    objects: dict[str, SourceObject]
    owner: str | None = None
    freshness_hours: int | None = None

    def owner_of(self, entity: str) -> str:
        """The source system that ids of ``entity`` belong to when this source quotes them."""
        return self.references.get(entity, self.source)
