"""What is proposed for a place: for each table an object, its feeds, and where each contract column comes from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal

from orchestration.lib.contract import Column, Entity, PersonalKind
from orchestration.lib.profile.match import EntityMatch
from orchestration.lib.profile.model import TableProfile
from orchestration.lib.profile.words import Words


@dataclass(frozen=True)
class ColumnProposal:
    """Where a contract column comes from.

    Attributes:
        raw: the raw column; None for an expression or a constant.
        parts: the raw columns that the expression is made of.
        constant: an assumption where the source has no such column; a person must judge it.
        accepted: stands in the mapping; otherwise it is a remark there, for a person to decide.
        unknown: texts of an enumeration that nobody knows the meaning of, with their rows.
        formats: date formats that are not those of the object.
    """

    column: Column
    confidence: float
    reasons: tuple[Words, ...]
    accepted: bool
    raw: str | None = None
    expression: str | None = None
    parts: tuple[str, ...] = ()
    constant: str | None = None
    values: Mapping[str, str | None] | None = None
    unknown: tuple[tuple[str, int], ...] = ()
    formats: tuple[str, ...] = ()
    multiply: Decimal | None = None
    round_half_up: bool = False


@dataclass(frozen=True)
class FeedProposal:
    """The rows of a table as rows of one entity.

    Attributes:
        missing: required columns that nothing fits; the feed is then only a remark in the mapping.
        others: contract column → further candidates, for those that are not accepted.
        is_extra: made of what the rows quote of another entity; a person knows whether another source brings it.
        problems: what the mapping's check says about the feed as it stands.
    """

    entity: Entity
    confidence: float
    columns: tuple[ColumnProposal, ...]
    missing: tuple[Column, ...] = ()
    others: Mapping[str, tuple[tuple[str, float], ...]] = field(default_factory=dict)
    one_per: tuple[str, ...] = ()
    problems: tuple[str, ...] = ()
    is_extra: bool = False

    @property
    def stands(self) -> bool:
        """Whether the feed stands in the mapping; the others are remarks there."""
        return self.is_complete and not self.is_extra

    @property
    def is_complete(self) -> bool:
        """Whether the feed can stand in the mapping."""
        return not self.missing and not self.problems

    @property
    def accepted(self) -> tuple[ColumnProposal, ...]:
        """The columns that stand in the mapping."""
        return tuple(one for one in self.columns if one.accepted)

    @property
    def doubtful(self) -> tuple[ColumnProposal, ...]:
        """The columns that are remarks."""
        return tuple(one for one in self.columns if not one.accepted)


@dataclass(frozen=True)
class TableProposal:
    """One table: what it probably is, and its object in the mapping."""

    table: TableProfile
    object_name: str
    ranking: tuple[EntityMatch, ...]
    feeds: tuple[FeedProposal, ...] = ()
    key: tuple[str, ...] = ()
    personal: Mapping[str, PersonalKind] = field(default_factory=dict)

    @property
    def entity(self) -> str | None:
        """The entity that the table is proposed as."""
        return self.feeds[0].entity.name if self.feeds else None

    def used(self) -> set[str]:
        """Raw columns that an accepted proposal of a complete feed reads."""
        accepted = [one for feed in self.feeds if feed.stands for one in feed.accepted]
        found = {one.raw for one in accepted if one.raw is not None}
        return found | {part for one in accepted for part in one.parts} | set(self.key)
