"""Shared by the tests of profile: profiling a file or folder as the command does, and comparing with a true mapping."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatch
from pathlib import Path

from orchestration.lib.mapping.expression import parse_expression
from orchestration.lib.profile.checked import check_text
from orchestration.lib.profile.model import ColumnProfile
from orchestration.lib.profile.place import open_path
from orchestration.lib.profile.profile import SourceProfile, profile_place
from orchestration.lib.profile.proposal import ColumnProposal, FeedProposal, TableProposal
from orchestration.lib.profile.render import Head, render_mapping
from orchestration.lib.profile.vocabulary import load_vocabulary
from orchestration.lib.settings import Settings
from orchestration.lib.yaml_source import load_yaml

Key = tuple[str, str, str]  # file or table, entity, contract column


def profiled(path: Path, *, sample: int = 100_000, sheet: str | None = None) -> SourceProfile:
    """The profile of a place."""
    place = open_path(path, load_vocabulary(), sheet=sheet)
    head = Head("source", {"type": place.kind, "path": "inbox"}, "Asia/Shanghai")
    return profile_place(place, place.items, head, Settings(), sample=sample)


def text_of(result: SourceProfile, lang: str = "en") -> str:
    """The proposed mapping, which must load."""
    text = render_mapping(result.head, result.proposed, lang=lang)
    assert check_text("source", text, Settings()) == (), text
    return text


def only_table(result: SourceProfile) -> TableProposal:
    """The one table of a profile."""
    (found,) = result.tables
    return found


def column(result: SourceProfile, name: str) -> ColumnProfile:
    """A raw column of the one table."""
    return only_table(result).table.column(name)


def proposed(feed: FeedProposal, name: str) -> ColumnProposal:
    """The proposal for a contract column."""
    return next(one for one in feed.columns if one.column.name == name)


@dataclass
class Comparison:
    """Proposed against true: each entry is what was proposed, and what is true."""

    right: set[Key] = field(default_factory=set)
    wrong: dict[Key, tuple[frozenset[str], frozenset[str]]] = field(default_factory=dict)
    missed: set[Key] = field(default_factory=set)

    def add(self, other: Comparison) -> None:
        """Count another source too."""
        self.right |= other.right
        self.wrong |= other.wrong
        self.missed |= other.missed

    @property
    def precision(self) -> float:
        """Share of the proposed that is right."""
        return len(self.right) / (len(self.right) + len(self.wrong))

    @property
    def recall(self) -> float:
        """Share of the true that was proposed rightly."""
        return len(self.right) / (len(self.right) + len(self.missed | self.wrong.keys()))


def compare(result: SourceProfile, mapping: Path) -> Comparison:
    """What stands in the proposed mapping against a mapping that a person wrote: the raw columns of each."""
    true = _true_columns(mapping)
    found = Comparison()
    for table in result.tables:
        place = _place(table, {key[0] for key in true})
        if place is None:
            continue
        for feed in (one for one in table.feeds if one.stands or not one.is_complete):
            for one in feed.accepted:
                raw = frozenset({one.raw} if one.raw is not None else one.parts)
                key = (place, feed.entity.name, one.column.name)
                if raw and true.get(key) == raw:
                    found.right.add(key)
                elif raw:
                    found.wrong[key] = (raw, true.get(key, frozenset()))
    found.missed = true.keys() - found.right - found.wrong.keys()
    return found


def _place(table: TableProposal, places: set[str]) -> str | None:
    name = (table.table.file or table.table.name).replace("*", "1")
    return next((one for one in sorted(places) if one in {table.table.file, name} or fnmatch(name, one)), None)


def _true_columns(mapping: Path) -> Mapping[Key, frozenset[str]]:
    found: dict[Key, frozenset[str]] = {}
    for one in load_yaml(mapping).data["objects"].values():
        for entity, feeds in one["feeds"].items():
            for feed in feeds if isinstance(feeds, list) else [feeds]:
                for name, rule in feed["columns"].items():
                    raw: frozenset[str] = frozenset()
                    if isinstance(rule, str):
                        raw = frozenset({rule})
                    elif "from" in rule:
                        raw = frozenset({rule["from"]})
                    elif "expr" in rule:
                        raw = frozenset(parse_expression(rule["expr"]).columns)
                    if raw:
                        found[one.get("file") or one["table"], entity, name] = raw
    return found
