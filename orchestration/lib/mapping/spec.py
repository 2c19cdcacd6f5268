"""The shape of a ``mappings/<source>.yml`` file, exactly as a person writes it.

These models only know the file itself. What it means against the contract (are the columns there, is everything that
is required mapped, does a personal column stay out of expressions) is checked in :mod:`.check`.
"""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Annotated, Any, Literal, Self

from pydantic import BeforeValidator, Field, model_validator

from orchestration.lib.contract import Label, PersonalKind
from orchestration.lib.mapping.connection_spec import ConnectionSpec
from orchestration.lib.mapping.request_spec import RequestSpec
from orchestration.lib.mapping.spec_base import HintedError, Spec, Text, TextList, as_list, as_text

NAME = r"^[A-Za-z][A-Za-z0-9_]*$"
ENCODINGS = ("utf-8", "utf-8-sig", "gb18030", "gbk", "gb2312", "utf-16", "utf-16-le", "utf-16-be", "big5", "latin-1")
MULTIPLY_LIMIT = Decimal(1_000_000)
MULTIPLY_DECIMALS = 8
# what Dagster takes for an owner
OWNER = re.compile(r"team:[A-Za-z0-9_-]+|[A-Za-z0-9._%+-]+@[A-Za-z0-9.-]+\.[A-Za-z]{2,7}")
# after comments and opening brackets
_SELECT = re.compile(r"(?:\s|\(|--[^\n]*\n|/\*.*?\*/)*(?:SELECT|WITH|VALUES)\b", re.IGNORECASE | re.DOTALL)


def _encoding(value: Any) -> Any:
    name = str(value).lower().replace("_", "-")
    if name == "utf8":
        return "utf-8"
    if name not in ENCODINGS:
        raise HintedError(f"'{value}' is not an encoding that can be read", "use one of: " + ", ".join(ENCODINGS))
    return name


Formats = Annotated[list[str], BeforeValidator(as_list), Field(min_length=1)]


class FormatSpec(Spec):
    """How the text of a file is to be read; what an object leaves out comes from the source's ``defaults``."""

    encoding: Annotated[str, BeforeValidator(_encoding)] | None = None
    delimiter: str | None = Field(default=None, min_length=1, max_length=1)
    quote: str | None = Field(default=None, min_length=1, max_length=1)
    date: Formats | None = None
    timestamp: Formats | None = None
    null_values: TextList | None = None
    decimal: Literal[".", ","] | None = None
    thousands: Literal[",", ".", " ", "'", "，"] | None = None
    signs: TextList | None = None
    header: Literal["auto"] | Annotated[int, Field(strict=True, ge=1, le=1000)] | None = None
    total_rows: TextList | None = None

    @model_validator(mode="after")
    def _separators_differ(self) -> Self:
        if self.thousands is not None and self.thousands == self.decimal:
            raise HintedError("decimal and thousands are the same sign", "they must differ")
        return self


class ColumnSpec(Spec):
    """Where one contract column comes from: exactly one of ``from``, ``expr``, ``value``, ``utm``."""

    from_: Text | None = Field(default=None, alias="from")
    expr: str | None = None
    value: Text | None = None
    utm: Literal["channel_id", "campaign_id"] | None = None
    formats: Formats | None = None
    values: dict[str, Text | None] | None = None
    otherwise: Text | None = None
    round: Literal["half_up"] | None = None
    multiply: Decimal | None = None
    invert: bool = False
    optional: bool = False
    null_values: TextList | None = None
    pattern: str | None = None
    digits: Annotated[int, Field(strict=True, ge=1, le=64)] | None = None
    zero_pad: Annotated[int, Field(strict=True, ge=2, le=64)] | None = None
    source: Text | None = None

    @model_validator(mode="after")
    def _has_one_origin(self) -> Self:
        given = [
            name
            for name, value in (("from", self.from_), ("expr", self.expr), ("value", self.value), ("utm", self.utm))
            if value is not None
        ]
        if len(given) != 1:
            found = " and ".join(given) or "none of them"
            raise HintedError(
                f"a column needs exactly one of from, expr, value, utm; found {found}",
                "from: a column of the file; expr: SQL over its columns; value: a constant; utm: the utm_rules",
            )
        if "otherwise" in self.model_fields_set and self.values is None:
            raise HintedError("'otherwise' needs 'values'", "add values: {text in the file: canonical value}")
        if self.from_ is None and (self.values is not None or self.optional):
            raise HintedError("'values' and 'optional' go with 'from' only", "use from, or put the logic into expr")
        if self.pattern is not None and self.digits is not None:
            raise HintedError(
                "'pattern' and 'digits' do not go together", "digits: 18 is short for pattern: '[0-9]{18}'"
            )
        if self.from_ is None and (self.null_values or self.zero_pad is not None):
            raise HintedError("'null_values' and 'zero_pad' go with 'from' only", "put the logic into expr")
        if self.invert and self.multiply is not None:
            raise HintedError("'invert' and 'multiply' do not go together", "keep the one that the rate needs")
        if self.multiply is not None:
            exponent = self.multiply.as_tuple().exponent
            if abs(self.multiply) > MULTIPLY_LIMIT or not isinstance(exponent, int) or exponent < -MULTIPLY_DECIMALS:
                raise HintedError(
                    f"multiply: {self.multiply} is out of range",
                    f"use at most {MULTIPLY_LIMIT:,} with at most {MULTIPLY_DECIMALS} decimals",
                )
        return self


def _column(value: Any) -> Any:
    """``order_id: 单号`` is short for ``order_id: {from: 单号}``."""
    text = as_text(value)
    return {"from": text} if isinstance(text, str) else text


class DropSpec(Spec):
    """Rows that are not wanted: those where the SQL ``when`` is true, or where the column ``empty`` is empty."""

    when: str | None = None
    empty: Text | None = None
    reason: Annotated[str, BeforeValidator(as_text)] = Field(min_length=1, max_length=200)

    @model_validator(mode="after")
    def _has_one_condition(self) -> Self:
        if (self.when is None) == (self.empty is None):
            raise HintedError("a drop needs either 'when' or 'empty'", 'write {when: "SQL condition", reason: word}')
        return self


class FeedSpec(Spec):
    """How the rows of an object become rows of one entity."""

    one_per: TextList = Field(default_factory=list)
    drop: list[DropSpec] = Field(default_factory=list)
    columns: dict[str, Annotated[ColumnSpec, BeforeValidator(_column)]] = Field(min_length=1)


class CursorSpec(Spec):
    """How a table of a database server, or an API, is read piece by piece; ``parameter`` and ``format``: of an API."""

    column: Text
    parameter: str | None = Field(default=None, min_length=1)
    format: str | None = Field(default=None, min_length=1)
    overlap: Annotated[str, BeforeValidator(as_text), Field(pattern=r"^[0-9]+( (minute|hour|day)s?)?$")] = "0"
    deletions: Literal["compare_keys", "none"] = "none"


class ObjectSpec(Spec):
    """One kind of file, one table, or one resource of an API."""

    file: str | None = None
    table: str | None = None
    query: str | None = Field(default=None, min_length=1)
    request: RequestSpec | None = None
    sheet: Annotated[int, Field(strict=True, ge=1)] | Annotated[str, Field(min_length=1)] | None = None
    format: FormatSpec = FormatSpec()
    load: Literal["append", "upsert", "snapshot"]
    snapshot_per: Literal["file", "object"] = "file"
    cursor: CursorSpec | None = None
    key: TextList = Field(default_factory=list)
    personal: dict[str, PersonalKind] = Field(default_factory=dict)
    keep: TextList = Field(default_factory=list)
    renamed: dict[str, Text] = Field(default_factory=dict)
    feeds: dict[str, Annotated[list[FeedSpec], BeforeValidator(as_list), Field(min_length=1)]] = Field(
        default_factory=dict
    )

    @model_validator(mode="after")
    def _is_consistent(self) -> Self:
        if sum(one is not None for one in (self.file, self.table, self.query, self.request)) != 1:
            raise HintedError(
                "an object needs exactly one of 'file', 'table', 'query' and 'request'",
                'write file: "orders*.csv", table: NAME, query: "SELECT ...", or request: {path: /orders}',
            )
        if self.query is not None and not _SELECT.match(self.query):
            raise HintedError("a query only reads: it begins with SELECT, WITH or VALUES", "write one SELECT")
        if self.load == "upsert" and not self.key:
            raise HintedError(
                "load: upsert needs 'key', else nothing says which row replaces which",
                "add key: [the columns that identify a row]",
            )
        if self.cursor is not None and (self.load != "upsert" or self.file is not None):
            raise HintedError(
                "'cursor' goes with load: upsert and a table or query of a database server, or a request",
                "files and snapshots are read whole each time",
            )
        if "snapshot_per" in self.model_fields_set and self.load != "snapshot":
            raise HintedError("'snapshot_per' goes with load: snapshot only", "remove it")
        return self


class FreshnessSpec(Spec):
    """How old the newest content of the source may be."""

    hours: Annotated[int, Field(strict=True, ge=1, le=24 * 366)]


def _owner(value: Any) -> Any:
    if not isinstance(value, str) or not OWNER.fullmatch(value):
        raise HintedError(f"'{value}' is not an owner", "write an e-mail address, or team:name")
    return value


class UtmRuleSpec(Spec):
    """UTM values (``*`` is a wildcard, null means empty) and the channel or campaign that they mean."""

    utm_source: Text | None = None
    utm_medium: Text | None = None
    utm_campaign: Text | None = None
    utm_term: Text | None = None
    utm_content: Text | None = None
    channel_id: Text | None = None
    campaign_id: Text | None = None

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        if not any(name.startswith("utm_") for name in self.model_fields_set):
            raise HintedError("a UTM rule needs at least one utm_ value", "use utm_source: '*' to match any")
        if self.channel_id is None and self.campaign_id is None:
            raise HintedError("a UTM rule needs a channel_id or a campaign_id", "add channel_id: ...")
        return self


class MappingSpec(Spec):
    """A whole file."""

    source: str = Field(pattern=NAME, max_length=60)
    label: Label | None = None
    owner: Annotated[str, BeforeValidator(_owner)] | None = None
    freshness: FreshnessSpec | None = None
    connection: ConnectionSpec
    timezone: str | None = None
    references: dict[str, Text] = Field(default_factory=dict)
    defaults: FormatSpec = FormatSpec()
    utm_rules: list[UtmRuleSpec] = Field(default_factory=list)
    objects: dict[Annotated[str, Field(pattern=NAME, max_length=60)], ObjectSpec] = Field(min_length=1)
